"""Small integer networks of every kind that ends in a uniform quantiser."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from toolchain.graph.dense import INPUT, LOGITS, DenseLayer, DenseNetwork, network_of
from toolchain.graph.readers.source import Port, Source
from toolchain.graph.types import IntType
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.network_file.whole import whole_makers


@dataclass(frozen=True)
class Kind:
    """Input type, activation type, hidden sizes, greatest weight, and whether steps are powers of two."""

    inputs: str
    activations: str
    weight: int = 1
    powers: bool = True


KINDS = {
    "binary": Kind("BINARY", "UINT2"),
    "bytes": Kind("UINT8", "UINT2", 3),
    "signed bytes": Kind("INT8", "UINT2", 7),
    "bipolar": Kind("BIPOLAR", "BIPOLAR"),
    "signed codes": Kind("BINARY", "INT2", 3),
    "byte codes": Kind("UINT8", "UINT8", 7),
    "any step": Kind("INT8", "UINT3", 3, powers=False),
}
_ACTIVATIONS = {"UINT2": (3, 1, 0), "UINT3": (7, 1, 0), "INT2": (3, 1, -2), "UINT8": (255, 1, 0), "BIPOLAR": (1, 2, -1)}


def network(name: str) -> DenseNetwork:
    """A network of 12 inputs, hidden layers of 9 and 7 neurons, and 4 classes; some neurons never change."""
    kind, rng = KINDS[name], np.random.default_rng(5)
    layers, entering = [], kind.inputs
    for index, (inputs, outputs) in enumerate([(12, 9), (9, 7)]):
        weights = rng.integers(-kind.weight, kind.weight + 1, (inputs, outputs))
        weights[:, 0] = 0
        layers.append(hidden(f"layer{index}", weights, entering, kind, rng))
        entering = kind.activations
    last = rng.integers(-kind.weight, kind.weight + 1, (7, 4))
    layers.append(DenseLayer("last", last, entering, "INT32"))
    return network_of(tuple(layers), 0.0625)


def hidden(name: str, weights: NDArray[np.int64], entering: str, kind: Kind, rng: np.random.Generator) -> DenseLayer:
    """A layer whose thresholds are those of rounding ``(accumulator + bias) / step``."""
    levels, scale, least = _ACTIVATIONS[kind.activations]
    bare = DenseLayer(name, weights, entering, kind.activations)
    low, high = bare.accumulator_range()
    thresholds = np.zeros((bare.outputs, levels), np.int64)
    for neuron in range(bare.outputs):
        sums = np.arange(low[neuron], high[neuron] + 1)
        wanted = max((high[neuron] - low[neuron]) / (1.5 * levels), 0.25)
        step = 2.0 ** np.ceil(np.log2(wanted)) if kind.powers else wanted * 1.03
        codes = np.clip(np.rint((sums + int(rng.integers(-3, 4))) / step), 0, levels)
        thresholds[neuron] = low[neuron] + np.searchsorted(codes, np.arange(1, levels + 1))
    return DenseLayer(name, weights, entering, kind.activations, thresholds, scale, least)


def inputs(of: DenseNetwork, rows: int = 500) -> NDArray[np.int64]:
    """Random inputs of the network's type, shape (rows, inputs)."""
    low, high = IntType.of(of.input_type).ends
    x = np.random.default_rng(1).integers(low, high + 1, (rows, of.inputs))
    return np.where(x <= 0, -1, 1) if of.input_type == "BIPOLAR" else x


def logits(of: DenseNetwork, x: NDArray[np.int64]) -> NDArray[np.float32]:
    """What every graph should say."""
    return (of.run(x).logits * of.logit_scale + of.logit_offset).astype(np.float32)


def graphs_of(of: DenseNetwork, settings: GraphSettings | None = None) -> dict[str, onnx.ModelProto]:
    """Every variant, as a build makes them of a model of ours."""
    kind = np.dtype(np.float32)
    ports = ((Port(INPUT, (of.inputs,), kind),), (Port(LOGITS, (of.classes,), kind),))
    makers = whole_makers(Source("QONNX", of.scores, *ports), settings or GraphSettings())
    return {name: make() for name, make in makers.items()}
