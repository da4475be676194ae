"""Which nodes run together: row by row, so that sums never become tensors of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Gate, Input, Op, Repeat, Reshape, Transpose, Window

_WHOLE = (Repeat, Transpose)
"""What moves positions, and so is a step of its own; all other kinds but a window work on one row at a time."""


@dataclass(frozen=True)
class Step:
    """Nodes that run one behind the other on each row of the last axis.

    Attributes:
        nodes: the first takes tensors, each other one the row of the node before it.
    """

    nodes: tuple[Node, ...]

    @property
    def takes(self) -> tuple[str, ...]:
        """Names of the tensors that it reads."""
        return self.nodes[0].inputs

    @property
    def result(self) -> str:
        """Name of the tensor that it writes."""
        return self.nodes[-1].name

    @property
    def moves(self) -> bool:
        """Whether it moves positions."""
        return isinstance(self.nodes[0].op, _WHOLE)


def steps_of(graph: Graph) -> tuple[Step, ...]:
    """The steps of a graph in order; inputs, reshapes and gates are none."""
    open_steps: dict[str, list[Node]] = {}
    for node in graph:
        if isinstance(node.op, Input | Reshape | Gate):
            continue
        before = node.inputs[0]
        joins = before in open_steps and _joins(graph, node, graph[before])
        nodes = open_steps.pop(before) if joins else []
        open_steps[node.name] = [*nodes, node]
    return tuple(Step(tuple(nodes)) for nodes in _in_order(graph, open_steps))


def _joins(graph: Graph, node: Node, before: Node) -> bool:
    """Whether a node can take the row of the one before it, which nothing else needs."""
    kept = {output.node for output in graph.outputs}
    alone = len(graph.takers(before.name)) == 1 and before.name not in kept
    return alone and len(node.inputs) == 1 and _by_rows(node.op) and not isinstance(before.op, _WHOLE)


def _by_rows(op: Op) -> bool:
    return not isinstance(op, (*_WHOLE, Window))


def _in_order(graph: Graph, steps: dict[str, list[Node]]) -> Iterator[list[Node]]:
    """By their last nodes, so that what a step takes is there before."""
    return (steps[node.name] for node in graph if node.name in steps)


def root(graph: Graph, name: str) -> str:
    """The tensor whose memory a name stands for: a reshape or gate has none of its own."""
    while isinstance(graph[name].op, Reshape | Gate):
        name = graph[name].inputs[0]
    return name
