"""Random networks in which many neurons, inputs or whole layers are dead: their code never changes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.dense import DenseLayer, DenseNetwork, network_of

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Activation:
    """Type of a hidden layer's outputs and the number of its thresholds, which may be fewer than the type holds."""

    type_name: str
    levels: int

    @property
    def scale_and_bias(self) -> tuple[int, int]:
        """How the count becomes a value."""
        return (2, -1) if self.type_name == "BIPOLAR" else (1, 0)


ACTIVATIONS = {
    "binary": Activation("BINARY", 1),
    "bipolar": Activation("BIPOLAR", 1),
    "two bits": Activation("UINT2", 3),
    "two bits, two levels": Activation("UINT2", 2),
    "three bits, five levels": Activation("UINT3", 5),
    "four bits": Activation("UINT4", 15),
    "no levels": Activation("UINT2", 0),
    "no levels, BIPOLAR": Activation("BIPOLAR", 0),
}


def dead_network(
    activation: Activation, seed: int, sizes: tuple[int, ...] = (4, 6, 6, 4), input_type: str = "BINARY"
) -> DenseNetwork:
    """A network of which about half of the neurons are constant, in each of the ways there are.

    The second hidden layer of every third seed is dead as a whole; every third seed has BIPOLAR weights only.
    """
    rng = np.random.default_rng(seed)
    layers: list[DenseLayer] = []
    scale, bias = activation.scale_and_bias
    for index, (inputs, outputs) in enumerate(pairwise(sizes)):
        name, source = f"fc{index}", activation.type_name if index else input_type
        weights = _weights(rng, seed % 3, (inputs, outputs))
        if index == len(sizes) - 2:
            layers.append(DenseLayer(name, weights, source, "INT32"))
            break
        layer = DenseLayer(name, weights, source, activation.type_name)
        alive = 0.0 if seed % 3 == 1 and index == 1 else 0.5
        thresholds = _thresholds(rng, layer, activation.levels, alive)
        layers.append(DenseLayer(name, weights, source, activation.type_name, thresholds, scale, bias))
    return network_of(tuple(layers))


def _weights(rng: np.random.Generator, kind: int, shape: tuple[int, int]) -> Integers:
    """Weights; where they can be zero, with dead inputs (rows) and neurons without any weight (columns)."""
    if kind == 2:
        return 2 * rng.integers(0, 2, shape) - 1
    low, high = (-1, 2) if kind else (-32, 32)
    weights = rng.integers(low, high, shape)
    weights[rng.random(shape[0]) < 0.25] = 0
    weights[:, rng.random(shape[1]) < 0.25] = 0
    return weights


def _thresholds(rng: np.random.Generator, layer: DenseLayer, levels: int, alive: float) -> Integers:
    """Thresholds of neurons, shape (outputs, levels): some within reach, the others all above or below it.

    A dead neuron reaches some number of its levels, always the same ones: at the very edge of its range or far out.
    """
    low, high = (end[:, None] for end in layer.accumulator_range())
    shape = (layer.outputs, levels)
    within = rng.integers(low, high + 1, shape)
    reached = np.arange(levels) < rng.integers(0, levels + 1, (layer.outputs, 1))
    distance = rng.choice([0, 1, 1000], shape)
    outside = np.where(reached, low - distance, high + 1 + distance)
    return np.sort(np.where(rng.random((layer.outputs, 1)) < alive, within, outside), axis=1)
