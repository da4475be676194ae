"""Channels in another order cost a unit; the weights of what takes them are put in that order instead."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Concat, Linear, Select

_Order = NDArray[np.int64]


def without_reorders(graph: Graph) -> Graph:
    """The same network without each `Select` that only reorders channels whose takers have weights for them.

    It may go through a `Concat`. Outputs are the same, and so are all tensors but those in between.
    """
    made = Graph()
    # Of a tensor that is left in another order: its channel i is channel order[i] of the tensor that there is instead.
    orders: dict[str, _Order] = {}
    stands_for: dict[str, str] = {}
    for node in graph:
        inputs = [stands_for[name] for name in node.inputs]
        if _reorders(graph, node) and _absorbed(graph, node.name):
            stands_for[node.name] = inputs[0]
            orders[node.name] = _order_of(graph, orders, node.inputs[0])[np.array(_channels(node))]
            continue
        if any(name in orders for name in node.inputs):
            order = np.concatenate(_placed(graph, orders, node))
            if isinstance(node.op, Concat):
                orders[node.name] = order
            else:
                node = Node(node.name, _reordered(node, order), node.inputs)
        stands_for[node.name] = made.add(node.name, node.op, *inputs)
    for output in graph.outputs:
        made.end(output.name, stands_for[output.node], output.scale, output.offset)
    return made


def _channels(node: Node) -> tuple[int, ...]:
    assert isinstance(node.op, Select)
    return node.op.channels


def _reorders(graph: Graph, node: Node) -> bool:
    """Whether it is all channels in another order."""
    if not isinstance(node.op, Select):
        return False
    return sorted(node.op.channels) == list(range(graph.types[node.inputs[0]].channels))


def _absorbed(graph: Graph, name: str) -> bool:
    """Whether all that takes a tensor can take it in another order."""
    takers = graph.takers(name)
    at_the_end = any(output.node == name for output in graph.outputs)
    return bool(takers) and not at_the_end and all(_takes_any_order(graph, taker) for taker in takers)


def _takes_any_order(graph: Graph, node: Node) -> bool:
    if isinstance(node.op, Linear):
        return node.op.taps == node.op.groups == 1
    if isinstance(node.op, Concat) or _reorders(graph, node):
        return _absorbed(graph, node.name)
    return False


def _order_of(graph: Graph, orders: dict[str, _Order], name: str) -> _Order:
    return orders.get(name, np.arange(graph.types[name].channels))


def _placed(graph: Graph, orders: dict[str, _Order], node: Node) -> list[_Order]:
    """The orders of a node's inputs, side by side."""
    begins = accumulate((x.channels for x in graph.types_into(node)), initial=0)
    return [begin + _order_of(graph, orders, name) for begin, name in zip(begins, node.inputs, strict=False)]


def _reordered(node: Node, order: _Order) -> Linear:
    """A product whose input i is input order[i] of what it is given now."""
    assert isinstance(node.op, Linear)
    weights = np.empty_like(node.op.weights)
    weights[order] = node.op.weights
    return Linear(weights, node.op.bias)
