"""The integer graph: nodes in the order of their wires, with exact types. What every later stage answers to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from toolchain.errors import ModelError
from toolchain.graph.ops import Input, Op
from toolchain.graph.types import TensorType


@dataclass(frozen=True)
class Node:
    """A node; the tensor that it makes has its name.

    Attributes:
        inputs: names of the nodes whose tensors it takes.
    """

    name: str
    op: Op
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Output:
    """What a network says: a node's integers, and what they stand for.

    Attributes:
        name: as the network's file calls it.
        node: whose tensor it is.
        scale, offset: the value is ``scale * integer + offset``; a class is its own number.
    """

    name: str
    node: str
    scale: float = 1.0
    offset: float = 0.0

    @property
    def zero(self) -> int | None:
        """The integer that stands for 0, where there is one.

        The value is then ``scale * (integer - zero)``, which rounds once, as DequantizeLinear does.
        """
        if not self.offset or not self.scale:
            return None if self.offset else 0
        if not np.isfinite(zero := -self.offset / self.scale):
            return None
        return round(zero) if -self.scale * round(zero) == self.offset else None


class Graph:
    """A directed graph without circles, checked as it grows: a node that is in it fits its inputs."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._types: dict[str, TensorType] = {}
        self._outputs: list[Output] = []

    def add(self, name: str, op: Op, *inputs: str) -> str:
        """Add a node behind nodes that are there.

        Returns:
            Its name.

        Raises:
            ModelError: the name is taken, an input is not there, or the node does not fit its inputs.
        """
        where = f"node {name} ({type(op).__name__})"
        if not name or name in self._nodes:
            raise ModelError(f"{where}: the name is taken; every node needs one of its own")
        if missing := [i for i in inputs if i not in self._nodes]:
            raise ModelError(f"{where}: takes {missing[0]!r}, which no node before it makes")
        if len(inputs) != op.arity if op.arity is not None else not inputs:
            raise ModelError(f"{where}: {len(inputs)} inputs; {'one or more' if op.arity is None else op.arity}")
        try:
            self._types[name] = op.result(*(self._types[i] for i in inputs))
        except ModelError as error:
            raise ModelError(f"{where}: {error}") from error
        self._nodes[name] = Node(name, op, inputs)
        return name

    def end(self, name: str, node: str, scale: float = 1.0, offset: float = 0.0) -> None:
        """Make a node's tensor an output of the network.

        Raises:
            ModelError: there is no such node, or the name is taken.
        """
        if node not in self._nodes:
            raise ModelError(f"output {name}: no node {node!r} makes it")
        if any(output.name == name for output in self._outputs):
            raise ModelError(f"output {name}: the name is taken")
        self._outputs.append(Output(name, node, scale, offset))

    def __iter__(self) -> Iterator[Node]:
        """All nodes, each behind those whose tensors it takes."""
        return iter(self._nodes.values())

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, name: object) -> bool:
        return name in self._nodes

    def __getitem__(self, name: str) -> Node:
        return self._nodes[name]

    @property
    def types(self) -> Mapping[str, TensorType]:
        """The type of each node's tensor, by the node's name."""
        return self._types

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the input nodes, in order."""
        return tuple(node.name for node in self if isinstance(node.op, Input))

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What the network says, in order."""
        return tuple(self._outputs)

    def takers(self, name: str) -> list[Node]:
        """The nodes that take a node's tensor."""
        return [node for node in self if name in node.inputs]

    def types_into(self, node: Node) -> Sequence[TensorType]:
        """Types of what a node takes."""
        return [self._types[name] for name in node.inputs]

    @property
    def sole_input(self) -> str:
        """The name of the only input.

        Raises:
            ModelError: there are several.
        """
        if len(self.inputs) != 1:
            raise ModelError(f"the network has {len(self.inputs)} inputs ({', '.join(self.inputs)}); one is expected")
        return self.inputs[0]


def with_outputs(graph: Graph, outputs: Iterable[Output]) -> Graph:
    """The graph with other outputs, without what these do not need."""
    outputs = tuple(outputs)
    needed = {output.node for output in outputs}
    for node in reversed(list(graph)):
        if node.name in needed:
            needed.update(node.inputs)
    result = Graph()
    for node in graph:
        if node.name in needed:
            result.add(node.name, node.op, *node.inputs)
    for output in outputs:
        result.end(output.name, output.node, output.scale, output.offset)
    return result
