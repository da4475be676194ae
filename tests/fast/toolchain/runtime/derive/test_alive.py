"""Neurons that never change go, and nothing else: every answer stays."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fast.toolchain.graph.some_graphs import every_kind
from tests.fast.toolchain.runtime.derive.random_graphs import feeds
from tests.fast.toolchain.runtime.networks import KINDS, inputs, network
from toolchain.graph.execute import run
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input, Threshold, dense
from toolchain.graph.types import TensorType
from toolchain.runtime.derive.alive import without_constants

WEIGHTS = np.array([[0, 1, -2], [0, 3, 1]])


@pytest.mark.parametrize("name", KINDS)
def test_answers_stay(name: str) -> None:
    net = network(name)
    fewer = without_constants(net.scores)
    assert sum(kind.size for kind in fewer.types.values()) < sum(kind.size for kind in net.scores.types.values())
    x = {"input": inputs(net)}
    assert np.array_equal(run(fewer, x)["last"], run(net.scores, x)["last"])


def _constant(levels: int, *, tapped: bool = False) -> Graph:
    """A layer whose first neuron yields its second code whatever comes in."""
    graph = Graph()
    graph.add("x", Input(TensorType((2,), 0, 3)))
    graph.add("sums", dense(WEIGHTS), "x")
    table = np.sort(np.stack([np.full(levels, 1), np.arange(levels) + 2, np.arange(levels) - 3]), axis=1)
    table[0, 0] = 0
    graph.add("codes", Threshold(table, 2, -5), "sums")
    graph.add("y", dense(np.array([[7, 1], [1, -1], [2, 5]]), np.array([10, 20])), "codes")
    graph.end("y", "y")
    if tapped:
        graph.end("codes", "codes")
    return graph


def test_what_it_adds_becomes_the_bias_of_the_next_layer() -> None:
    graph = _constant(3)
    fewer = without_constants(graph)
    assert fewer["sums"].op.outputs == 2  # type: ignore[attr-defined]
    assert fewer["y"].op.bias.tolist() == [10 - 3 * 7, 20 - 3]  # type: ignore[attr-defined]
    x = feeds(graph, 30)
    assert np.array_equal(run(fewer, x)["y"], run(graph, x)["y"])


def test_a_layer_that_is_an_output_keeps_its_neurons() -> None:
    graph = _constant(3, tapped=True)
    assert without_constants(graph) is graph


def test_other_nodes_are_left_alone() -> None:
    graph = every_kind()
    x = feeds(graph, 10)
    for output in graph.outputs:
        assert np.array_equal(run(without_constants(graph), x)[output.node], run(graph, x)[output.node])
