"""QuantizeLinear and DequantizeLinear: where floats become codes, and codes floats."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from toolchain.errors import ModelError
from toolchain.graph.readers.qdq.building import Building
from toolchain.graph.readers.qdq.kernels import Scheme
from toolchain.graph.readers.qdq.model import Model, attributes, said
from toolchain.graph.readers.qdq.values import Codes, Fixed, Real, Sums, Value, Weights

_MOVES = {"Relu", "Clip", "Identity", "MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Dropout"}
"""What may stand between a product and its quantiser: nothing that takes two codes to more than one of them."""


def scheme_of(node: NodeProto, constants: dict[str, NDArray[Any]]) -> Scheme:
    """The scheme of a quantiser of a computed tensor.

    Raises:
        ModelError: it is computed, of several channels, not positive, or of other than 8 bits.
    """
    scale, zero = _wires(node, constants)
    if scale.size != 1:
        raise ModelError(
            f"{said(node)} has {scale.size} scales for a computed tensor; quantise activations as one (per tensor)"
        )
    value, where = float(scale.reshape(-1)[0]), int(zero.reshape(-1)[0])
    if not np.isfinite(value) or value <= 0:
        raise ModelError(f"{said(node)} has the scale {value}; a positive number is expected")
    return Scheme(value, where, zero.dtype)


def weights_of(node: NodeProto, codes: NDArray[Any], constants: dict[str, NDArray[Any]]) -> Weights | Fixed:
    """Constant codes behind DequantizeLinear.

    Raises:
        ModelError: scales or zero points do not fit them.
    """
    scale, zero = _wires(node, constants, codes.dtype)
    axis = attributes(node).get("axis", 1)
    axis = axis + codes.ndim if axis < 0 else axis
    axis = 0 if scale.size == 1 else axis
    wanted = {1} if scale.size == 1 else {codes.shape[axis] if 0 <= axis < codes.ndim else -1}
    if {scale.size, zero.size} - {1} - wanted or (scale.ndim > 1 and scale.size > 1):
        raise ModelError(
            f"{said(node)}: {scale.size} scales and {zero.size} zero points along axis {axis} of "
            f"{list(codes.shape)}; one, or one a channel, is expected"
        )
    if not (np.isfinite(scale) & (scale >= 0)).all():
        raise ModelError(f"{said(node)} has a scale that is negative or no number; positive ones are expected")
    flat = scale.reshape(-1).astype(np.float32)
    return Weights(codes.astype(np.int64), flat, zero.reshape(-1).astype(np.int64), axis)


def _wires(
    node: NodeProto, constants: dict[str, NDArray[Any]], default: Any = np.uint8
) -> tuple[NDArray[Any], NDArray[Any]]:
    for name in filter(None, node.input[1:3]):
        if name not in constants:
            raise ModelError(f"{said(node)}: {name!r} is computed; use static quantisation, with constant scales")
    if len(node.input) < 2 or attributes(node).get("block_size", 0):
        raise ModelError(f"{said(node)}: one scale, or one a channel, is expected")
    given = len(node.input) > 2 and node.input[2]
    scale, zero = constants[node.input[1]], constants[node.input[2]] if given else np.zeros((), default)
    if scale.dtype != np.float32 or zero.dtype not in (np.int8, np.uint8, np.int32):
        raise ModelError(
            f"{said(node)} has {scale.dtype} scales and {zero.dtype} zero points; float32, and int8 or uint8, "
            "are read: quantise to 8 bits"
        )
    if default is np.uint8 and zero.dtype == np.int32:
        raise ModelError(f"{said(node)} makes {zero.dtype} of a computed tensor; int8 and uint8 are read")
    return scale, zero


def quantiser_behind(model: Model, name: str) -> Scheme | None:
    """The scheme that a float tensor is quantised to, through moves and clippings that nothing else takes."""
    node = model.sole_taker(name)
    while node is not None and node.op_type in _MOVES and node.input[0]:
        node = model.sole_taker(node.output[0])
    if node is None:
        return _shared(model, name)
    return scheme_of(node, model.constants) if node.op_type == "QuantizeLinear" else None


def _shared(model: Model, name: str) -> Scheme | None:
    """The scheme of several quantisers that are all the same."""
    takers = model.takers[name]
    if model.is_output(name) or not takers or any(t.op_type != "QuantizeLinear" for t in takers):
        return None
    schemes = [scheme_of(t, model.constants) for t in takers]
    return schemes[0] if len(set(schemes)) == 1 else None


def quantise(b: Building, node: NodeProto) -> Codes:
    """QuantizeLinear of a float that stands for codes: a function of them, at best none at all."""
    value = b.value(node, 0)
    if isinstance(value, Sums):
        raise ModelError("the float before it goes elsewhere too; give each way a quantiser of its own")
    real, to = b.real(node), scheme_of(node, b.model.constants)
    b.schemes[node.output[0]] = to
    values = b.applied(real, to).astype(np.int64)
    low = real.scheme.ends[0]
    if np.array_equal(values, np.arange(low, low + len(values)).clip(values.min(), values.max())):
        clipped = (int(values.min()), int(values.max()))
        return Codes(real.place, lambda span: _narrowed(b, node, real, clipped), to.ends)
    return Codes(real.place, lambda span: b.looked_up(node, real.codes.node(), values, low), to.ends)


def _narrowed(b: Building, node: NodeProto, real: Real, span: tuple[int, int]) -> str:
    """Codes clipped to a span, by their own thresholds where these are still to be made."""
    low, high = real.scheme.ends
    found = real.codes.node(span if span != (low, high) else None)
    codes = np.arange(low, high + 1)
    return b.looked_up(node, found, codes.clip(*span), low)


def dequantise(b: Building, node: NodeProto) -> Value:
    """DequantizeLinear: of constants they are weights, of codes a float that stands for them."""
    value = b.value(node, 0)
    if isinstance(value, Fixed):
        return weights_of(node, value.array, b.model.constants)
    if not isinstance(value, Codes):
        raise ModelError("it takes a float; a QuantizeLinear should stand before it")
    scheme, own = scheme_of(node, b.model.constants), b.schemes.get(node.input[0])
    if own is not None and own.dtype != scheme.dtype:
        raise ModelError(f"zero points of {scheme.dtype} for codes of {own.dtype}; the file is broken")
    return Real(value, scheme)
