"""Branches of one shape, side by side, as one: their convolutions become the groups of one, and share its memories.

Two of everything take twice the control and leave twice as many block RAMs half empty. Joined, they take as many clocks
together as one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Concat, Linear, Op, Reduce, Reshape, Select, Threshold, Window


@dataclass(frozen=True)
class Branches:
    """Chains of nodes that begin at one tensor and end in one `Concat`, which takes nothing else.

    Attributes:
        layers: of each step the nodes of all chains, in the order in which the `Concat` takes them.
        end: the name of the `Concat`.
    """

    source: str
    layers: tuple[tuple[Node, ...], ...]
    end: str

    @property
    def names(self) -> Iterator[str]:
        """Of all nodes, but for the `Concat`."""
        return (node.name for layer in self.layers for node in layer)


def with_joined_branches(graph: Graph) -> Graph:
    """The same network with such branches joined; outputs are the same. Without such branches the graph itself."""
    found = {branches.end: branches for branches in _all_branches(graph)}
    if not found:
        return graph
    inside = {name for branches in found.values() for name in branches.names}
    made = Graph()
    for node in graph:
        if node.name in found:
            _add_joined(made, graph, found[node.name])
        elif node.name not in inside:
            made.add(node.name, node.op, *node.inputs)
    for output in graph.outputs:
        made.end(output.name, output.node, output.scale, output.offset)
    return made


def _all_branches(graph: Graph) -> Iterator[Branches]:
    for node in graph:
        if isinstance(node.op, Concat) and (branches := _branches(graph, node)):
            yield branches


def _branches(graph: Graph, end: Node) -> Branches | None:
    """The branches that end in a `Concat`, backwards to where they begin together; None where they are not alike."""
    heads, layers = end.inputs, list[tuple[Node, ...]]()
    while len(set(heads)) == len(heads) > 1:
        nodes = tuple(graph[name] for name in heads)
        if any(len(graph.takers(node.name)) != 1 for node in nodes) or len(set(map(_shape, nodes))) != 1:
            return None
        if _shape(nodes[0]) is None or any(output.node in heads for output in graph.outputs):
            return None
        layers.insert(0, nodes)
        heads = tuple(node.inputs[0] for node in nodes)
    if not layers or len(set(heads)) != 1 or not _may_begin(layers) or not _stay_whole(layers):
        return None
    return Branches(heads[0], tuple(layers), end.name)


def _shape(node: Node) -> object:
    """What nodes must have in common to become one; None where a kind cannot."""
    op = node.op
    if isinstance(op, Linear):
        return Linear, op.weights.shape, op.groups, op.taps
    if isinstance(op, Threshold):
        return Threshold, op.levels, op.step, op.least
    return op if isinstance(op, Window | Reduce | Reshape) else None


def _may_begin(layers: list[tuple[Node, ...]]) -> bool:
    """Whether the first nodes tell the branches apart: products of the one tensor, behind windows that are the same."""
    first = next((nodes[0].op for nodes in layers if not isinstance(nodes[0].op, Window)), None)
    return isinstance(first, Linear) and first.groups == 1


def _stay_whole(layers: list[tuple[Node, ...]]) -> bool:
    """Whether channels stay channels up to the end, where they may become one axis."""
    flat = [nodes[0].op for nodes in layers if isinstance(nodes[0].op, Reshape)]
    return not flat or (flat == [layers[-1][0].op] and len(flat[0].shape) == 1)


def _add_joined(made: Graph, graph: Graph, branches: Branches) -> None:
    tensor, apart = branches.source, False
    for nodes in branches.layers:
        op = nodes[0].op
        tensor = made.add(" and ".join(node.name for node in nodes), _joined(graph, nodes, apart), tensor)
        apart = apart or isinstance(op, Linear)
    made.add(branches.end, Select(_places(graph, branches)), tensor)


def _joined(graph: Graph, nodes: tuple[Node, ...], apart: bool) -> Op:
    """One node for all, whose channels are theirs side by side.

    Args:
        apart: whether their inputs are side by side, too; at first all take one tensor.
    """
    ops = [node.op for node in nodes]
    if isinstance(ops[0], Linear):
        products = [op for op in ops if isinstance(op, Linear)]
        weights = np.concatenate([op.weights for op in products], axis=1)
        groups = sum(op.groups for op in products) if apart else 1
        return Linear(weights, np.concatenate([op.bias for op in products]), groups, products[0].taps)
    if isinstance(ops[0], Threshold):
        tables = [_table(graph, node) for node in nodes]
        return Threshold(np.concatenate(tables), ops[0].step, ops[0].least)
    if isinstance(ops[0], Reshape):
        return Reshape((len(nodes) * ops[0].shape[0],))
    return ops[0]


def _table(graph: Graph, node: Node) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Thresholds of each channel."""
    assert isinstance(node.op, Threshold)
    channels = graph.types[node.name].channels
    return np.broadcast_to(node.op.table, (channels, node.op.levels))


def _places(graph: Graph, branches: Branches) -> tuple[int, ...]:
    """Where the channels that the `Concat` puts side by side are in the joined tensor."""
    last, count = branches.layers[-1][0], len(branches.layers[-1])
    kind = graph.types[last.inputs[0] if isinstance(last.op, Reshape) else last.name]
    positions = kind.size // kind.channels if isinstance(last.op, Reshape) else 1
    places = np.arange(positions * count * kind.channels).reshape(positions, count, kind.channels)
    return tuple(places.swapaxes(0, 1).reshape(-1).tolist())
