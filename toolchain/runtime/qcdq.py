"""QCDQ for the CPU provider: quantise, clip, dequantise; exact by construction.

Activations are codes with a scale of 1, weights int8 with one scale a neuron, biases int32 with the product of both
scales: nothing is left for ONNX Runtime's `WeightBiasQuantization` to round. With steps that are powers of two, every
float on the way is exact.
"""

from __future__ import annotations

import numpy as np
import onnx

from toolchain.errors import ModelError
from toolchain.runtime.builder import OUTPUT, Builder, GraphSettings
from toolchain.runtime.codes import CodeLayer, CodeNetwork

_BYTE = 255


def qcdq(network: CodeNetwork, settings: GraphSettings) -> onnx.ModelProto:
    """The network as a QCDQ graph.

    Raises:
        ModelError: codes or weights need more than 8 bits.
    """
    graph = Builder()
    _source(graph, network)
    for index, layer in enumerate(network.layers):
        scale = np.full(layer.weights.shape[1], network.logit_scale) if layer.levels is None else 1.0 / layer.step
        last = layer.levels is None and not network.logit_offset
        _product(graph, index, layer, scale, OUTPUT if last else f"sums_{index}")
        if layer.levels is not None:
            _activation(graph, index, layer.levels)
    if network.logit_offset:
        graph.apply("Add", OUTPUT, graph.constant("logit_offset", np.float32(network.logit_offset)))
    return graph.model("qcdq", network.inputs, network.classes, settings)


def _source(graph: Builder, network: CodeNetwork) -> None:
    """Inputs as unsigned bytes; the zero point moves the least input to 0."""
    if network.high - network.low > _BYTE:
        raise ModelError(f"inputs from {network.low} to {network.high} do not fit a byte; quantise them to 8 bits")
    zero = graph.constant("input_zero", np.uint8(-network.low))
    one = graph.constant("one", np.float32(1))
    graph.apply("QuantizeLinear", "input_codes", one, zero)
    graph.apply("DequantizeLinear", "input_values", one, zero)


def _product(graph: Builder, index: int, layer: CodeLayer, scale: np.ndarray, output: str) -> None:
    if int(np.abs(layer.weights).max(initial=0)) > 127:
        raise ModelError(f"layer {index}: weights of more than 8 bits; quantise them to 8 bits")
    factors = graph.constant(f"scale_{index}", scale.astype(np.float32))
    weights = graph.beside(
        "DequantizeLinear",
        f"weight_values_{index}",
        graph.constant(f"weights_{index}", layer.weights.astype(np.int8)),
        factors,
        graph.constant(f"weight_zero_{index}", np.zeros(len(scale), np.int8)),
        axis=1,
    )
    bias = graph.beside(
        "DequantizeLinear",
        f"bias_values_{index}",
        graph.constant(f"bias_{index}", layer.bias.astype(np.int32)),
        factors,
        graph.constant(f"bias_zero_{index}", np.zeros(len(scale), np.int32)),
        axis=0,
    )
    graph.apply("Gemm", output, weights, bias)


def _activation(graph: Builder, index: int, levels: int) -> None:
    """Rounds and clips at 0 by the conversion to uint8, clips at the greatest code where that is below 255."""
    if levels > _BYTE:
        raise ModelError(f"layer {index}: {levels + 1} activation levels do not fit a byte; use 8 bits or fewer")
    one, zero = graph.constant("one", np.float32(1)), graph.constant("zero", np.uint8(0))
    graph.apply("QuantizeLinear", f"codes_{index}", one, zero)
    if levels < _BYTE:
        graph.apply("Clip", f"clipped_{index}", zero, graph.constant(f"top_{levels}", np.uint8(levels)))
    graph.apply("DequantizeLinear", f"values_{index}", one, zero)
