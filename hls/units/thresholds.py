"""Thresholds as a unit: by one multiplication, by comparison with all of them, or by binary search."""

from __future__ import annotations

from collections.abc import Iterator

from hls.plan import divisors
from hls.units import compare, requantise, search
from hls.units.stage import Option, Stage, single
from hls.units.thresholding import Choice, Rom, Thresholding
from hls.units.unit import Needs, Unit
from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Threshold

# Results of more bits are not compared with all thresholds at once: 15 comparators a lane.
_COMPARED_BITS = 4


def options(node: Thresholding) -> Iterator[Choice]:
    """All ways to build it; each one gives every reachable value its own result."""
    for lanes in divisors(node.x.channels):
        roms: tuple[Rom, ...] = ("logic",) if len(node.rising.table) <= lanes else ("logic", "block")
        if node.lines is not None:
            yield from (Choice("requantise", lanes, *way, rom) for way in requantise.ways(node) for rom in roms)
        if node.rising.out_bits <= _COMPARED_BITS:
            yield from (Choice("compare", lanes, rom=rom) for rom in roms)
    yield Choice("search", rom="logic")
    yield Choice("search", rom="block")


def cycles(node: Thresholding, choice: Choice) -> int:
    """Clocks between inferences at least."""
    steps = search.steps(node) if choice.kind == "search" else choice.steps
    return node.beats(choice.lanes) * steps


def needs(node: Thresholding, choice: Choice) -> Needs:
    """Estimated needs."""
    return _NEEDS[choice.kind](node, choice)


def build(name: str, node: Thresholding, choice: Choice) -> Unit:
    """The unit between streams of `choice.lanes` lanes, channels last."""
    return _BUILD[choice.kind](name, node, choice)


def stage(graph: Graph, node: Node) -> Stage:
    """The stage of a `Threshold`."""
    assert isinstance(node.op, Threshold)
    (x,) = graph.types_into(node)
    where = Thresholding(node.op, x)
    return Stage(node.name, node.inputs, tuple(_option(where, choice) for choice in options(where)))


def _option(node: Thresholding, choice: Choice) -> Option:
    lanes, made = choice.lanes, single(lambda name, _: build(name, node, choice))
    return Option(str(choice), cycles(node, choice), needs(node, choice), (lanes,), lanes, made)


_BUILD = {"requantise": requantise.build, "compare": compare.build, "search": search.build}
_NEEDS = {"requantise": requantise.needs, "compare": compare.needs, "search": search.needs}
