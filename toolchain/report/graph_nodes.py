"""The nodes of a build's integer graph, as a person is told them: kind, shape, type, weights."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from toolchain.errors import GateweaveError
from toolchain.graph.file.store import load_graph
from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Linear, Reduce, Threshold, Window
from toolchain.graph.types import weight_type
from toolchain.layout import Layout

_FILES = {"integers": ("integer.onnx",), "streamline": ("integer.onnx",), "load": ("model.tflite", "model.onnx")}
"""What the stages leave; for ONNX Runtime only the network's own file."""


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


@dataclass(frozen=True)
class ToldGraph:
    """The nodes of a build's graph in order, and the file that they are read from; `why` there are none, if known."""

    nodes: tuple[ToldNode, ...] = ()
    file: str = ""
    why: str = ""


def graph_of(layout: Layout, stages: Iterable[str]) -> ToldGraph:
    """The graph of a build; without nodes where no stage left one, or it cannot be read.

    Args:
        stages: those whose records are the package's own.
    """
    path = _file(layout, set(stages))
    if path is None:
        return ToldGraph()
    shown = str(path.relative_to(layout.root))
    try:
        return ToldGraph(tuple(told(_read(path))), shown)
    except GateweaveError as error:
        return ToldGraph(file=shown, why=str(error).removeprefix(f"{path}: "))


def told(graph: Graph) -> list[ToldNode]:
    """The nodes of a graph."""
    return [_told(graph, node) for node in graph]


def _file(layout: Layout, stages: Collection[str]) -> Path | None:
    paths = (layout.stage(stage) / name for stage, names in _FILES.items() if stage in stages for name in names)
    return next((path for path in paths if path.is_file()), None)


def _read(path: Path) -> Graph:
    if path.name in _FILES["streamline"]:
        return load_graph(path)
    # Imports what takes seconds, which only builds of files for processors need.
    from toolchain.runtime.network_file.opening import open_network

    return open_network(path).source.graph


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
