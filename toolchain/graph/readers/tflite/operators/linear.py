"""Convolutions and dense layers: sums in 32 bits, then one rescaling a channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.ops import Linear
from toolchain.graph.readers.tflite.building import Building
from toolchain.graph.readers.tflite.flatbuffer import Operator, Tensor
from toolchain.graph.readers.tflite.operators.steps import moves_nothing, window_of
from toolchain.graph.readers.tflite.quantised import (
    RealRescaling,
    Rescaling,
    active_range,
    channel_scales,
    scale_of,
    zero_of,
)

Whole = NDArray[np.int64]


def convolution(b: Building, operator: Operator) -> str:
    """CONV_2D; its filter is (outputs, height, width, inputs of a group)."""
    filters = _filter(b, operator, 4)
    outputs, height, width, own = filters.shape
    channels = b.shape(b.node(operator))[-1]
    if channels % own or outputs % (channels // own):
        raise ModelError(f"{channels} channels come in; the filter {filters.shape} does not divide them into groups")
    weights = filters.values.astype(np.int64).transpose(1, 2, 3, 0).reshape(-1, outputs)
    return _windowed(b, operator, weights, channels // own, (height, width), channel_scales(filters, 0, outputs))


def depthwise(b: Building, operator: Operator) -> str:
    """DEPTHWISE_CONV_2D; its filter is (1, height, width, outputs)."""
    filters = _filter(b, operator, 4)
    one, height, width, outputs = filters.shape
    channels = b.shape(b.node(operator))[-1]
    if one != 1 or outputs % channels:
        raise ModelError(f"{channels} channels come in; the filter {filters.shape} does not fit them")
    weights = filters.values.astype(np.int64).reshape(-1, outputs)
    return _windowed(b, operator, weights, channels, (height, width), channel_scales(filters, 3, outputs))


def _windowed(
    b: Building, operator: Operator, weights: Whole, groups: int, kernel: tuple[int, int], scales: NDArray[np.float64]
) -> str:
    source, node = b.tensor(operator, 0), b.node(operator)
    *sizes, channels = b.shape(node)
    window = window_of(operator, sizes, channels, kernel, zero_of(source))
    if not moves_nothing(window):
        node = b.add(operator, "window", window, node)
    rescale = Rescaling(scale_of(source) * scales / scale_of(b.output(operator)))
    return _summed(b, operator, node, Linear(weights, _bias(b, operator, weights), groups, window.taps), rescale)


def fully_connected(b: Building, operator: Operator) -> str:
    """FULLY_CONNECTED; its filter is (outputs, inputs), and all that comes in is rows of that length."""
    if operator.options["WeightsFormat"]:
        raise ModelError("shuffled weights; export the network with plain ones")
    filters = _filter(b, operator, 2)
    outputs, inputs = filters.shape
    node = b.node(operator)
    if b.type(node).size % inputs:
        raise ModelError(f"{b.type(node).size} values come in, which are no rows of {inputs}")
    if b.shape(node)[-1] != inputs:
        rows = b.type(node).size // inputs
        node = b.reshaped(operator, "rows", node, (inputs,) if rows == 1 else (rows, inputs))
    zero = int(filters.zero_point[0]) if len(filters.zero_point) == 1 else 0
    weights = filters.values.astype(np.int64).T - zero
    factors = channel_scales(filters, 0, outputs)[: len(filters.scale)]
    rescale = RealRescaling(scale_of(b.tensor(operator, 0)) * factors / scale_of(b.output(operator)))
    return _summed(b, operator, node, Linear(weights, _bias(b, operator, weights)), rescale)


def _filter(b: Building, operator: Operator, axes: int) -> Tensor:
    filters = b.tensor(operator, 1)
    if filters.type != "INT8" or len(filters.shape) != axes or filters.data is None:
        raise ModelError(f"filter {filters}: {filters.type}{list(filters.shape)}; constant INT8 of {axes} axes is read")
    return filters


def _bias(b: Building, operator: Operator, weights: Whole) -> Whole:
    """The file's bias, less the zero point of what comes in times all weights."""
    given, outputs = b.optional(operator, 2), weights.shape[1]
    bias = np.zeros(outputs, np.int64)
    if given is not None:
        if given.type != "INT32" or given.size != outputs:
            raise ModelError(f"bias {given}: {given.type}{list(given.shape)}; INT32 of {outputs} is expected")
        bias = given.values.astype(np.int64).reshape(-1)
    less: Whole = zero_of(b.tensor(operator, 0)) * weights.sum(axis=0)
    return bias - less


def _summed(b: Building, operator: Operator, node: str, op: Linear, rescale: Rescaling | RealRescaling) -> str:
    """Sums, and their way to the output's codes."""
    result = b.output(operator)
    rescale.check("sums", _largest(b, operator, node, op))
    zero = zero_of(result)
    sums = b.add(operator, "sums", op, node)
    span = active_range(result, operator.options["FusedActivationFunction"])
    return b.requantised(operator, sums, lambda x: rescale(x) + zero, span, rescale.shared)


def _largest(b: Building, operator: Operator, node: str, op: Linear) -> float:
    """Bound of TFLite's sums, which take the zero point off each input first."""
    zero, kind = zero_of(b.tensor(operator, 0)), b.type(node)
    reach = float(max(abs(int(kind.low.min()) - zero), abs(int(kind.high.max()) - zero)))
    bias = np.abs(op.bias + zero * op.weights.sum(axis=0))
    return float((np.abs(op.weights).sum(axis=0) * reach + bias).max())
