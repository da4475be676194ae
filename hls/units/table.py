"""Any function of a small integer: the unit of `table_lookup.v`."""

from __future__ import annotations

import numpy as np

from hls.plan import divisors
from hls.units.rom_cost import read_only
from hls.units.stage import Option, Stage, single
from hls.units.stream import Stream
from hls.units.tokens import Take, Tokens, every
from hls.units.unit import Needs, Rom, Unit
from toolchain.errors import ModelError
from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Table
from toolchain.graph.types import IntType, TensorType

_LATENCY = 3
# Words of all tables of a lane: what a few block RAMs hold.
_MOST_BITS = 16


def build(name: str, stream: Stream, out: Stream, op: Table, rom: str) -> Unit:
    """The unit between two streams of the same lanes, channels last.

    Raises:
        ModelError: the values that come in have more bits than a table in a ROM is made for.
    """
    tables, bits = len(op.values), stream.bits
    if bits + (tables - 1).bit_length() > _MOST_BITS:
        raise ModelError(f"{name}: {tables} tables of {bits} bits; {1 << _MOST_BITS:,} entries at most in hardware")
    return Unit(
        name=name,
        module="table_lookup",
        parameters={
            "LANES": stream.lanes,
            "IN_BITS": bits,
            "OUT_BITS": out.bits,
            "TABLES": tables,
            "ROM_STYLE": rom,
        },
        inputs=(stream,),
        outputs=(out,),
        cycles=stream.beats,
        tokens=lambda: Tokens((Take(every(stream.beats)),), every(stream.beats), _LATENCY),
        needs=needs(bits, out.bits, tables, stream.lanes, rom),
        roms=(Rom("FILE", _words(op, stream, out), out.bits),),
    )


def _words(op: Table, stream: Stream, out: Stream) -> tuple[int, ...]:
    """The result's code of every code; 0 where no value has it, or where the result is none."""
    values = stream.element.low + stream.element.step * np.arange(1 << stream.bits)
    inside = (values >= op.low) & (values < op.low + op.values.shape[1])
    results = op.values[:, np.where(inside, values - op.low, 0)]
    codes, rest = np.divmod(results - out.element.low, out.element.step)
    known = inside & (results >= out.element.low) & (results <= out.element.high) & (rest == 0)
    return tuple(int(code) for code in np.where(known, codes, 0).reshape(-1))


def needs(bits: int, out_bits: int, tables: int, lanes: int, rom: str) -> Needs:
    """Fitted to `synth_ecp5 -abc9`."""
    memories = [read_only(tables << bits, out_bits, rom)] * lanes
    return sum(memories, Needs(4, lanes * (bits + 2 * out_bits) + 3))


def stage(graph: Graph, node: Node) -> Stage:
    """The stage of a `Table`."""
    assert isinstance(node.op, Table)
    (x,), out = graph.types_into(node), graph.types[node.name]
    options = (_option(node.op, x, out.element, n, rom) for n in divisors(x.channels) for rom in ("logic", "block"))
    return Stage(node.name, node.inputs, tuple(options))


def _option(op: Table, x: TensorType, element: IntType, lanes: int, rom: str) -> Option:
    beats = x.size // lanes
    memory = needs(x.element.bits, element.bits, len(op.values), lanes, rom)

    made = single(lambda name, streams: build(name, streams[0], Stream(element, lanes, beats), op, rom))
    return Option(f"{lanes} lanes, tables in {rom}", beats, memory, (lanes,), lanes, made)
