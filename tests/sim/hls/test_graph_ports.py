"""Values go into a graph's core and come out of it, whatever its codes count from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hls.graph_ports import generate_graph_core
from hls.simulate import streams_of
from hls.simulate_stream import simulate_stream
from tests.sim.hls.graphs import Growing, fastest_of, values_of
from toolchain.graph.execute import run
from toolchain.graph.graph import Graph
from toolchain.graph.ops import ArgMax, Input, Linear
from toolchain.graph.types import TensorType


def _dense(low: int, high: int, step: int = 1) -> Graph:
    """Four values to three sums."""
    graph = Graph()
    graph.add("x", Input(TensorType((4,), low, high, step)))
    graph.add("sums", Linear(np.array([[1, -2, 3], [0, 5, -1], [2, 2, 2], [-7, 1, 0]]), np.array([9, -4, 0])), "x")
    graph.end("sums", "sums")
    return graph


def _labelled() -> Graph:
    graph = _dense(0, 3)
    graph.add("label", ArgMax(), "sums")
    result = Graph()
    for node in graph:
        result.add(node.name, node.op, *node.inputs)
    result.end("label", "label")
    return result


def _residual() -> Graph:
    growing = Growing(np.random.default_rng(5), (3, 5, 2), -8, 7)
    growing.residual()
    return growing.end()


GRAPHS = {
    "whole range": _dense(-8, 7),
    "narrow range": _dense(-3, 4),
    "counts from one": _dense(1, 6),
    "bipolar": _dense(-1, 1, 2),
    "class": _labelled(),
    "residual": _residual(),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_values_in_and_values_out(tmp_path: Path, name: str) -> None:
    graph = GRAPHS[name]
    x = values_of(graph, np.random.default_rng(1), 40)
    x -= (x - graph.types[graph.sole_input].element.low) % graph.types[graph.sole_input].element.step
    netlist = fastest_of(graph)
    core = generate_graph_core(netlist, graph, tmp_path)
    answer = core.output
    end = graph.outputs[0].node
    expected = run(graph, {graph.sole_input: x})[end].reshape(len(x), -1)
    entered = x.reshape(len(x), -1)
    found = simulate_stream(streams_of(core), tmp_path, entered, [expected], tmp_path / "work", optimise=False)

    assert found.first_difference is None
    assert (answer.classes, answer.elements) == ((3, 1) if name == "class" else (None, expected.shape[1]))
