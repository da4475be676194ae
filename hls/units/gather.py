"""Blocks of a stream, held whole and read in an order of their own: how select, repeat and transpose work."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hls.units.add import packed
from hls.units.stream import Stream
from hls.units.tokens import Hold, Tokens, every
from hls.units.unit import SMALL, Needs, Rom, Unit
from toolchain.errors import ModelError
from toolchain.graph.types import IntType

# Memories up to so many words go into LUTs.
_SMALL = 32
_FIELD = 24


@dataclass(frozen=True)
class Loop:
    """A loop of a reader: so many rounds, whose addresses lie `stride` beats apart."""

    rounds: int
    stride: int


@dataclass(frozen=True)
class Reader:
    """The order in which the beats of a block are read: nested loops, the innermost first, or a table of numbers."""

    loops: tuple[Loop, ...] = ()
    table: tuple[int, ...] = ()

    @property
    def reads(self) -> int:
        """Beats that are read of one block."""
        return len(self.table) or math.prod(loop.rounds for loop in self.loops)

    @property
    def addresses(self) -> NDArray[np.int64]:
        """Which beat of the block each read is of, shape (reads,)."""
        if self.table:
            return np.array(self.table)
        found = np.zeros(1, np.int64)
        for loop in self.loops:
            found = (np.arange(loop.rounds)[:, None] * loop.stride + found).reshape(-1)
        return found

    def sizes(self) -> tuple[int, ...]:
        """Rounds of each loop."""
        return (len(self.table),) if self.table else tuple(loop.rounds for loop in self.loops)

    def jumps(self, addresses: int) -> tuple[int, ...]:
        """What is added to the address when a loop goes on and all inner ones have ended, modulo `addresses`."""
        back, jumps = 0, []
        for loop in self.loops or (Loop(1, 0),):
            jumps.append((loop.stride - back) % addresses)
            back += (loop.rounds - 1) * loop.stride
        return tuple(jumps)


def build(name: str, stream: Stream, block: int, reader: Reader, element: IntType | None = None) -> Unit:
    """The unit that holds blocks of so many beats, two at a time, and reads each as the reader says.

    Args:
        element: of the result; the stream's, but for its width, or None where they are the same.

    Raises:
        ModelError: the stream is not whole blocks, or a block is too large.
    """
    if stream.beats % block:
        raise ModelError(f"{name}: {stream.beats} beats are not blocks of {block}")
    if max(block, reader.reads) >> _FIELD:
        raise ModelError(f"{name}: a block of {block:,} beats is too large; 2^{_FIELD} at most")
    blocks = stream.beats // block
    out = Stream(element or stream.element, stream.lanes, blocks * reader.reads)
    address_bits = max(1, (block - 1).bit_length())
    return Unit(
        name=name,
        module="gather",
        parameters={
            "LANES": stream.lanes,
            "IN_BITS": stream.bits,
            "OUT_BITS": out.bits,
            "BEATS": block,
            "LOOPS": len(reader.sizes()),
            "SIZES": packed(reader.sizes(), _FIELD),
            "JUMPS": packed(reader.jumps(1 << address_bits), _FIELD),
            "RAM_STYLE": SMALL if 2 << address_bits <= _SMALL else "block",
        },
        inputs=(stream,),
        outputs=(out,),
        cycles=max(stream.beats, out.beats),
        tokens=lambda: _tokens(blocks, block, reader.reads),
        needs=_needs(stream, address_bits, reader),
        roms=(Rom("TABLE_FILE", reader.table, address_bits),) if reader.table else (),
    )


def _tokens(blocks: int, block: int, reads: int) -> Tokens:
    """A block is read once it is whole, and freed with its last read."""
    number, last = np.divmod(np.arange(blocks * reads), reads)
    frees = (number + (last == reads - 1)) * block
    needs = (number + 1) * block
    hold = Hold(2 * block, every(blocks * block), needs.astype(np.int32), frees.astype(np.int32))
    return Tokens((hold,), every(blocks * reads), 3)


def _needs(stream: Stream, address_bits: int, reader: Reader) -> Needs:
    depth, loops = 2 << address_bits, len(reader.sizes())
    counters = sum((size - 1).bit_length() for size in reader.sizes())
    lut = 15 + 2 * address_bits + counters + 3 * loops + address_bits * len(reader.table) / 16
    ff = 9 + 3 * address_bits + counters + loops + stream.width
    if depth > _SMALL:
        return Needs(lut=lut, ff=ff, blocks=((depth, stream.width),))
    return Needs(lut=lut, ff=ff + stream.width, small=((depth, stream.width),))
