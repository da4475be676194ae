"""Small random networks of every kind of type, for the tests of the unrolled strategy."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.dense import DenseLayer, DenseNetwork, network_of
from toolchain.graph.ops import Table
from toolchain.graph.types import IntType


def random_network(
    sizes: list[int],
    seed: int,
    input_type: str = "UINT8",
    weight_type: str = "TERNARY",
    activation: str = "UINT2",
    zeros: float = 0.45,
) -> DenseNetwork:
    """A network of the given inputs, neurons ... classes with thresholds that its accumulators cross.

    A few thresholds lie outside what can be reached.
    """
    generator = np.random.default_rng(seed)
    layers, type_name, scale, bias = [], input_type, 1, 0
    for index, (inputs, outputs) in enumerate(pairwise(sizes)):
        weights = _weights(generator, weight_type, zeros, (inputs, outputs))
        last = index == len(sizes) - 2
        layer = DenseLayer(f"layer{index}", weights, type_name, "INT32" if last else activation)
        if not last:
            scale, bias = (2, -1) if activation == "BIPOLAR" else (1, 0)
            thresholds = _thresholds(generator, layer, IntType.of(activation).ends)
            layer = DenseLayer(layer.name, weights, type_name, activation, thresholds, out_scale=scale, out_bias=bias)
        layers.append(layer)
        type_name = activation
    return network_of(tuple(layers))


def table_network(
    sizes: list[int], seed: int, input_type: str = "BINARY", values: tuple[int, ...] = (0, 1), bits: int = 6
) -> DenseNetwork:
    """A network whose neurons are tables of `values`, before the last layer's sums; no input twice in a neuron.

    Some tables do not depend on all their bits, some are constants, and some are the same as others.
    """
    generator = np.random.default_rng(seed)
    layers, type_name = [], input_type
    for index, (inputs, outputs) in enumerate(pairwise(sizes[:-1])):
        layers.append(_table_layer(generator, f"layer{index}", type_name, (inputs, outputs, bits), values))
        type_name = layers[-1].output_type
    layers.append(DenseLayer("last", generator.integers(-1, 2, sizes[-2:]), type_name))
    return network_of(layers)


def _table_layer(
    generator: np.random.Generator, name: str, type_name: str, size: tuple[int, int, int], values: tuple[int, ...]
) -> DenseLayer:
    kind, (inputs, outputs, bits) = IntType.of(type_name), size
    few = min(inputs, bits // kind.bits)
    weights = np.zeros((inputs, outputs), np.int64)
    for column in range(outputs):
        weights[generator.permutation(inputs)[:few], column] = (1 << kind.bits) ** np.arange(few)
    weights[:, -1] = weights[:, 0]
    low, high = DenseLayer(name, weights, type_name).accumulator_range()
    table = generator.choice(values, (outputs, int(high.max() - low.min()) + 1))
    table[-1], table[1], table[2] = table[0], values[0], table[2, 0]
    table[3, : table.shape[1] // 2] = table[3, -(table.shape[1] // 2) :]
    output, least = IntType(min(values), max(values), values[1] - values[0]), int(low.min())
    tabled = Table(table, least)
    return DenseLayer(name, weights, type_name, output.datatype, None, output.step, output.low, table=tabled)


def random_inputs(network: DenseNetwork, count: int, seed: int = 0) -> NDArray[np.int64]:
    """Inputs over the whole range of the input type, the extreme vectors among them."""
    low, high = IntType.of(network.input_type).ends
    x = np.random.default_rng(seed).integers(low, high + 1, (count, network.inputs))
    if network.input_type == "BIPOLAR":
        x = np.where(x > 0, 1, -1)
    x[0], x[1] = low, high
    return x


def _weights(
    generator: np.random.Generator, weight_type: str, zeros: float, shape: tuple[int, int]
) -> NDArray[np.int64]:
    low, high = IntType.of(weight_type).ends
    weights = generator.integers(low, high + 1, shape)
    if weight_type == "BIPOLAR":
        return np.where(weights > 0, 1, -1)
    return np.where(generator.random(shape) < zeros, 0, np.where(weights == 0, 1, weights))


def _thresholds(generator: np.random.Generator, layer: DenseLayer, activation: tuple[int, int]) -> NDArray[np.int64]:
    levels = 1 if activation[0] < 0 else activation[1]
    low, high = layer.accumulator_range()
    thresholds = generator.integers(low[:, None], high[:, None] + 1, (layer.outputs, levels))
    outside = generator.random(thresholds.shape) < 0.03
    thresholds = np.where(outside, thresholds + 3 * (high - low + 1)[:, None] * (2 * (thresholds > 0) - 1), thresholds)
    return np.sort(thresholds, axis=1)


NETWORKS = {
    "ternary on bytes": random_network([6, 14, 8, 3], 1),
    "ternary on bits": random_network([40, 16, 9, 5], 2, "BINARY"),
    "bipolar weights": random_network([12, 8, 4], 3, "UINT2", "BIPOLAR"),
    "bipolar everywhere": random_network([20, 10, 6, 4], 4, "BIPOLAR", "BIPOLAR", "BIPOLAR"),
    "bipolar activations": random_network([5, 10, 7, 4], 5, "UINT4", "INT3", "BIPOLAR"),
    "wide weights": random_network([5, 8, 6, 3], 6, "UINT8", "INT8", "UINT3"),
    "unsigned weights": random_network([7, 5, 3], 7, "UINT1", "UINT4", "UINT1"),
    "signed inputs": random_network([6, 9, 5, 3], 8, "INT5", "INT4", "UINT4"),
    "signed bits": random_network([6, 6, 3], 9, "INT2", "TERNARY"),
    "very sparse": random_network([12, 10, 8, 4], 10, "BINARY", zeros=0.9),
    "all zero": random_network([4, 3, 2], 11, zeros=1.0),
    "one layer": random_network([9, 4], 12, "BINARY", "INT2"),
    "one class": random_network([4, 3, 1], 13),
}

TABLE_NETWORKS = {
    "tables of bits": table_network([20, 30, 12, 3], 20),
    "small tables": table_network([9, 14, 8, 4], 21, bits=4),
    "tables of signs": table_network([14, 20, 9, 3], 22, "BIPOLAR", (-1, 1)),
    "tables of numbers": table_network([8, 15, 8, 3], 23, "UINT2", (0, 1, 2, 3)),
    "wide": table_network([96, 30, 12, 3], 25),
    "tables of signed numbers": table_network([8, 15, 8, 3], 24, "INT3", (-3, -1, 1, 3)),
}
