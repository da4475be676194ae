"""Biases move from products into the thresholds behind them, where they cost nothing: all sums begin alike then.

A product in hardware sums codes, which count from 0. What its channels add besides, their bias and what the inputs'
least value makes of the weights, needs a ROM; thresholds have constants of each channel anyway.
"""

from __future__ import annotations

from dataclasses import replace

from hls.units.product import INTEGER, Product
from hls.units.thresholding import Thresholding
from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Linear, Op, Threshold
from toolchain.graph.ops.threshold import Uniform
from toolchain.graph.types import Integers


def with_plain_sums(graph: Graph) -> Graph:
    """A graph of the same nodes whose outputs are the same; sums before moved thresholds are others."""
    moves = {node.name: more for node in graph if (more := _move(graph, node)) is not None}
    result = Graph()
    for node in graph:
        result.add(node.name, _moved(node, moves), *node.inputs)
    for output in graph.outputs:
        result.end(output.name, output.node, output.scale, output.offset)
    return result


def _move(graph: Graph, node: Node) -> Integers | None:
    """What each sum of a product is to have more than it has; None where nothing is won, or not exactly.

    One line for all codes of a channel stays one; where halves go away from zero, values bend at the old zero.
    """
    takers = graph.takers(node.name)
    if not isinstance(node.op, Linear) or len(takers) != 1 or not isinstance(takers[0].op, Threshold):
        return None
    if any(output.node == node.name for output in graph.outputs) or len(takers[0].op.table) != node.op.outputs:
        return None
    (x,) = graph.types_into(node)
    if Product(node.op, None, x).kind != INTEGER:
        return None
    lines = Thresholding(takers[0].op, graph.types[node.name]).lines
    if lines is None or len(lines.offset) > 1:
        return None
    more: Integers = -x.element.low * node.op.weights.sum(axis=0) - node.op.bias
    return more if more.any() else None


def _moved(node: Node, moves: dict[str, Integers]) -> Op:
    op = node.op
    if isinstance(op, Linear) and node.name in moves:
        return replace(op, bias=op.bias + moves[node.name])
    if isinstance(op, Threshold) and node.inputs[0] in moves:
        more = moves[node.inputs[0]]
        return replace(op, table=op.table + more[:, None], uniform=_shifted(op.uniform, more))
    return op


def _shifted(form: Uniform | None, more: Integers) -> Uniform | None:
    if form is None or form.negative is not None:
        return None
    return replace(form, offset=form.offset - form.multiplier * more)
