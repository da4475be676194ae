"""The TensorRT-shaped graph: what `toolchain.runtime.rules` demands, and still exact on ONNX Runtime.

Codes are int8 with zero point 0: where they, or the inputs, reach beyond 127 they are shifted by 128, and the bias
behind them takes the shift back. Nothing stands between a QuantizeLinear and its DequantizeLinear: codes are clipped as
floats before they are quantised. Weights are float constants with a QuantizeLinear and DequantizeLinear of their own,
which every TensorRT from 8.0 on takes; biases stay float.
"""

from __future__ import annotations

import numpy as np
import onnx

from toolchain.errors import ModelError
from toolchain.graph.dense import Integers
from toolchain.runtime.builder import OUTPUT, Builder, GraphSettings
from toolchain.runtime.codes import CodeLayer, CodeNetwork

_SHIFT, _LEAST, _GREATEST = 128, -128, 127


def tensorrt(network: CodeNetwork, settings: GraphSettings) -> onnx.ModelProto:
    """The network as a QDQ graph for TensorRT.

    Raises:
        ModelError: codes, inputs or weights need more than 8 bits.
    """
    graph, shift = Builder(), _input_shift(network)
    if shift:
        graph.apply("Add", "input_shifted", graph.constant("input_shift", np.float32(-shift)))
    _pair(graph, "input")
    for index, layer in enumerate(network.layers):
        whole = layer.bias + shift * layer.weights.sum(axis=0)
        if layer.levels is None:
            _logits(graph, index, layer, whole, network)
            break
        scale, bias = 1.0 / layer.step, whole / layer.step
        shift = 0 if layer.levels <= _GREATEST else _SHIFT
        _product(graph, index, layer, scale, bias - shift, f"sums_{index}")
        _activation(graph, index, layer.levels, shift)
    return graph.model("tensorrt", network.inputs, network.classes, settings)


def _input_shift(network: CodeNetwork) -> int:
    if network.low >= _LEAST and network.high <= _GREATEST:
        return 0
    if network.low >= 0 and network.high <= _GREATEST + _SHIFT:
        return _SHIFT
    raise ModelError(f"inputs from {network.low} to {network.high} do not fit a byte; quantise them to 8 bits")


def _logits(graph: Builder, index: int, layer: CodeLayer, bias: Integers, network: CodeNetwork) -> None:
    """The last layer; a scale that would round is multiplied in behind its sums, so that equal logits stay equal."""
    power = np.frexp(network.logit_scale)[0] == 0.5
    scale = np.full(layer.weights.shape[1], network.logit_scale if power else 1.0)
    last = power and not network.logit_offset
    _product(graph, index, layer, scale, bias * scale, OUTPUT if last else f"sums_{index}")
    if not power:
        name = f"scaled_{index}" if network.logit_offset else OUTPUT
        graph.apply("Mul", name, graph.constant("logit_scale", np.float32(network.logit_scale)))
    if network.logit_offset:
        graph.apply("Add", OUTPUT, graph.constant("logit_offset", np.float32(network.logit_offset)))


def _pair(graph: Builder, name: str) -> None:
    one, zero = graph.constant("one", np.float32(1)), graph.constant("zero", np.int8(0))
    graph.apply("QuantizeLinear", f"{name}_codes", one, zero)
    graph.apply("DequantizeLinear", f"{name}_values", one, zero)


def _product(graph: Builder, index: int, layer: CodeLayer, scale: np.ndarray, bias: np.ndarray, output: str) -> None:
    if int(np.abs(layer.weights).max(initial=0)) > _GREATEST:
        raise ModelError(f"layer {index}: weights of more than 8 bits; quantise them to 8 bits")
    values = graph.constant(f"weights_{index}", (layer.weights * scale).astype(np.float32))
    factors = graph.constant(f"scale_{index}", scale.astype(np.float32))
    zeros = graph.constant(f"weight_zero_{index}", np.zeros(len(scale), np.int8))
    codes = graph.beside("QuantizeLinear", f"weight_codes_{index}", values, factors, zeros, axis=1)
    weights = graph.beside("DequantizeLinear", f"weight_values_{index}", codes, factors, zeros, axis=1)
    graph.apply("Gemm", output, weights, graph.constant(f"bias_{index}", bias.astype(np.float32)))


def _activation(graph: Builder, index: int, levels: int, shift: int) -> None:
    if levels > _GREATEST + _SHIFT:
        raise ModelError(f"layer {index}: {levels + 1} activation levels do not fit a byte; use 8 bits or fewer")
    least = graph.constant(f"least_{-shift}", np.float32(-shift))
    top = graph.constant(f"top_{levels - shift}", np.float32(levels - shift))
    graph.apply("Clip", f"clipped_{index}", least, top)
    _pair(graph, f"layer_{index}")
