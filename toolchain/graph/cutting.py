"""Where a network can be cut in two, of which one runs on a device and the other on its host."""

from __future__ import annotations

from dataclasses import dataclass

from toolchain.errors import ModelError
from toolchain.graph.graph import Graph, Output, with_outputs
from toolchain.graph.ops import ArgMax, Input, Window
from toolchain.graph.types import TensorType

_SHOWN = 12


@dataclass(frozen=True)
class Cut:
    """A tensor that is all that the rest of a network needs of what stands before it.

    Attributes:
        node: makes the tensor, of `type`.
        before, behind: operations of an input on both sides; see `toolchain.graph.ops.base.Op.operations`.
    """

    node: str
    type: TensorType
    before: int
    behind: int

    @property
    def bytes(self) -> int:
        """Of the tensor as a host link carries it: each value in whole bytes."""
        return self.type.size * -(-self.type.element.bits // 8)


def cuts_of(graph: Graph) -> tuple[Cut, ...]:
    """All of them, in the order of the graph."""
    operations = {node.name: node.op.operations(*graph.types_into(node)) for node in graph}
    total = sum(operations.values())
    found = []
    for node in graph:
        # A window only repeats what stands before it, where the same cut carries less.
        if isinstance(node.op, Input | ArgMax | Window) or any(node.name == output.node for output in graph.outputs):
            continue
        behind = _behind(graph, node.name)
        if behind is not None:
            rest = sum(operations[name] for name in behind)
            found.append(Cut(node.name, graph.types[node.name], total - rest, rest))
    return tuple(found)


def cut(graph: Graph, node: str) -> tuple[Graph, Graph]:
    """What stands before a tensor, and ends in it, and what goes on from there.

    Raises:
        ModelError: there is no such node, or more than one tensor would have to be carried there.
    """
    known = {one.node: one for one in cuts_of(graph)}
    if node not in known:
        raise ModelError(f"{_why(graph, node)}; it can be cut behind {_listed(tuple(known))}")
    behind, rest = _behind(graph, node) or frozenset(), Graph()
    rest.add(node, Input(graph.types[node]))
    for one in graph:
        if one.name in behind:
            rest.add(one.name, one.op, *one.inputs)
    for output in graph.outputs:
        rest.end(output.name, output.node, output.scale, output.offset)
    return with_outputs(graph, [Output(node, node)]), rest


def _behind(graph: Graph, node: str) -> frozenset[str] | None:
    """What needs a tensor, directly or not; None where some of it, or an output, needs others from before it, too."""
    behind: set[str] = set()
    for one in graph:
        if any(name == node or name in behind for name in one.inputs):
            behind.add(one.name)
    for one in graph:
        if one.name in behind and not all(name == node or name in behind for name in one.inputs):
            return None
    return frozenset(behind) if all(output.node in behind for output in graph.outputs) else None


def _why(graph: Graph, node: str) -> str:
    if node not in graph:
        return f"node {node}: the network has none of that name"
    if isinstance(graph[node].op, Input):
        return f"node {node}: it is the input, so that nothing would be left to the device"
    if any(node == output.node for output in graph.outputs):
        return f"node {node}: it is the end, so that nothing would be left to the host"
    if isinstance(graph[node].op, Window):
        return f"node {node}: a window repeats what stands before it; cut there, where less is carried"
    return f"node {node}: a branch passes it by, so that more than its tensor would have to be carried"


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more if names else "no node"
