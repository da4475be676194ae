"""The nodes of a build's integer graph, as a person is told them: kind, shape, type, weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from toolchain.errors import GateweaveError
from toolchain.graph.file.store import load_graph
from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Linear, Reduce, Threshold, Window
from toolchain.graph.readers.tflite.reader import read_tflite
from toolchain.graph.types import weight_type
from toolchain.layout import Layout

_FILES = {"integers": "integer.onnx", "streamline": "integer.onnx"}
_LOADED = "model.tflite"
"""What the stages leave; for ONNX Runtime only the file itself, of which TFLite is read."""


@dataclass(frozen=True)
class ToldNode:
    """A node, or at the end an output.

    Attributes:
        kind: in words, with what tells it from others of its kind: "Window 3x3, stride 2".
        shape: of its tensor, without the batch, channels last; type: a qonnx DataType.
        inputs: names of the nodes that it takes.
        computes: whether it holds weights, thresholds or tables, or adds; the others only move integers.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    type: str
    inputs: tuple[str, ...]
    computes: bool


def nodes_of(layout: Layout, stages: Iterable[str]) -> list[ToldNode]:
    """The nodes of a build's graph, in order; none where no stage left it, or it cannot be read.

    Args:
        stages: those whose records are the package's own.
    """
    try:
        graph = _graph(layout, tuple(stages))
    except GateweaveError:
        return []
    return [] if graph is None else told(graph)


def told(graph: Graph) -> list[ToldNode]:
    """The nodes of a graph."""
    return [_told(graph, node) for node in graph]


def _graph(layout: Layout, stages: tuple[str, ...]) -> Graph | None:
    for stage, name in _FILES.items():
        path = _file(layout, stage, name) if stage in stages else None
        if path:
            return load_graph(path)
    path = _file(layout, "load", _LOADED) if "load" in stages else None
    return read_tflite(path).graph if path else None


def _file(layout: Layout, stage: str, name: str) -> Path | None:
    path = layout.stage(stage) / name
    return path if path.is_file() else None


def _told(graph: Graph, node: Node) -> ToldNode:
    kind = graph.types[node.name]
    computes = node.op.parameters() > 0 or len(node.inputs) > 1
    return ToldNode(node.name, _kind(node), kind.shape, kind.element.datatype, node.inputs, computes)


def _kind(node: Node) -> str:
    op, name = node.op, type(node.op).__name__
    if isinstance(op, Window):
        stride = f", stride {_sizes(op.stride)}" if any(step > 1 for step in op.stride) else ""
        return f"{name} {_sizes(op.kernel)}{stride}"
    if isinstance(op, Linear):
        groups = f", {op.groups} groups" if op.groups > 1 else ""
        return f"{name} of {weight_type(op.weights)}{groups}"
    if isinstance(op, Reduce):
        return f"{name}, {op.kind}"
    if isinstance(op, Threshold):
        return name + (", one multiplication" if op.uniform is not None else "")
    return name


def _sizes(sizes: tuple[int, ...]) -> str:
    """Such as ``3x3``; one number where all are alike and it is a stride."""
    return "x".join(map(str, sizes))
