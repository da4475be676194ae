"""Reading a network's file without running it: every node, and which boards can take the whole."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from toolchain.board import AnyBoard, McuBoard
from toolchain.bounded import Bounds, bounded
from toolchain.errors import FileError, FitError, ModelError
from toolchain.finn.lowering import lowered
from toolchain.graph.graph import Graph, Node
from toolchain.graph.labelled import as_chain
from toolchain.graph.ops import Threshold
from toolchain.graph.readers.source import Source
from toolchain.microcontroller.reckon import reckoned
from toolchain.results.checked import CheckedNetwork, CheckedNode, Verdict
from toolchain.results.formats import FileFormat
from toolchain.runtime.load import Limits
from toolchain.runtime.network_file.opening import format_of, open_network

_SECONDS = 120


def check_file(path: Path, boards: Iterable[AnyBoard]) -> CheckedNetwork:
    """What can be said of a file without building it.

    Raises:
        FileError: it is no network at all, or does not run; no board takes it.
    """
    size = path.stat().st_size
    bounds = Bounds(Limits().memory(size), _SECONDS)
    return bounded("checking this network", lambda: _checked(path, tuple(boards)), bounds)


def _checked(path: Path, boards: tuple[AnyBoard, ...]) -> CheckedNetwork:
    source, problem = _source(path)
    nodes, file = () if source is None else _nodes(source.graph), format_of(path)
    return CheckedNetwork(
        file=path.name,
        format=file,
        problem=problem,
        nodes=nodes,
        parameters=sum(node.parameters for node in nodes),
        operations=sum(node.operations for node in nodes),
        boards=tuple(_verdict(board, flow, source, file, problem) for board in boards for flow in board.flows),
    )


def _source(path: Path) -> tuple[Source | None, str]:
    try:
        return open_network(path).source, ""
    except FileError:
        raise
    except ModelError as error:
        return None, str(error).removeprefix(f"{path}: ")


def _nodes(graph: Graph) -> tuple[CheckedNode, ...]:
    return tuple(_node(graph, node) for node in graph)


def _node(graph: Graph, node: Node) -> CheckedNode:
    kind = graph.types[node.name]
    form = node.op.uniform if isinstance(node.op, Threshold) else None
    share = (0.0 if form is None else float(form.found.mean())) if isinstance(node.op, Threshold) else None
    return CheckedNode(
        name=node.name,
        kind=type(node.op).__name__,
        shape=kind.shape,
        type=kind.element.datatype,
        bits=kind.element.bits,
        parameters=node.op.parameters(),
        operations=node.op.operations(*graph.types_into(node)),
        uniform=share,
    )


def _verdict(board: AnyBoard, flow: str, source: Source | None, file: FileFormat, problem: str) -> Verdict:
    if isinstance(board, McuBoard):
        takes, why = _by_c(board, source, problem)
    else:
        takes, why = _by_runtime(file, problem) if flow == "ort" else _by_hardware(flow, source, problem)
    return Verdict(board=board.name, flow=flow, takes=takes, why=why)


def _by_c(board: McuBoard, source: Source | None, problem: str) -> tuple[bool, str]:
    if source is None:
        return False, problem
    try:
        chain = as_chain(source)
        return True, reckoned(source.graph if chain is None else chain.graph, board)
    except (ModelError, FitError) as error:
        return False, str(error)


def _by_runtime(file: FileFormat, problem: str) -> tuple[bool, str]:
    if not problem:
        return True, "as an integer graph"
    # ONNX Runtime runs ONNX files as they are, and those of QONNX as float operators; others only as integers.
    only = file in {"TFLite", "Gateweave"}
    return not only, problem if only else f"as the file has it, not as integers: {problem}"


def _by_hardware(flow: str, source: Source | None, problem: str) -> tuple[bool, str]:
    if source is None:
        return False, problem
    try:
        return True, f"as {_kind(flow, source)}, if it fits: a build reckons its size before it makes anything"
    except ModelError as error:
        return False, str(error)


def _kind(flow: str, source: Source) -> str:
    """What hardware a graph becomes, in words.

    Raises:
        ModelError: it becomes none; names the node.
    """
    chain = as_chain(source)
    if flow == "finn":
        layers = lowered(source.graph if chain is None else chain.graph).layers
        return f"a chain of {len(layers)} layers of FINN's RTL"
    return "a core of units" if chain is None else "a chain of dense layers"
