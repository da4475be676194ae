"""Whether a file's graph is one at all: wires that come from somewhere, one producer each, no circle, fixed shapes."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence

import onnx
from onnx import NodeProto

from toolchain.errors import ModelError
from toolchain.graph.readers.qonnx.attributes import where

MOST_NODES = 20_000
"""Nodes of the largest file that is read."""


class RefusalError(ModelError):
    """A model that is refused, with every reason.

    Attributes:
        reasons: one sentence each; names the node, its operator and the mend.
    """

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(dict.fromkeys(reasons))
        super().__init__("; ".join(self.reasons))


def ordered(graph: onnx.GraphProto) -> list[NodeProto]:
    """The nodes, each behind those whose tensors it takes.

    Raises:
        RefusalError: wires are wrong; names them all.
    """
    if len(graph.node) > MOST_NODES:
        raise RefusalError([f"the graph has {len(graph.node):,} nodes; {MOST_NODES:,} at most are read"])
    if reasons := [*_twice(graph), *_inner(graph), *_dangling(graph)]:
        raise RefusalError(reasons)
    made = {name: number for number, node in enumerate(graph.node) for name in node.output if name}
    needs = [{made[name] for name in node.input if name in made} for node in graph.node]
    takers: dict[int, list[int]] = {}
    for number, sources in enumerate(needs):
        for source in sources:
            takers.setdefault(source, []).append(number)
    left = [len(sources) for sources in needs]
    ready, order = deque(number for number, count in enumerate(left) if not count), []
    while ready:
        order.append(number := ready.popleft())
        for taker in takers.get(number, []):
            left[taker] -= 1
            if not left[taker]:
                ready.append(taker)
    if len(order) < len(left):
        stuck = next(number for number, count in enumerate(left) if count)
        raise RefusalError([f"{where(graph.node[stuck])}: takes, by way of others, its own output; cut the circle"])
    return [graph.node[number] for number in sorted(order)] if _sorted(needs) else [graph.node[n] for n in order]


def _sorted(needs: Sequence[set[int]]) -> bool:
    return all(source < number for number, sources in enumerate(needs) for source in sources)


def _twice(graph: onnx.GraphProto) -> Iterator[str]:
    makers = Counter([n for node in graph.node for n in node.output if n] + [i.name for i in graph.initializer])
    makers.update({i.name for i in graph.input} - {i.name for i in graph.initializer})
    yield from (
        f"tensor {name!r} is made {count} times; give each its own name" for name, count in makers.items() if count > 1
    )


def _inner(graph: onnx.GraphProto) -> Iterator[str]:
    for node in graph.node:
        if any(a.HasField("g") or a.graphs for a in node.attribute):
            yield f"{where(node)}: holds a graph of its own; export the model without control flow"


def _dangling(graph: onnx.GraphProto) -> Iterator[str]:
    known = {n for node in graph.node for n in node.output} | {i.name for i in graph.initializer}
    known |= {i.name for i in graph.input} | {""}
    for node in graph.node:
        for name in node.input:
            if name not in known:
                yield f"{where(node)}: takes {name!r}, which nothing makes; export the model again"
    for output in graph.output:
        if output.name not in known:
            yield f"output {output.name!r}: nothing makes it; export the model again"
