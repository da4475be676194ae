"""Which nodes of the integer graph become one step of a made graph: window, sums and thresholds together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Add, Linear, Reduce, Table, Threshold, Window

_SUMS = (Linear, Reduce, Add)


@dataclass(frozen=True)
class Region:
    """Nodes that are made together; the tensor that they make has `name`.

    Attributes:
        core: the node that says what is made.
        window: what stands before it and is taken in, or None.
        head: the thresholds behind it that are taken in, or None.
        inputs: names of the nodes whose tensors it takes.
        through: of an addition, the table that stands before each input and is taken in, or None.
    """

    core: Node
    window: Window | None
    head: Threshold | None
    inputs: tuple[str, ...]
    name: str
    through: tuple[Table | None, ...] = ()


def regions(graph: Graph) -> list[Region]:
    """All that the outputs need, each behind what it takes."""
    uses = Counter([*(i for node in graph for i in node.inputs), *(output.node for output in graph.outputs)])
    wanted, found = {output.node for output in graph.outputs}, []
    for node in reversed(list(graph)):
        if node.name in wanted:
            region = _region(graph, node, uses)
            wanted.update(region.inputs)
            found.append(region)
    return found[::-1]


def _region(graph: Graph, node: Node, uses: Counter[str]) -> Region:
    core, head = node, None
    if isinstance(node.op, Threshold):
        before = graph[node.inputs[0]]
        if isinstance(before.op, _SUMS) and uses[before.name] == 1 and not _is_max(before):
            core, head = before, node.op
    window, inputs = None, core.inputs
    if isinstance(core.op, Linear | Reduce):
        before = graph[core.inputs[0]]
        if isinstance(before.op, Window) and (before.op.taps == core.op.taps or _all_at_once(core)):
            window, inputs = before.op, before.inputs
    through = _tables(graph, core, uses) if head is not None and isinstance(core.op, Add) else (None,) * len(inputs)
    inputs = tuple(i if table is None else graph[i].inputs[0] for i, table in zip(inputs, through, strict=True))
    return Region(core, window, head, inputs, node.name, through)


def _tables(graph: Graph, node: Node, uses: Counter[str]) -> tuple[Table | None, ...]:
    """Tables of one row before an addition, which nothing else takes: it may become a table of all it takes."""
    found: list[Table | None] = []
    for name in node.inputs:
        op = graph[name].op
        alone = isinstance(op, Table) and len(op.values) == 1 and uses[name] == 1
        found.append(op if alone and isinstance(op, Table) else None)
    return tuple(found)


def _is_max(node: Node) -> bool:
    return isinstance(node.op, Reduce) and node.op.kind == "max"


def _all_at_once(node: Node) -> bool:
    """Whether its weights stand beside whatever comes in, one by one, so that taps do not matter."""
    return isinstance(node.op, Linear) and node.op.groups == 1
