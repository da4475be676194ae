"""Pooling, and the mean over space: a window's greatest code, or its sum and the way to the code of the mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from toolchain.errors import ModelError
from toolchain.graph.ops import Reduce, Window, window
from toolchain.graph.readers.qdq.building import Building
from toolchain.graph.readers.qdq.kernels import mean_factor, requantiser
from toolchain.graph.readers.qdq.model import attributes
from toolchain.graph.readers.qdq.operators.moves import placed_axis, taken, without_ones
from toolchain.graph.readers.qdq.operators.windows import window_of
from toolchain.graph.readers.qdq.quantisers import quantiser_behind
from toolchain.graph.readers.qdq.values import Codes, Place, Real, Value, channels_last


def maximum(b: Building, node: NodeProto) -> Value:
    """MaxPool: padding never wins."""
    if len(node.output) > 1 and node.output[1]:
        raise ModelError("its second output, places of the greatest, is not read")
    codes, scheme, ended = taken(b, node)
    value = b.value(node, 0)
    if isinstance(value, Real) and value.steps and (np.diff(b.applied(value, None)) < 0).any():
        raise ModelError("the function before it falls somewhere; put a QuantizeLinear and DequantizeLinear between")
    shape = codes.place.shape
    least = scheme.ends[0] if scheme is not None else -128
    over = window_of(node, shape[1:], shape[0], None, least)
    place = channels_last((shape[0], *_positions(over, shape[1:])))

    def make(span: tuple[int, int]) -> str:
        narrow = Codes(codes.place, lambda _: codes.node(span), span)
        rows = b.add(node, "window", over, b.last(node, narrow))
        return b.add(node, "", Reduce("max", over.taps), rows)

    return ended(Codes(place, make, codes.span))


def _positions(over: Window, sizes: Sequence[int]) -> list[int]:
    axes = zip(sizes, over.before, over.after, over.kernel, over.stride, over.dilation, strict=True)
    found = [(n + b + a - (k - 1) * d - 1) // s + 1 for n, b, a, k, s, d in axes]
    if min(found) < 1:
        raise ModelError(f"a window of {over.kernel} does not fit {list(sizes)} with its padding")
    return found


def average(b: Building, node: NodeProto) -> Value:
    """AveragePool over windows that lie inside, or whose padding counts."""
    x = b.bare(node)
    shape = x.place.shape
    over = window_of(node, shape[1:], shape[0], None, x.scheme.zero)
    if over.padded and not attributes(node).get("count_include_pad", 0):
        raise ModelError(
            f"padding {list(over.before)} and {list(over.after)} cuts windows at the border, each with a divisor of "
            "its own; use count_include_pad=1, or a kernel and stride that fit without padding"
        )
    place = channels_last((shape[0], *_positions(over, shape[1:])))
    return _mean(b, node, x, over, place)


def global_average(b: Building, node: NodeProto) -> Value:
    """GlobalAveragePool: all of space."""
    x = b.bare(node)
    shape = x.place.shape
    if len(shape) not in (2, 3):
        raise ModelError(f"a tensor of {list(shape)}; one or two axes of space are read")
    return _mean(b, node, x, window(shape[1:]), channels_last((shape[0], *(1 for _ in shape[1:]))))


def mean(b: Building, node: NodeProto) -> Value:
    """ReduceMean over axes that are not the channels."""
    x = b.bare(node)
    given = b.whole(node, 1) if b.has(node, 1) else attributes(node).get("axes")
    place = x.place
    if not given or place.order is not None or len(place.shape) not in (2, 3):
        raise ModelError(f"axes {given} of a tensor of {list(place.shape)}; one or two axes of space are read")
    axes = {placed_axis(place, int(axis)) for axis in given}
    graph_shape = [place.shape[a] for a in place.axes]
    if len(graph_shape) - 1 in axes:
        raise ModelError(f"axes {given} take the channels; the mean over space alone is read")
    kernel = [n if axis in axes else 1 for axis, n in enumerate(graph_shape[:-1])]
    gone = {place.axes[axis] for axis in axes}
    kept = Place(tuple(1 if i in gone else n for i, n in enumerate(place.shape)), place.axes)
    real = _mean(b, node, x, window(kernel), kept, turned=False)
    if attributes(node).get("keepdims", 1):
        return real
    return real.moved(without_ones(b, node, real.codes, gone))


def _mean(b: Building, node: NodeProto, x: Real, over: Window, place: Place, turned: bool = True) -> Real:
    to = quantiser_behind(b.model, node.output[0])
    if to is None:
        raise ModelError("its mean is not quantised; put QuantizeLinear and DequantizeLinear behind it")
    source = b.last(node, x.codes) if turned else x.codes.node()
    sums = b.add(node, "", Reduce("sum", over.taps), b.add(node, "window", over, source))
    found = requantiser(mean_factor(x.scheme, over.taps, to), to)

    def codes(values: NDArray[np.int64]) -> NDArray[np.int64]:
        return found(values - x.scheme.zero * over.taps)

    if math.prod(over.kernel) > 2**15:
        raise ModelError(f"a window of {list(over.kernel)}; 32,768 positions at most")
    return Real(Codes(place, lambda span: b.requantised(node, sums, codes, span, shared=True), to.ends), to)
