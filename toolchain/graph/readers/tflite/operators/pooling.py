"""Pooling, and the mean over space: a window's sum or greatest, then its way to codes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.fixed_point import multiplier_of, multiply
from toolchain.graph.ops import Reduce, Window, window
from toolchain.graph.readers.tflite.building import Building, axis_of, inner, numbers
from toolchain.graph.readers.tflite.flatbuffer import MOST_CHANNELS, Operator
from toolchain.graph.readers.tflite.operators.steps import window_of
from toolchain.graph.readers.tflite.quantised import active_range, limits, scale_of, zero_of

Whole = NDArray[np.int64]


def average(b: Building, operator: Operator) -> str:
    """AVERAGE_POOL_2D: the mean of codes, halves away from zero."""
    node, over = _pool(b, operator, 0)
    if over.padded:
        raise ModelError(
            f"padding {over.before} and {over.after} cuts windows at the border, each with a divisor of its own; "
            "use VALID padding, or a kernel and stride that fit"
        )
    sums = b.add(operator, "sums", Reduce("sum", over.taps), node)

    def codes(x: Whole) -> Whole:
        rounded: Whole = np.sign(x) * ((np.abs(x) + over.taps // 2) // over.taps)
        return rounded

    span = active_range(b.output(operator), operator.options["FusedActivationFunction"])
    return b.requantised(operator, sums, codes, span, shared=True)


def maximum(b: Building, operator: Operator) -> str:
    """MAX_POOL_2D: padding never wins."""
    node, over = _pool(b, operator, limits(b.tensor(operator, 0))[0])
    span = active_range(b.output(operator), operator.options["FusedActivationFunction"])
    if span == limits(b.output(operator)):
        return b.add(operator, "", Reduce("max", over.taps), node)
    most = b.add(operator, "most", Reduce("max", over.taps), node)
    codes = np.arange(-128, 256)
    return b.looked_up(operator, "", most, np.clip(codes, *span), -128)


def _pool(b: Building, operator: Operator, fill: int) -> tuple[str, Window]:
    node = b.node(operator)
    *sizes, channels = b.shape(node)
    kernel = (operator.options["FilterHeight"], operator.options["FilterWidth"])
    over = window_of(operator, sizes, channels, kernel, fill)
    return b.add(operator, "window", over, node), over


def mean(b: Building, operator: Operator) -> str:
    """MEAN over axes of space."""
    node, source, result = b.node(operator), b.tensor(operator, 0), b.output(operator)
    axes = {axis_of(source, axis) for axis in numbers(b.tensor(operator, 1))}
    shape = b.shape(node)
    if len(shape) - 1 in axes or not axes:
        raise ModelError(f"the mean over axes {sorted(axes)} of {shape}; over space alone it is read, not channels")
    kernel = tuple(n if axis in axes else 1 for axis, n in enumerate(shape[:-1]))
    if math.prod(kernel) * shape[-1] > MOST_CHANNELS:
        raise ModelError(f"the mean of {kernel} over {shape[-1]} channels; {MOST_CHANNELS:,} values at most")
    rows = b.add(operator, "window", window(kernel), node)
    sums = b.add(operator, "sums", Reduce("sum", math.prod(kernel)), rows)
    codes = _MeanCodes(math.prod(kernel), scale_of(source) / scale_of(result), zero_of(source), zero_of(result))
    found = b.requantised(operator, sums, codes, limits(result), shared=True)
    return b.reshaped(operator, "shape", found, inner(result))


class _MeanCodes:
    """TFLite's way from a sum to a mean: the division is drawn into the factor between the scales."""

    def __init__(self, count: int, factor: float, zero: int, result_zero: int) -> None:
        multiplier, shift = multiplier_of(factor)
        by = min(count.bit_length() - 1, 32, 31 + shift)
        self._multiplier, self._shift = (multiplier << by) // count, shift - by
        self._less, self._more = zero * count, result_zero

    def __call__(self, x: Whole) -> Whole:
        return multiply(x - self._less, self._multiplier, self._shift) + self._more
