"""The integer graph without neurons that never change: what they add to the next layer is its bias."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Linear, Op, Threshold
from toolchain.graph.types import Integers


def without_constants(graph: Graph) -> Graph:
    """The same answers, with fewer neurons in dense layers that thresholds and dense layers follow."""
    kept = {node.name: alive for node in graph if (alive := _alive(graph, node)) is not None}
    if not kept:
        return graph
    result = Graph()
    for node in graph:
        result.add(node.name, _fewer(graph, node, kept), *node.inputs)
    for output in graph.outputs:
        result.end(output.name, output.node, output.scale, output.offset)
    return result


def _alive(graph: Graph, node: Node) -> NDArray[np.bool_] | None:
    """Which neurons of thresholds change, one of them at least; None where all stay, or others need them."""
    kind = graph.types[node.name]
    alive: NDArray[np.bool_] = kind.low < kind.high
    if not isinstance(node.op, Threshold) or alive.all() or len(kind.shape) > 1:
        return None
    before = graph[node.inputs[0]]
    ends = {output.node for output in graph.outputs}
    alone = len(graph.takers(before.name)) == 1 and not ends & {node.name, before.name}
    if not alone or not all(_is_dense(n.op) for n in (before, *graph.takers(node.name))):
        return None
    return alive if alive.any() else np.arange(len(alive)) == 0


def _is_dense(op: Op) -> bool:
    return isinstance(op, Linear) and op.groups == 1 and op.taps == 1


def _fewer(graph: Graph, node: Node, kept: dict[str, NDArray[np.bool_]]) -> Op:
    """A node without the neurons that are gone from what it takes or yields."""
    op = node.op
    if isinstance(op, Threshold) and node.name in kept and len(op.table) > 1:
        return Threshold(op.table[kept[node.name]], op.step, op.least)
    if not isinstance(op, Linear):
        return op
    if (alive := kept.get(node.inputs[0])) is not None:
        gone: Integers = np.where(alive, 0, graph.types[node.inputs[0]].low)
        added: Integers = gone @ op.weights
        op = replace(op, weights=op.weights[alive], bias=op.bias + added)
    takers = graph.takers(node.name)
    if len(takers) == 1 and takers[0].name in kept:
        alive = kept[takers[0].name]
        op = replace(op, weights=op.weights[:, alive], bias=op.bias[alive])
    return op
