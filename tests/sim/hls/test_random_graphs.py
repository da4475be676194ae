"""Random graphs through Verilog, with pauses at both ends, and broken copies that are caught; `make bench`: 300."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hls.fifo_depths import with_depths
from hls.netlist import Netlist
from hls.token_simulator import TokenRun, TokenSimulator
from tests.sim.hls.graphs import Growing, fastest_of, run_core, values_of
from tests.sim.hls.random_graphs import VECTORS, must_be_equal, random_graph
from toolchain.graph import ops
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Linear, Op, Threshold, Window

# In the last one results of padding pile up where the branches meet, when no vector comes any more.
SEEDS = (*range(20), 166)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_graph(tmp_path: Path, seed: int) -> None:
    must_be_equal(seed, tmp_path)


def test_these_graphs_hold_every_kind_of_node_and_of_window() -> None:
    graphs = [random_graph(np.random.default_rng(seed)) for seed in SEEDS]
    found = [node.op for graph in graphs for node in graph]
    windows = [op for op in found if isinstance(op, Window)]
    products = [op for op in found if isinstance(op, Linear)]
    inputs = [graph.types[graph.sole_input] for graph in graphs]
    tensors = [graph.types[node.name] for graph in graphs for node in graph]

    assert {type(op) for op in found} == {getattr(ops, name) for name in ops.__all__ if name[0].isupper()} - {
        ops.Op,
        ops.Uniform,
        # Networks that stop early have graphs and simulations of their own.
        ops.Chosen,
        ops.Confident,
        ops.Gate,
        ops.Decide,
    }
    assert {"dense", "grouped", "depthwise"} == {_grouping(op) for op in products}
    for several in ("stride", "dilation"):
        assert {1, 2, 3} <= {number for op in windows for number in getattr(op, several)}
    assert any(op.fill for op in windows if op.padded)
    assert any(op.before != op.after for op in windows)
    assert set(range(1, 9)) <= {x.element.bits for x in tensors}
    assert any(size % 2 and size > 1 for x in inputs for size in x.shape[:-1])
    assert {len(x.shape) for x in inputs} == {2, 3}


def _grouping(op: Linear) -> str:
    if op.groups == 1:
        return "dense"
    return "depthwise" if len(op.weights) == op.taps else "grouped"


@pytest.fixture(scope="module")
def residual() -> tuple[Graph, Netlist, TokenRun]:
    """Two branches, a padding that is not 0, and a quantiser."""
    growing = Growing(np.random.default_rng(5), (4, 48, 2), -8, 7)
    growing.residual()
    growing.quantise()
    graph = growing.end()
    return graph, *with_depths(fastest_of(graph), blocks=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Broken copies of the same Verilog share a simulator."""
    return tmp_path_factory.mktemp("residual")


def test_a_fifo_one_shorter_is_caught(residual: tuple[Graph, Netlist, TokenRun], folder: Path) -> None:
    graph, netlist, told = residual
    (deep,) = (i for i, fifo in enumerate(netlist.fifos) if fifo.depth > netlist.shallow)
    fifo = netlist.fifos[deep]
    short = netlist.with_depths({deep: (fifo.depth - 1, fifo.block)})
    x = values_of(graph, np.random.default_rng(0), VECTORS)
    run = run_core(short, graph, x, folder)
    again = TokenSimulator(short).run(short, VECTORS)

    assert run.first_difference is None
    assert run.initiation_interval > told.interval
    assert (run.latency_cycles, run.initiation_interval, run.greatest) == (again.latency, again.interval, again.peaks)


def _other_padding(op: Op) -> Op:
    assert isinstance(op, Window)
    return replace(op, fill=op.fill + 1)


def _swapped_taps(op: Op) -> Op:
    assert isinstance(op, Linear)
    order = np.arange(len(op.weights)).reshape(op.taps, -1)
    order[[0, 1]] = order[[1, 0]]
    return replace(op, weights=op.weights[order.reshape(-1)])


def _one_off(op: Op) -> Op:
    """Each threshold one higher, or each code; where nothing reaches a threshold it may be anywhere."""
    assert isinstance(op, Threshold)
    return replace(op, table=op.table + 1, uniform=None)


@pytest.mark.parametrize(
    ("which", "harm"),
    [
        (lambda op: isinstance(op, Window) and op.padded, _other_padding),
        (lambda op: isinstance(op, Linear) and op.taps > 1, _swapped_taps),
        (lambda op: isinstance(op, Threshold), _one_off),
    ],
    ids=["padding", "taps", "requantisation"],
)
def test_a_broken_copy_is_caught_in_its_tensor(
    residual: tuple[Graph, Netlist, TokenRun], folder: Path, which: Callable[[Op], bool], harm: Callable[[Op], Op]
) -> None:
    graph, _, _ = residual
    name = next(node.name for node in graph if which(node.op))
    broken, x = _with(graph, name, harm), values_of(graph, np.random.default_rng(0), VECTORS)
    core, _ = with_depths(fastest_of(broken), blocks=True)
    run = run_core(core, graph, x, folder)

    harmed = graph.takers(name)[0].name if isinstance(graph[name].op, Window) else name
    assert run.first_difference is not None and f"({harmed})" in run.first_difference


def _with(graph: Graph, name: str, harm: Callable[[Op], Op]) -> Graph:
    """The same graph with one node harmed."""
    other = Graph()
    for node in graph:
        other.add(node.name, harm(node.op) if node.name == name else node.op, *node.inputs)
    for output in graph.outputs:
        other.end(output.name, output.node)
    return other
