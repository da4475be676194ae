"""Convolutions and matrix products of codes with constant codes: whole sums, then their quantiser's codes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from toolchain.errors import ModelError
from toolchain.graph.ops import Linear, Reshape
from toolchain.graph.readers.qdq.building import Building
from toolchain.graph.readers.qdq.kernels import Scheme, product_factor, requantiser
from toolchain.graph.readers.qdq.model import attributes
from toolchain.graph.readers.qdq.operators.windows import moves_nothing, window_of
from toolchain.graph.readers.qdq.quantisers import quantiser_behind
from toolchain.graph.readers.qdq.values import Codes, Fixed, Outside, Place, Real, Sums, Value, Weights, channels_last

Whole = NDArray[np.int64]

# A bias in another unit than its sums' moves the result: beyond the rounding of float32 it is another network.
_NEAR = 1e-4


def conv(b: Building, node: NodeProto) -> Value:
    """Conv of one or two axes of space."""
    x, weights = b.bare(node), _weights(b, node, axis=0)
    shape, kernel = x.place.shape, weights.codes.shape
    groups = int(attributes(node).get("group", 1))
    if len(shape) != len(kernel) - 1 or not 1 <= groups <= kernel[0] or kernel[0] % groups:
        raise ModelError(f"weights {list(kernel)} in {groups} groups over a tensor of {list(shape)}")
    if kernel[1] * groups != shape[0]:
        raise ModelError(
            f"weights {list(kernel)} in {groups} groups take {kernel[1] * groups} channels; {shape[0]} come"
        )
    source = b.last(node, x.codes)
    over = window_of(node, shape[1:], shape[0], kernel[2:], x.scheme.zero)
    rows = source if moves_nothing(over) else b.add(node, "window", over, source)
    # (outputs, channels, *kernel) to (taps, channels) by outputs.
    flat = weights.whole.reshape(kernel[0], kernel[1], -1).transpose(2, 1, 0).reshape(-1, kernel[0])
    sums = _linear(b, node, rows, x.scheme, flat, weights, (groups, over.taps))
    sizes = b.type(sums).shape[:-1]
    return _ended(b, node, x.scheme, weights, sums, channels_last((kernel[0], *sizes)))


def gemm(b: Building, node: NodeProto) -> Value:
    """Gemm of rows and constant weights."""
    settings = attributes(node)
    odd = {key: settings[key] for key in ("alpha", "beta") if settings.get(key, 1.0) != 1.0}
    if odd or settings.get("transA", 0):
        raise ModelError(f"{odd or 'transA'}; a plain product and bias is read: fold factors into the weights' scale")
    turned = bool(settings.get("transB", 0))
    weights = _weights(b, node, axis=0 if turned else 1)
    return _dense(b, node, weights.turned((1, 0)) if turned and weights.codes.ndim == 2 else weights)


def matmul(b: Building, node: NodeProto) -> Value:
    """MatMul with constant weights of two axes, and the Add of a constant behind it."""
    weights = _weights(b, node, axis=1)
    follows = b.model.sole_taker(node.output[0])
    if follows is None or follows.op_type != "Add":
        return _dense(b, node, weights)
    other = [name for name in follows.input if name != node.output[0]]
    if len(other) != 1 or not isinstance(b.values.get(other[0]), (Fixed, Weights)):
        return _dense(b, node, weights)
    both = NodeProto()
    both.CopyFrom(node)
    both.input.append(other[0])
    both.output[0] = follows.output[0]
    b.values[follows.output[0]] = _dense(b, both, weights)
    return Outside()


def _dense(b: Building, node: NodeProto, weights: Weights) -> Value:
    x = b.bare(node)
    shape, size = x.place.shape, weights.codes.shape
    if len(size) != 2 or shape[-1] != size[0]:
        raise ModelError(
            f"weights {list(size)} over a tensor of {list(shape)}; {shape[-1]} rows of two axes are expected"
        )
    whole = weights.whole
    if x.place.order is not None:
        # Rows in the graph's order, in place of elements in the file's.
        source, rows = x.codes.node(), np.empty_like(whole)
        rows[np.array(x.place.order)] = whole
        whole = rows
    else:
        source = b.turned(node, x.codes, Place(shape, tuple(range(len(shape)))))
    sums = _linear(b, node, source, x.scheme, whole, weights, (1, 1))
    made = (*shape[:-1], size[1])
    return _ended(b, node, x.scheme, weights, sums, Place(made, tuple(range(len(made)))))


def _weights(b: Building, node: NodeProto, axis: int) -> Weights:
    value = b.value(node, 1)
    if not isinstance(value, Weights):
        what = "float constants" if isinstance(value, Fixed) else "computed"
        raise ModelError(
            f"its weights, {node.input[1]!r}, are {what}; int8 or uint8 constants are expected: quantise them"
        )
    if value.scale.size > 1 and value.axis != axis:
        raise ModelError(
            f"its weights are quantised along axis {value.axis}; quantise them along axis {axis}, the outputs"
        )
    return value


def _linear(
    b: Building,
    node: NodeProto,
    rows: str,
    x: Scheme,
    whole: Whole,
    weights: Weights,
    grouped: tuple[int, int],
) -> str:
    bias = _bias(b, node, x, weights, whole.shape[1])
    op = Linear(whole, bias - x.zero * whole.sum(axis=0), *grouped)
    return b.add(node, "", op, rows)


def _bias(b: Building, node: NodeProto, x: Scheme, weights: Weights, outputs: int) -> Whole:
    """The bias in the sums' unit."""
    values = _given_bias(b, node, x, weights)
    if values.size not in (1, outputs) or max(values.shape, default=1) not in (1, outputs):
        raise ModelError(f"a bias of shape {list(values.shape)} for {outputs} outputs")
    return np.array(np.broadcast_to(values.reshape(-1), (outputs,)), np.int64)


