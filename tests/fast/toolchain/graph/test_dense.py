"""A chain of dense layers is a view of the graph; what is no such chain is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.fast.toolchain.graph.some_graphs import every_kind
from toolchain.errors import ModelError
from toolchain.graph.dense import LABEL, DenseLayer, DenseNetwork, dense_graph, dense_network, network_of
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph
from toolchain.graph.ops import ArgMax, Input, Linear, Table, Threshold, dense
from toolchain.graph.types import TensorType


def _network(kind: str) -> DenseNetwork:
    return network_of((DenseLayer("last", np.array([[1, 2], [3, 4]]), kind),))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("UINT8", 256, "whole numbers from 0 to 255"),
        ("UINT8", -1, "whole numbers from 0 to 255"),
        ("INT4", 8, "whole numbers from -8 to 7"),
        ("BINARY", 2, "whole numbers from 0 to 1"),
        ("BIPOLAR", 0, "whole numbers from -1 to 1 in steps of 2"),
        ("INT4", 0.5, "whole numbers"),
        ("INT4", np.nan, "whole numbers"),
    ],
)
def test_a_value_of_another_type_is_refused(kind: str, value: Any, expected: str) -> None:
    x = np.ones((3, 2), np.asarray(value).dtype)
    x[2, 1] = value
    with pytest.raises(ModelError, match=rf"vector 2, element 1 is {value}; the network takes {kind}: {expected}"):
        _network(kind).run(x)


@pytest.mark.parametrize("kind", [np.uint16, np.int8, np.float32])
def test_values_of_the_type_are_taken_whatever_array_holds_them(kind: Any) -> None:
    assert _network("UINT4").run(np.array([[0, 15], [1, 2]], kind)).logits.tolist() == [[45, 60], [7, 10]]


def test_an_array_may_be_narrower_than_the_type() -> None:
    assert _network("INT16").run(np.array([[-128, 127]], np.int8)).logits.tolist() == [[253, 252]]
    assert _network("UINT16").run(np.array([[1, 0]], np.bool_)).logits.tolist() == [[1, 2]]


def test_no_inputs_have_no_answers() -> None:
    assert _network("UINT4").run(np.zeros((0, 2), np.uint8)).logits.shape == (0, 2)
    assert _network("BIPOLAR").run(np.zeros((0, 2), np.int8)).logits.shape == (0, 2)


def _layers() -> list[DenseLayer]:
    random = np.random.default_rng(0)
    table = np.sort(random.integers(-20, 20, (6, 3)), axis=1)
    return [
        DenseLayer("first", random.integers(-3, 4, (5, 6)), "INT4", "UINT2", table),
        DenseLayer("last", random.integers(-3, 4, (6, 4)), "UINT2"),
    ]


def test_layers_make_a_graph_and_the_graph_gives_the_layers() -> None:
    layers = _layers()
    again = dense_network(dense_graph(layers, 0.5, 0.25))
    assert (again.logit_scale, again.logit_offset, again.classes) == (0.5, 0.25, 4)
    for one, other in zip(layers, again.layers, strict=True):
        assert np.array_equal(one.weights, other.weights)
        assert (one.name, one.input_type, one.output_type) == (other.name, other.input_type, other.output_type)


def test_biases_go_into_thresholds_and_stay_with_the_logits() -> None:
    first, last = _layers()
    graph = Graph()
    graph.add("x", Input(TensorType((5,), -8, 7)))
    graph.add("first", dense(first.weights, np.arange(6)), "x")
    graph.add("act", Threshold(first.thresholds), "first")  # type: ignore[arg-type]
    graph.add("last", dense(last.weights, np.arange(4) - 9), "act")
    graph.end(LABEL, graph.add(LABEL, ArgMax(), "last"))
    network = dense_network(graph)
    bare = network_of(
        [replace(first, thresholds=network.layers[0].thresholds), replace(last, bias=network.layers[1].bias)]
    )
    x = np.random.default_rng(1).integers(-8, 8, (300, 5))
    assert np.array_equal(bare.run(x).labels, run_one(graph, x)[LABEL].ravel())
    assert np.array_equal(bare.run(x).logits, network.run(x).logits)


def _no_label() -> Graph:
    graph = Graph()
    graph.add("x", Input(TensorType((4,), 0, 3)))
    graph.add("last", dense(np.ones((4, 2), np.int64)), "x")
    return graph


def _two_readers() -> Graph:
    graph = _no_label()
    graph.add("other", dense(np.ones((4, 2), np.int64)), "x")
    return graph


def _threshold_first() -> Graph:
    graph = Graph()
    graph.add("x", Input(TensorType((4,), 0, 3)))
    graph.add("step", Threshold(np.array([[1]])), "x")
    return graph


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (every_kind, r"node conv/window \(Window\): STRATEGY=unrolled takes chains of dense"),
        (_no_label, "the network ends in last, which is no class"),
        (_two_readers, "node last .*: the network branches at x"),
        (_threshold_first, "node step .*: thresholds behind the input; STRATEGY"),
    ],
)
def test_another_graph_is_refused_by_name(make: Callable[[], Graph], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        dense_network(make())


def test_scores_that_are_quantised_again_are_refused_by_that_name() -> None:
    graph = Graph()
    x = graph.add("x", Input(TensorType((2,), 0, 3)))
    sums = graph.add("last", Linear(np.array([[1, 2], [3, 4]]), np.zeros(2, np.int64)), x)
    codes = graph.add("codes", Threshold(np.array([[3, 5], [3, 5]])), sums)
    graph.end(LABEL, graph.add("label", ArgMax(), codes))
    with pytest.raises(ModelError, match=r"node last \(Linear\): the last layer's scores are quantised again"):
        dense_network(graph)


def _tabled(bits: int) -> Graph:
    """Two neurons that are tables of so many bits, and two sums of them."""
    random = np.random.default_rng(0)
    graph = Graph()
    x = graph.add("x", Input(TensorType((bits,), 0, 1)))
    sums = graph.add("first", dense(np.stack([2 ** np.arange(bits), np.eye(bits, dtype=np.int64)[0]], 1)), x)
    codes = graph.add("table", Table(random.integers(0, 2, (2, 2**bits))), sums)
    scores = graph.add("last", dense(np.array([[1, -1], [0, 1]])), codes)
    graph.end(LABEL, graph.add(LABEL, ArgMax(), scores))
    return graph


def test_neurons_that_are_tables_are_a_layer_of_a_chain_and_the_layer_makes_them_again() -> None:
    graph = _tabled(6)
    network = dense_network(graph)
    x = np.random.default_rng(1).integers(0, 2, (300, 6))
    assert (network.layers[0].quantised, network.layers[0].output_type) == (True, "BINARY")
    assert np.array_equal(network.run(x).labels, run_one(graph, x)[LABEL].ravel())
    assert np.array_equal(network_of(network.layers).run(x).logits, network.run(x).logits)


def test_a_table_of_more_bits_than_a_look_up_table_has_is_no_chain() -> None:
    said = (
        r"node first \(Linear\): a table follows, and neuron 0 has 7 input bits; a neuron that is a table has 6 at most"
    )
    with pytest.raises(ModelError, match=said):
        dense_network(_tabled(7))
