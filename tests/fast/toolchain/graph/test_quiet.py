"""Sums of channels that never change become narrow, and the network stays the same."""

from __future__ import annotations

import numpy as np
import pytest

from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input, Linear, Threshold
from toolchain.graph.quiet import quieted
from toolchain.graph.types import TensorType
from toolchain.graph.uniform import with_uniform


def _graph(biases: list[int], step: int = 1, *, shown: bool = False, shared: bool = False) -> Graph:
    """A dense layer and its quantiser."""
    random = np.random.default_rng(0)
    graph = Graph()
    graph.add("x", Input(TensorType((6,), -8, 8, step)))
    graph.add("sums", Linear(random.integers(-3, 4, (6, len(biases))), np.array(biases)), "x")
    table = np.arange(-60, 61, 8) + np.zeros((1 if shared else len(biases), 1), np.int64)
    graph.add("codes", with_uniform(Threshold(table, 2, -7), graph.types["sums"]), "sums")
    graph.end("y", "codes")
    if shown:
        graph.end("z", "sums")
    return graph


@pytest.mark.parametrize("step", [1, 2])
def test_far_biases_are_brought_near(step: int) -> None:
    graph = _graph([3, 2**31, -5, -(2**30) - 7, 10**6], step)
    narrow = quieted(graph)
    assert graph.types["sums"].element.bits == 32
    assert narrow.types["sums"].element.bits <= 8
    assert narrow.types["codes"] == graph.types["codes"]
    codes = narrow["codes"].op
    assert isinstance(codes, Threshold)
    assert codes.uniform is not None
    x = np.random.default_rng(1).integers(-8 // step, 8 // step + 1, (500, 6)) * step
    assert np.array_equal(run_one(narrow, x)["codes"], run_one(graph, x)["codes"])


@pytest.mark.parametrize(
    "graph",
    [_graph([3, 1, 2]), _graph([3, 2**31], shown=True), _graph([3, 2**31], shared=True), _graph([2**31, 2**30])],
    ids=["narrow already", "sums are an output", "thresholds of all channels", "nothing else"],
)
def test_other_graphs_stay_as_they_are(graph: Graph) -> None:
    assert quieted(graph) is graph
