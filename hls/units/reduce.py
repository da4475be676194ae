"""The greatest or the sum of a window's taps, or of all positions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hls.units.add import alike
from hls.units.stream import Stream
from hls.units.tokens import Take, Tokens, every
from hls.units.unit import SMALL, Needs, Unit
from toolchain.errors import ModelError
from toolchain.graph.ops import Reduce, Window
from toolchain.graph.types import IntType, TensorType

# More words than a LUT memory has go into block RAM; fewer than the pipeline is long cannot.
_LUT_WORDS = 16
_BLOCK_WORDS = 3


def is_global(window: Window, tensor: TensorType) -> bool:
    """Whether one window is the whole tensor, so that its positions can be reduced as they come, without the window."""
    return window.kernel == tensor.shape[:-1] and not window.padded


def build(
    name: str, stream: Stream, op: Reduce, words: int = 1, block: bool | None = None, element: IntType | None = None
) -> Unit:
    """The unit of a `Reduce`.

    Its codes count from `taps` times the input's lowest value (of the maximum: from that itself) in the input's step.
    That is the graph's `element`, where it is given and differs in width alone; `add.as_element` makes it so otherwise.

    Args:
        stream: the taps of a position's first channels, those of the next channels, ...; with `words`, that many
            beats of the first tap, of the next, ...
        words: beats of a position that come together: 1 behind a window that plays the taps of each beat in turn;
            the channels divided by the lanes where all positions of a tensor are reduced.
        block: whether accumulators are kept in block RAM; None where they are many.

    Raises:
        ModelError: beats are not whole rounds of taps, or there are too few words for block RAM.
    """
    if words < 1 or stream.beats % (op.taps * words):
        raise ModelError(f"{name}: {stream.beats} beats are not rounds of {op.taps} taps of {words} beats")
    if block and words < _BLOCK_WORDS:
        raise ModelError(f"{name}: {words} beats are too few for block RAM; {_BLOCK_WORDS} or more are expected")
    own = _element(stream, op)
    kept = element if element is not None and alike(own, element) else own
    return _Plan(name, stream, op, words, words > _LUT_WORDS if block is None else block, kept).unit()


def _element(stream: Stream, op: Reduce) -> IntType:
    times = op.taps if op.kind == "sum" else 1
    return IntType(times * stream.element.low, times * stream.element.high, stream.element.step)


@dataclass(frozen=True)
class _Plan:
    name: str
    stream: Stream
    op: Reduce
    words: int
    block: bool
    element: IntType

    def unit(self) -> Unit:
        stream, op = self.stream, self.op
        out = Stream(self.element, stream.lanes, stream.beats // op.taps)
        return Unit(
            name=self.name,
            module="reduce",
            parameters={
                "LANES": stream.lanes,
                "IN_BITS": stream.bits,
                "OUT_BITS": out.bits,
                "TAPS": op.taps,
                "WORDS": self.words,
                "MAXIMUM": int(op.kind == "max"),
                "BLOCK": int(self.block),
                "RAM_STYLE": SMALL,
            },
            inputs=(stream,),
            outputs=(out,),
            cycles=stream.beats,
            tokens=self.tokens,
            needs=self.needs(out),
        )

    def tokens(self) -> Tokens:
        round_ = self.op.taps * self.words
        yields = np.arange(self.stream.beats) % round_ >= round_ - self.words
        return Tokens((Take(every(self.stream.beats)),), yields, 3 if self.block else 2)

    def needs(self, out: Stream) -> Needs:
        taps, words = ((count - 1).bit_length() for count in (self.op.taps, self.words))
        greatest = self.op.kind == "max"
        lut = 6 + 2 * taps + 3 * words + out.lanes * (2 * out.bits if greatest else out.bits + 2)
        ff = 5 + taps + 2 * words + self.stream.width + 2 * out.width
        if self.block:
            ff += self.stream.width + words + 3
            return Needs(lut=lut, ff=ff, blocks=((self.words, out.width),))
        return Needs(lut=lut, ff=ff, small=((self.words, out.width),) if self.words > 1 else ())
