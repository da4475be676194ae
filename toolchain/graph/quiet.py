"""Channels whose results never change lose their sums, where those are all that makes a tensor wide.

A network pruned by its training has biases far beyond its sums: the quantiser behind them answers the same for every
input. All wires of the tensor would have to hold them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Linear, Op, Threshold
from toolchain.graph.types import TensorType
from toolchain.graph.uniform import with_uniform

Whole = NDArray[np.int64]


def quieted(graph: Graph) -> Graph:
    """The same network, its sums as narrow as those that matter; the graph itself where none becomes narrower."""
    changed: dict[str, Op] = {}
    for node in graph:
        if isinstance(node.op, Linear):
            changed.update(_narrowed(graph, node, node.op))
    if not changed:
        return graph
    other = Graph()
    for node in graph:
        other.add(node.name, changed.get(node.name, node.op), *node.inputs)
    for output in graph.outputs:
        other.end(output.name, output.node, output.scale, output.offset)
    return other


def _narrowed(graph: Graph, node: Node, op: Linear) -> dict[str, Op]:
    """Other operations for sums and for the thresholds that take them; none where nothing else takes them."""
    x, takers = graph.types[node.name], graph.takers(node.name)
    if not takers or not all(isinstance(t.op, Threshold) and len(t.op.table) == x.channels for t in takers):
        return {}
    thresholds = {taker.name: taker.op for taker in takers if isinstance(taker.op, Threshold)}
    quiet = np.logical_and.reduce([_quiet(threshold, x) for threshold in thresholds.values()])
    if quiet.all() or any(output.node == node.name for output in graph.outputs):
        return {}
    bias = _among(x, quiet)
    narrow = TensorType(x.shape, np.where(quiet, bias, x.low), np.where(quiet, bias, x.high), x.step)
    if narrow.element.bits >= x.element.bits:
        return {}
    linear = replace(op, weights=np.where(quiet, 0, op.weights), bias=np.where(quiet, bias, op.bias))
    return {node.name: linear} | {n: _moved(t, x, narrow, quiet) for n, t in thresholds.items()}


def _quiet(op: Threshold, x: TensorType) -> NDArray[np.bool_]:
    """Channels that reach as many thresholds with their least value as with their greatest."""
    same: NDArray[np.bool_] = ((op.table <= x.low[:, None]) == (op.table <= x.high[:, None])).all(axis=1)
    return same


def _among(x: TensorType, quiet: NDArray[np.bool_]) -> Whole:
    """For each channel the value nearest to its own that lies within the others' and counts in their steps."""
    least, most = x.low[~quiet].min(), x.high[~quiet].max()
    step = x.element.step
    near: Whole = least + (np.clip(x.low, least, most) - least) // step * step
    return near


def _moved(op: Threshold, x: TensorType, narrow: TensorType, quiet: NDArray[np.bool_]) -> Threshold:
    """As many thresholds reached as before."""
    low = narrow.low[:, None]
    table = np.where(quiet[:, None], np.where(op.table <= x.low[:, None], low, low + 1), op.table)
    return with_uniform(replace(op, table=table, uniform=None), narrow)
