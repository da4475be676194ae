"""Float twins: the quantised network evaluated in float32 or float16, without a single QuantizeLinear.

Steps are folded into the weights, so that a layer is Gemm, Clip and Round; steps that are no powers of two would round
the weights, and are multiplied in behind the sums in float32. That is exact while partial sums stay below 2**24 units,
in float16 below 2**11: `exact_in` says whether they do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto

from toolchain.graph.dense import Integers
from toolchain.runtime.builder import OUTPUT, Builder, GraphSettings
from toolchain.runtime.codes import CodeLayer, CodeNetwork, Reals

Values = Reals | Integers

# Bits of the significand, the hidden one included.
_PRECISION = {"float32": 24, "float16": 11}
# Greatest whole number up to which float16 has them all.
_LARGEST_HALF = 2048


def exact_in(network: CodeNetwork, kind: str) -> bool:
    """Whether the twin of this kind (`float32`, `float16`) is exact whatever the order of its sums.

    True where all steps are powers of two and no partial sum needs more bits than the significand has.
    """
    powers = all(_is_power(layer.step) for layer in network.layers) and _is_power(np.asarray(network.logit_scale))
    return bool(powers and network.largest_sum <= 2 ** _PRECISION[kind])


def _is_power(values: Reals) -> bool:
    return bool((np.frexp(values)[0] == 0.5).all())


def fp32(network: CodeNetwork, settings: GraphSettings) -> onnx.ModelProto:
    """The float32 twin."""
    graph = Builder()
    _layers(graph, network, np.float32, OUTPUT)
    return graph.model("fp32", network.inputs, network.classes, settings)


def fp16(network: CodeNetwork, settings: GraphSettings) -> onnx.ModelProto:
    """The float16 twin; its input and output are float32, so that one runner serves all graphs."""
    graph = Builder()
    graph.apply("Cast", "input_half", to=TensorProto.FLOAT16)
    _layers(graph, network, np.float16, "logits_half")
    graph.apply("Cast", OUTPUT, to=TensorProto.FLOAT)
    return graph.model("fp16", network.inputs, network.classes, settings)


def _layers(graph: Builder, network: CodeNetwork, kind: type[np.floating[Any]], output: str) -> None:
    for index, layer in enumerate(network.layers):
        last = layer.levels is None
        scale = np.full(layer.weights.shape[1], network.logit_scale) if last else 1.0 / layer.step
        offset = network.logit_offset if last else 0.0
        # Whole sums keep equal logits equal; in float16 only the last layer's may be left unscaled, if they are small.
        if _is_power(scale) or (kind is np.float16 and not (last and _sum(layer, network) <= _LARGEST_HALF)):
            _gemm(graph, index, layer.weights * scale, layer.bias * scale + offset, kind, output if last else "")
        else:
            _gemm(graph, index, layer.weights, layer.bias, kind, "")
            factors = graph.constant(f"scale_{index}", scale.astype(kind))
            graph.apply("Mul", output if last and not offset else f"scaled_{index}", factors)
            if offset:
                graph.apply("Add", output, graph.constant("logit_offset", kind(offset)))
        if not last:
            _activation(graph, index, layer, kind)


def _sum(layer: CodeLayer, network: CodeNetwork) -> int:
    """Bound of a last layer's sums."""
    top = max([abs(network.low), abs(network.high)] if len(network.layers) == 1 else [network.layers[-2].levels or 0])
    return int((np.abs(layer.weights).sum(axis=0) * top + np.abs(layer.bias)).max())


def _gemm(graph: Builder, index: int, weights: Values, bias: Values, kind: type[np.floating[Any]], output: str) -> None:
    inputs = [graph.constant(f"weights_{index}", weights.astype(kind))]
    if bias.any():
        inputs.append(graph.constant(f"bias_{index}", bias.astype(kind)))
    graph.apply("Gemm", output or f"sums_{index}", *inputs)


def _activation(graph: Builder, index: int, layer: CodeLayer, kind: type[np.floating[Any]]) -> None:
    zero, top = graph.constant("zero", kind(0)), graph.constant(f"top_{layer.levels}", kind(layer.levels or 0))
    graph.apply("Clip", f"clipped_{index}", zero, top)
    # Where every step divides 1, all values are whole already.
    if (layer.step > 1).any() or (1 / layer.step % 1).any():
        graph.apply("Round", f"codes_{index}")
