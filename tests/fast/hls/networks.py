"""Random integer networks and inputs, for the tests of the hardware."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hls.arithmetic import analyse
from hls.plan import interval, plan_layers
from tests.doubles.folded import NOTHING
from toolchain.graph.dense import DenseLayer, DenseNetwork, network_of
from toolchain.graph.types import IntType
from toolchain.results.folding import Folding, LayerFolding

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Shape:
    """What `random_network` builds: weights "ternary", "bipolar" or "int4"; levels of an activation (0: BIPOLAR)."""

    input_type: str
    inputs: int
    widths: tuple[int, ...]
    weights: str = "ternary"
    levels: int = 3


def random_network(shape: Shape, seed: int) -> DenseNetwork:
    rng = np.random.default_rng(seed)
    layers: list[DenseLayer] = []
    inputs, input_type = shape.inputs, shape.input_type
    for index, outputs in enumerate(shape.widths):
        weights = _weights(rng, shape.weights, (inputs, outputs))
        last = index == len(shape.widths) - 1
        layer = DenseLayer(f"fc{index}", weights, input_type, "INT32")
        layer = layer if last else _activated(rng, layer, shape.levels)
        layers.append(layer)
        inputs, input_type = outputs, layer.output_type
    return network_of(tuple(layers))


def _weights(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> Integers:
    if kind == "ternary":
        return rng.integers(-1, 2, shape)
    if kind == "bipolar":
        return 2 * rng.integers(0, 2, shape) - 1
    return rng.integers(-8, 8, shape)


def _activated(rng: np.random.Generator, layer: DenseLayer, levels: int) -> DenseLayer:
    """The layer with thresholds around its mean, some of them outside the accumulator's range."""
    low, high = layer.accumulator_range()
    shape = (layer.outputs, max(levels, 1))
    spread = np.maximum(1, (high - low) // 8)[:, None]
    thresholds = (low + high)[:, None] // 2 + (rng.normal(size=shape) * spread).astype(np.int64)
    thresholds[rng.random(shape) < 0.05] = 10**6
    thresholds[rng.random(shape) < 0.05] = -(10**6)
    bipolar = levels == 0
    output_type = "BIPOLAR" if bipolar else f"UINT{levels.bit_length()}"
    scale, bias = (2, -1) if bipolar else (1, 0)
    return DenseLayer(
        layer.name,
        layer.weights,
        layer.input_type,
        output_type,
        np.sort(thresholds, axis=1),
        scale,
        bias,
    )


def random_inputs(network: DenseNetwork, vectors: int, seed: int) -> Integers:
    rng = np.random.default_rng(seed)
    shape = (vectors, network.inputs)
    if network.input_type == "BIPOLAR":
        return 2 * rng.integers(0, 2, shape) - 1
    low, high = IntType.of(network.input_type).ends
    return rng.integers(low, high + 1, shape)


def folding(network: DenseNetwork, parallelism: list[tuple[int, int]]) -> Folding:
    """A folding by hand, (PE, SIMD) a layer."""
    plans = plan_layers(analyse(network), parallelism)
    layers = tuple(LayerFolding(plan.arithmetic.layer.name, plan.pe, plan.simd, plan.cycles) for plan in plans)
    cycles = interval(plans)
    return Folding("folded", layers, cycles, 1e6 / cycles, 1_000_000, None, NOTHING)