def _given_bias(b: Building, node: NodeProto, x: Scheme, weights: Weights) -> NDArray[Any]:
    if not b.has(node, 2):
        return np.zeros(1, np.int64)
    value, unit = b.value(node, 2), np.float32(x.scale) * weights.scale
    if isinstance(value, Weights) and not value.zero.any() and _same(value.scale, unit):
        return value.codes
    array = b.fixed(node, 2)
    if array.dtype == np.int32:
        return array
    if not (unit > 0).all() or not np.isfinite(array).all():
        raise ModelError("its bias is in float, and a scale of its weights is 0; quantise the bias to int32")
    b.notices.append(f"{node.name}: the bias in float is rounded to the unit of its sums, as ONNX Runtime does")
    whole = np.rint(array.reshape(-1).astype(np.float32) / unit)
    if (np.abs(whole) >= 2.0**31).any():
        raise ModelError("its bias is beyond 32 bits in the unit of its sums; quantise with larger scales")
    return whole.astype(np.int64)


def _same(scale: NDArray[np.float32], unit: NDArray[np.float32]) -> bool:
    if scale.size not in (1, unit.size) and unit.size != 1:
        return False
    return bool((np.abs(scale.astype(np.float64) - unit) <= _NEAR * np.abs(unit)).all())


def _ended(b: Building, node: NodeProto, x: Scheme, weights: Weights, sums: str, place: Place) -> Value:
    to = quantiser_behind(b.model, node.output[0])
    if to is None:
        return Sums(sums, place, np.float32(x.scale) * weights.scale)
    codes = requantiser(product_factor(x, weights.scale, to), to)
    shared = weights.scale.size == 1
    return Real(Codes(place, lambda span: b.requantised(node, sums, codes, span, shared), to.ends), to)


def reshaped(b: Building, node: NodeProto, source: str, shape: tuple[int, ...]) -> str:
    """The node in another shape; itself where that is its shape."""
    return source if b.type(source).shape == shape else b.add(node, "shape", Reshape(shape), source)
