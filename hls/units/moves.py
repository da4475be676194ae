"""Stages of the node kinds that move values, add or reduce them: one option for each number of lanes that fits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from hls.netlist import Netlist, Wire, Wiring
from hls.plan import divisors
from hls.units import add, concat, reduce, repeat, select, transpose
from hls.units import window as windows
from hls.units.stage import Build, Option, Stage, counted, single
from hls.units.stream import Stream
from hls.units.unit import Needs, Unit
from toolchain.errors import ModelError
from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Add, Concat, Reduce, Repeat, Select, Transpose, Window
from toolchain.graph.types import TensorType


def add_stage(graph: Graph, node: Node) -> Stage:
    """The stage of an `Add`."""
    assert isinstance(node.op, Add)
    factors, out = node.op.factors, graph.types[node.name]

    build = single(lambda name, streams: add.build(name, streams, factors, out.element))
    return _stage(graph, node, divisors(out.channels), build)


def concat_stage(graph: Graph, node: Node) -> Stage:
    """The stage of a `Concat`: what comes in is made to count as the result does."""
    assert isinstance(node.op, Concat)
    element = graph.types[node.name].element
    channels = [x.channels for x in graph.types_into(node)]

    def build(name: str, wiring: Wiring, wires: Sequence[Wire]) -> Wire:
        alike = [counted(f"{name}_count{i}", wiring, wire, element) for i, wire in enumerate(wires)]
        (wire,) = wiring.add(concat.build(name, [wire.stream for wire in alike], channels, element), *alike)
        return wire

    return _stage(graph, node, divisors(math.gcd(*channels)), build)


def select_stage(graph: Graph, node: Node) -> Stage:
    """The stage of a `Select`."""
    assert isinstance(node.op, Select)
    chosen, (x,), element = node.op.channels, graph.types_into(node), graph.types[node.name].element

    def build(name: str, wiring: Wiring, wires: Sequence[Wire]) -> Wire:
        (wire,) = wiring.add(select.build(name, wires[0].stream, chosen, x.channels, element), *wires)
        return counted(f"{name}_count", wiring, wire, element)

    return _stage(graph, node, select.options(chosen, x.channels), build)


def repeat_stage(graph: Graph, node: Node) -> Stage:
    """The stage of a `Repeat`."""
    assert isinstance(node.op, Repeat)
    by, (x,) = node.op.by, graph.types_into(node)

    build = single(lambda name, streams: repeat.build(name, streams[0], x.shape, by))
    return _stage(graph, node, divisors(x.channels), build)


def transpose_stage(graph: Graph, node: Node) -> Stage:
    """The stage of a `Transpose`."""
    assert isinstance(node.op, Transpose)
    order, (x,), element = node.op.order, graph.types_into(node), graph.types[node.name].element

    def build(name: str, wiring: Wiring, wires: Sequence[Wire]) -> Wire:
        (wire,) = wiring.add(transpose.build(name, wires[0].stream, x.shape, order), *wires)
        return counted(f"{name}_count", wiring, wire, element)

    return _stage(graph, node, transpose.options(x.shape, order), build)


def window_stage(graph: Graph, node: Node) -> Stage:
    """The stage of a `Window` that is a tensor of its own, such as a padding alone."""
    assert isinstance(node.op, Window)
    op, (x,), element = node.op, graph.types_into(node), graph.types[node.name].element

    def unit(name: str, streams: Sequence[Stream]) -> Unit:
        return windows.build(name, windows.walk(x, op, streams[0].lanes), x.element, element)

    return _stage(graph, node, divisors(x.channels), single(unit))


def reduce_stage(graph: Graph, node: Node) -> Stage:
    """The stage of a `Reduce`, with the window before it, which a global one does without."""
    assert isinstance(node.op, Reduce)
    before = graph[node.inputs[0]]
    if not isinstance(before.op, Window):
        raise ModelError(f"{node.name} (Reduce): no window stands before it; none of the readers makes such a graph")
    op, window, out = node.op, before.op, graph.types[node.name]
    x = graph.types[before.inputs[0]]

    def build(name: str, wiring: Wiring, wires: Sequence[Wire]) -> Wire:
        (wire,), words = wires, 1
        if reduce.is_global(window, x):
            words = x.channels // wire.stream.lanes
        else:
            wire = _taps(name, wiring, wire, window, x)
        (wire,) = wiring.add(reduce.build(name, wire.stream, op, words), wire)
        return counted(f"{name}_count", wiring, wire, out.element)

    stage = _stage(graph, Node(node.name, op, before.inputs), divisors(x.channels), build)
    return replace(stage, takes=before.inputs)


def _taps(name: str, wiring: Wiring, wire: Wire, window: Window, x: TensorType) -> Wire:
    """The taps of a position's first channels, of the next, and so on."""
    walk = windows.walk(x, window, wire.stream.lanes, groups=x.channels // wire.stream.lanes)
    row = window.result(x)
    (taps,) = wiring.add(windows.build(f"{name}_window", walk, x.element, row.element), wire)
    return taps


def _stage(graph: Graph, node: Node, lanes: Iterable[int], build: Build) -> Stage:
    """A stage whose inputs and output have the same lanes."""
    options = tuple(_option(graph, node, count, build) for count in lanes)
    return Stage(node.name, node.inputs, options)


def _option(graph: Graph, node: Node, lanes: int, build: Build) -> Option:
    """What it costs is asked of the units themselves: they are few and soon made."""
    built = _alone(graph, node, lanes, build)
    needs = sum((unit.needs for unit in built.units), Needs())
    takes = (lanes,) * len(node.inputs)
    return Option(f"{lanes} lanes", max(u.cycles for u in built.units), needs, takes, lanes, build)


def _alone(graph: Graph, node: Node, lanes: int, build: Build) -> Netlist:
    wiring = Wiring()
    types = [graph.types[name] for name in node.inputs]
    return wiring.end(build("u", wiring, [wiring.input(Stream(x.element, lanes, x.size // lanes)) for x in types]))
