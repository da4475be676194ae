"""Which axis of an input counts channels: the nodes behind it know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from onnx import NodeProto

from toolchain.graph.readers.qonnx.attributes import attributes_of

_SECOND = {
    "Conv",
    "MaxPool",
    "AveragePool",
    "BatchNormalization",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "QuantAvgPool2d",
}
_LAST = {"MatMul", "Gemm", "Flatten", "Reshape"}
# Nodes that are looked at.
_MOST = 200


def channel_axis(nodes: Sequence[NodeProto], tensor: str, rank: int) -> int:
    """The axis, the batch counted, that the first node that knows calls the channels'; else the last one."""
    takers: Mapping[str, list[NodeProto]] = _takers(nodes)
    pending = [(tensor, tuple(range(rank)))]
    seen = {tensor}
    while pending and len(seen) < _MOST:
        name, axes = pending.pop(0)
        for node in takers.get(name, []):
            axis = _channels_of(node, rank)
            if axis is not None:
                return axes[axis] if axes[axis] else rank - 1
            for output in node.output:
                if output not in seen:
                    seen.add(output)
                    pending.append((output, _turned(node, axes)))
    return rank - 1


def _takers(nodes: Sequence[NodeProto]) -> dict[str, list[NodeProto]]:
    takers: dict[str, list[NodeProto]] = defaultdict(list)
    for node in nodes:
        for name in node.input[:1] if node.op_type != "Concat" else node.input:
            takers[name].append(node)
    return takers


def _channels_of(node: NodeProto, rank: int) -> int | None:
    said = attributes_of(node)
    if node.op_type in {"Concat", "Split"}:
        return int(said.get("axis", 1)) % rank
    layout = said.get("data_layout", "")
    if layout and "C" in layout and layout.find("C") < rank:
        return int(layout.find("C"))
    if node.op_type in _SECOND:
        return 1 if rank > 1 else 0
    return rank - 1 if node.op_type in _LAST else None


def _turned(node: NodeProto, axes: tuple[int, ...]) -> tuple[int, ...]:
    """Axes of a tensor in the order of what a node makes of it."""
    if node.op_type != "Transpose":
        return axes
    order = attributes_of(node).get("perm", list(reversed(range(len(axes)))))
    return tuple(axes[o] for o in order) if sorted(order) == list(range(len(axes))) else axes
