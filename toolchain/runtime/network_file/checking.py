"""Reading a network's file without running it: every node, and which boards can take the whole."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from toolchain.board import AnyBoard
from toolchain.bounded import Bounds, bounded
from toolchain.errors import ModelError
from toolchain.graph.dense import dense_network, refusals
from toolchain.graph.graph import Graph, Node
from toolchain.graph.labelled import with_label
from toolchain.graph.ops import Threshold
from toolchain.results.checked import CheckedNetwork, CheckedNode, Verdict
from toolchain.runtime.load import Limits
from toolchain.runtime.network_file.opening import format_of, open_network

_SECONDS = 120


def check_file(path: Path, boards: Iterable[AnyBoard]) -> CheckedNetwork:
    """What can be said of a file without running it.

    Raises:
        ModelError: it is no network at all.
    """
    size = path.stat().st_size
    bounds = Bounds(Limits().memory(size), _SECONDS)
    return bounded("checking this network", lambda: _checked(path, tuple(boards)), bounds)


def _checked(path: Path, boards: tuple[AnyBoard, ...]) -> CheckedNetwork:
    graph, problem = _graph(path)
    nodes = () if graph is None else _nodes(graph)
    return CheckedNetwork(
        file=path.name,
        format=format_of(path),
        problem=problem,
        nodes=nodes,
        parameters=sum(node.parameters for node in nodes),
        operations=sum(node.operations for node in nodes),
        boards=tuple(_verdict(board, flow, graph, problem) for board in boards for flow in board.flows),
    )


def _graph(path: Path) -> tuple[Graph | None, str]:
    try:
        return open_network(path).source.graph, ""
    except ModelError as error:
        return None, str(error)


def _nodes(graph: Graph) -> tuple[CheckedNode, ...]:
    why = refusals(graph)
    return tuple(_node(graph, node, why.get(node.name, "")) for node in graph)


def _node(graph: Graph, node: Node, why: str) -> CheckedNode:
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
        fpga=why,
    )


def _verdict(board: AnyBoard, flow: str, graph: Graph | None, problem: str) -> Verdict:
    if flow == "ort":
        what = problem and f"as the file has it, not as integers: {problem}"
        return Verdict(board=board.name, flow=flow, takes=True, why=what or "as an integer graph")
    why = problem
    if graph is not None:
        try:
            dense_network(with_label(graph))
        except ModelError as error:
            why = str(error)
    return Verdict(
        board=board.name, flow=flow, takes=not why, why=why or "as a chain of dense layers; its size is not reckoned"
    )
