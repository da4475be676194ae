"""The graphs compute what the integer network computes, in wires no wider than they need."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hls.pack import encode
from hls.unrolled.fabric import ECP5, FOUR, ULTRASCALE, Fabric
from hls.unrolled.ir import Affine, Constant, Count, Input, Reached, Rows, Sum, Table, width_of
from hls.unrolled.lower import LoweredLayer, lower_network
from tests.fast.hls.unrolled.networks import NETWORKS, TABLE_NETWORKS, random_inputs, random_network
from toolchain.graph.dense import DenseLayer, DenseNetwork, network_of

FABRICS = (FOUR, ECP5, ULTRASCALE)


def wire_inputs(network: DenseNetwork, x: np.ndarray) -> np.ndarray:
    """Inputs as the first layer's graph reads them."""
    return encode(x, "BIPOLAR") if network.input_type == "BIPOLAR" else x


def same(layers: list[LoweredLayer], network: DenseNetwork, x: np.ndarray) -> None:
    execution, wire = network.run(x), wire_inputs(network, x)
    for layer, expected in zip(layers, execution.layers, strict=False):
        wire = layer.graph.run(wire)
        np.testing.assert_array_equal(layer.result.scale * wire + layer.result.offset, expected)
    np.testing.assert_array_equal(layers[-1].graph.run(wire)[:, 0], execution.labels)


@pytest.mark.parametrize("name", [*NETWORKS, *TABLE_NETWORKS])
@pytest.mark.parametrize("fabric", FABRICS, ids=str)
def test_graphs_equal_the_integer_network(name: str, fabric: Fabric) -> None:
    network = (NETWORKS | TABLE_NETWORKS)[name]
    same(lower_network(network, fabric), network, random_inputs(network, 400))


@pytest.mark.parametrize("name", [*NETWORKS, *TABLE_NETWORKS])
@pytest.mark.parametrize("fabric", FABRICS, ids=str)
def test_every_value_stays_in_its_range(name: str, fabric: Fabric) -> None:
    network = (NETWORKS | TABLE_NETWORKS)[name]
    wire = wire_inputs(network, random_inputs(network, 300))
    for layer in lower_network(network, fabric):
        for identifier, values in layer.graph.evaluate(wire).items():
            assert layer.graph.low[identifier] <= values.min()
            assert values.max() <= layer.graph.high[identifier]
        wire = layer.graph.run(wire)


@pytest.mark.parametrize(("input_type", "weight_type"), [("UINT2", "TERNARY"), ("UINT1", "INT4"), ("INT2", "INT3")])
def test_sums_take_both_ends_of_their_range(input_type: str, weight_type: str) -> None:
    network = random_network([5, 6, 2], 20, input_type, weight_type)
    low, high = int(random_inputs(network, 2).min()), int(random_inputs(network, 2).max())
    x = np.array(list(product(range(low, high + 1), repeat=5)))
    graph = lower_network(network)[0].graph
    checked = 0
    for identifier, values in graph.evaluate(x).items():
        node = graph.nodes[identifier]
        if isinstance(node, Sum | Table | Affine) or (isinstance(node, Rows) and node.carry is None):
            assert (values.min(), values.max()) == (graph.low[identifier], graph.high[identifier])
            assert graph.width(identifier) == width_of(int(values.min()), int(values.max()))
            checked += 1
    assert checked > 5


def test_thresholds_out_of_reach_become_constants() -> None:
    weights = np.array([[1, 1, -1], [1, 1, 1]])
    thresholds = np.array([[-9, -8, -7], [7, 8, 9], [-4, 0, 4]])
    hidden = DenseLayer("hidden", weights, "UINT2", "UINT2", thresholds)
    last = DenseLayer("last", np.ones((3, 2), np.int64), "UINT2", "INT8")
    graph = lower_network(network_of((hidden, last)))[0].graph
    always, never, partly = (graph.nodes[output] for output in graph.outputs)
    assert (always, never) == (Constant(3), Constant(0))
    assert isinstance(partly, Count)
    assert (graph.low[graph.outputs[2]], graph.high[graph.outputs[2]]) == (1, 2)


def test_a_neuron_of_six_bits_is_one_table_of_its_inputs_on_six_input_luts() -> None:
    rng = np.random.default_rng(3)
    weights = np.zeros((12, 40), np.int64)
    for column in weights.T:
        column[rng.choice(12, 6, replace=False)] = rng.choice([-2, -1, 1, 2], 6)
    # Columns that have all of their pairs in common would be worth sharing otherwise.
    weights[:, 20:] = weights[:, :20] * np.where(rng.random((12, 20)) < 0.2, -1, 1)
    thresholds = rng.integers(-1, 2, (40, 1))
    hidden = DenseLayer("hidden", weights, "UINT1", "UINT1", thresholds)
    network = network_of((hidden, DenseLayer("last", rng.integers(-1, 2, (40, 3)), "UINT1", "INT8")))
    layers = lower_network(network, ULTRASCALE)
    same(layers, network, random_inputs(network, 500))
    graph = layers[0].graph
    kinds = {type(graph.nodes[identifier]) for identifier in graph.needed(graph.outputs)}
    assert kinds <= {Input, Reached, Constant}


def test_equal_and_opposite_columns_share_one_sum() -> None:
    generator = np.random.default_rng(3)
    column = generator.integers(-1, 2, 30)
    weights = np.stack([column, column, -column], axis=1)
    layer = DenseLayer("hidden", weights, "BINARY", "UINT1", np.array([[1], [2], [1]]))
    last = DenseLayer("last", np.ones((3, 2), np.int64), "UINT1", "INT8")
    network = network_of((layer, last))
    alone = DenseLayer("hidden", weights[:, :1], "BINARY", "UINT1", np.array([[1]]))
    one = network_of((alone, DenseLayer("last", np.ones((1, 2), np.int64), "UINT1")))
    sums = [
        sum(isinstance(graph.nodes[i], Sum | Rows | Table) for i in graph.needed())
        for graph in (
            lower_network(network)[0].graph,
            lower_network(one)[0].graph,
        )
    ]
    assert sums[0] == sums[1]
    same(lower_network(network), network, generator.integers(0, 2, (200, 30)))


def test_outputs_that_nobody_reads_are_marked() -> None:
    network = random_network([8, 6, 3], 21)
    last = network.layers[1].weights.copy()
    last[[1, 4]] = 0
    layers = (network.layers[0], DenseLayer("last", last, "UINT2", "INT32"))
    lowered = lower_network(network_of(layers))
    assert lowered[0].live == tuple(bool(row.any()) for row in last)
    assert not lowered[0].live[1]


@pytest.mark.parametrize("classes", range(1, 10))
def test_the_first_of_equal_logits_wins(classes: int) -> None:
    identity = DenseLayer("last", np.eye(classes, dtype=np.int64), "UINT2", "INT8")
    network = network_of((identity,))
    same(lower_network(network), network, random_inputs(network, 500))
