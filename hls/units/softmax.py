"""Softmax in fixed point: the unit of `softmax.v`."""

from __future__ import annotations

from functools import partial

import numpy as np

from hls.units.rom_cost import read_only
from hls.units.stage import Option, Stage, single
from hls.units.stream import Stream
from hls.units.tokens import Take, Tokens
from hls.units.unit import SMALL, Needs, Rom, Unit
from toolchain.errors import ModelError
from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Softmax

# Codes of more bits have a table of exponentials that no small device holds; and the sum has so many bits above one.
_MOST_BITS, _MOST_CLASSES = 12, 4095
# Operations of a class that is taken, of its part of the sum, of its product; and of the reciprocal.
_TAKE, _SUM, _MULTIPLY, _RECIPROCAL = 1, 4, 37, 11 + 7 * 33


def build(name: str, stream: Stream, out: Stream, op: Softmax, classes: int, rom: str) -> Unit:
    """The unit between two streams of one lane, `classes` channels last.

    Raises:
        ModelError: codes or classes are too many.
    """
    if stream.bits > _MOST_BITS or classes > _MOST_CLASSES:
        raise ModelError(
            f"{name}: softmax of {classes} classes of {stream.bits} bits; {_MOST_CLASSES} of {_MOST_BITS} at most"
        )
    below = stream.element.step * np.arange(1 << stream.bits)
    words = tuple(int(value) for value in op.exponentials(int(below[-1]))[below])
    return Unit(
        name=name,
        module="softmax",
        parameters={"CLASSES": classes, "IN_BITS": stream.bits, "ROM_STYLE": rom, "RAM_STYLE": SMALL},
        inputs=(stream,),
        outputs=(out,),
        cycles=stream.beats // classes * steps(classes),
        tokens=partial(_tokens, stream.beats // classes, classes),
        needs=Needs(lut=560 + 4 * stream.bits, ff=284) + read_only(len(words), 31, rom),
        roms=(Rom("FILE", words, 31),),
    )


def steps(classes: int) -> int:
    """Operations of one position."""
    return (_TAKE + _SUM + _MULTIPLY) * classes + _RECIPROCAL


def _tokens(positions: int, classes: int) -> Tokens:
    place = np.arange(steps(classes))
    last = place >= len(place) - _MULTIPLY * classes
    yields = last & ((len(place) - 1 - place) % _MULTIPLY == 0)
    return Tokens((Take(np.tile(place < classes, positions)),), np.tile(yields, positions), 1)


def stage(graph: Graph, node: Node) -> Stage:
    """The stage of a `Softmax`."""
    assert isinstance(node.op, Softmax)
    (x,), out = graph.types_into(node), graph.types[node.name]
    streams = Stream(x.element, 1, x.size), Stream(out.element, 1, out.size)
    return Stage(
        node.name, node.inputs, tuple(_option(node.op, *streams, x.channels, rom) for rom in ("logic", "block"))
    )


def _option(op: Softmax, stream: Stream, out: Stream, classes: int, rom: str) -> Option:
    made = single(lambda name, _: build(name, stream, out, op, classes, rom))
    unit = build("softmax", stream, out, op, classes, rom)
    return Option(f"1 lane, exponentials in {rom}", unit.cycles, unit.needs, (1,), 1, made)
