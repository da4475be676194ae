"""Functions of one code, as tables of TFLite's own 8-bit definitions; and what ends a classifier."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.ops import ArgMax, Softmax
from toolchain.graph.readers.tflite.building import Building, axis_of, inner, numbers
from toolchain.graph.readers.tflite.flatbuffer import Operator, Tensor
from toolchain.graph.readers.tflite.operators import hardswish
from toolchain.graph.readers.tflite.quantised import Rescaling, active_range, away, checked, limits, scale_of, zero_of

Whole = NDArray[np.int64]
Reals = NDArray[np.float32]

_RELU, _RELU_N1_TO_1, _RELU6 = 1, 2, 3


def relu(b: Building, operator: Operator) -> str:
    """RELU."""
    return _clipped(b, operator, _RELU)


def relu6(b: Building, operator: Operator) -> str:
    """RELU6."""
    return _clipped(b, operator, _RELU6)


def relu_n1_to_1(b: Building, operator: Operator) -> str:
    """RELU_N1_TO_1."""
    return _clipped(b, operator, _RELU_N1_TO_1)


def requantise(b: Building, operator: Operator) -> str:
    """QUANTIZE of 8-bit codes to another scale, zero point or sign."""
    source, result = b.tensor(operator, 0), checked(b.output(operator))
    rescale = _rescaling(source, scale_of(source) / scale_of(result))
    return _table(b, operator, lambda x: rescale(x) + zero_of(result))


def leaky_relu(b: Building, operator: Operator) -> str:
    """LEAKY_RELU: a factor each for what is positive and negative."""
    source, result = b.tensor(operator, 0), b.output(operator)
    alpha = np.float32(operator.options["Alpha"])
    rising = _rescaling(source, _ratio(source, result))
    falling = _rescaling(source, abs(float(np.float32(scale_of(source)) * alpha / np.float32(scale_of(result)))))
    sign = -1 if alpha < 0 else 1
    return _table(b, operator, lambda x: np.where(x >= 0, rising(x), sign * falling(x)) + zero_of(result))


def hard_swish(b: Building, operator: Operator) -> str:
    """HARD_SWISH, in TFLite's 16-bit fixed point."""
    source, result = b.tensor(operator, 0), b.output(operator)
    codes = hardswish.codes(scale_of(source), scale_of(result))
    return _table(b, operator, lambda x: codes(x) + zero_of(result))


def logistic(b: Building, operator: Operator) -> str:
    """LOGISTIC; TFLite demands an output scale of 1/256."""
    if scale_of(b.output(operator)) != 1 / 256:
        raise ModelError(f"an output scale of {scale_of(b.output(operator)):g}; TFLite takes 1/256 only")
    return _of_reals(b, operator, _sigmoid)


def _sigmoid(x: Reals) -> Reals:
    one = np.float32(1)
    found: Reals = one / (one + _single(np.exp(-x.astype(np.float64))))
    return found


def tanh(b: Building, operator: Operator) -> str:
    """TANH."""
    return _of_reals(b, operator, lambda x: _single(np.tanh(x.astype(np.float64))))


def softmax(b: Building, operator: Operator) -> str:
    """SOFTMAX over the last axis."""
    source, result = b.tensor(operator, 0), b.output(operator)
    scale, zero = scale_of(result), zero_of(result)
    if zero != -128 or abs(scale * 256 - 1) > 0.001 or (source.type, result.type) != ("INT8", "INT8"):
        raise ModelError(f"{result}: scale {scale:g}, zero point {zero}; TFLite takes 1/256 and -128, as INT8")
    beta = float(np.float32(operator.options["Beta"]))
    return b.add(operator, "", Softmax(beta * scale_of(source)), b.node(operator))


def arg_max(b: Building, operator: Operator) -> str:
    """ARG_MAX over the last axis, the first of equal ones."""
    node, source = b.node(operator), b.tensor(operator, 0)
    axis = axis_of(source, numbers(b.tensor(operator, 1), 1)[0])
    if axis != len(b.shape(node)) - 1:
        raise ModelError(f"the greatest over axis {axis} of {b.shape(node)}; over channels, the last axis, it is read")
    shape = inner(b.output(operator))
    return b.reshaped(operator, "shape", b.add(operator, "", ArgMax(), node), shape)


def _clipped(b: Building, operator: Operator, activation: int) -> str:
    source, result = b.tensor(operator, 0), b.output(operator)
    rescale = _rescaling(source, _ratio(source, result))
    span = active_range(result, activation)
    return _table(b, operator, lambda x: np.clip(rescale(x) + zero_of(result), *span))


def _ratio(source: Tensor, result: Tensor) -> float:
    """Source's scale over the result's, rounded to float32 as TFLite does for activations."""
    return float(np.float32(scale_of(source)) / np.float32(scale_of(result)))


def _rescaling(source: Tensor, factor: float) -> Rescaling:
    rescale = Rescaling(factor)
    rescale.check(f"codes of {source}", 255)
    return rescale


def _of_reals(b: Building, operator: Operator, function: Callable[[Reals], Reals]) -> str:
    """A function of the real value in float32, back to codes by the inverse of the output's scale."""
    source, result = b.tensor(operator, 0), checked(b.output(operator))
    scale, inverse = np.float32(scale_of(source)), np.float32(1) / np.float32(scale_of(result))

    def codes(x: Whole) -> Whole:
        scaled = function(scale * x.astype(np.float32)) * inverse
        return away(scaled) + zero_of(result)

    return _table(b, operator, codes)


def _single(x: NDArray[np.float64]) -> Reals:
    """The nearest float32: what a good library's float function gives."""
    return x.astype(np.float32)


def _table(b: Building, operator: Operator, codes: Callable[[Whole], Whole]) -> str:
    """A table over all codes of the input; `codes` takes them less the zero point."""
    node, source, result = b.node(operator), b.tensor(operator, 0), checked(b.output(operator))
    low, high = limits(source)
    found = codes(np.arange(low, high + 1, dtype=np.int64) - zero_of(source))
    return b.looked_up(operator, "", node, np.clip(found, *limits(result)), low)
