"""Nodes that move elements: most only change what the graph's axes are called."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from toolchain.errors import ModelError
from toolchain.graph.ops import Concat, Repeat, Select, Window
from toolchain.graph.readers.qonnx.attributes import attributes_of, name_of, where
from toolchain.graph.readers.qonnx.constants import Constants
from toolchain.graph.readers.qonnx.layout import channels_at, in_order, laid_out, reshaped
from toolchain.graph.readers.qonnx.pools import summable
from toolchain.graph.readers.qonnx.steps import Executor
from toolchain.graph.readers.qonnx.values import Order, Pending, moved

SHAPING = frozenset({"Flatten", "Reshape", "Squeeze", "Unsqueeze"})
PICKING = frozenset({"Split", "Slice", "Gather"})
OPERATORS = SHAPING | PICKING | {"Transpose", "Pad", "Resize", "Upsample"}


def new_shape(node: NodeProto, shape: Sequence[int], constants: Constants, batch: int) -> tuple[int, ...]:
    """The shape that a node of `SHAPING` gives, without the batch.

    Args:
        shape: of what it takes, with the batch.

    Raises:
        ModelError: it is not known, or the batch goes into another axis.
    """
    given = np.broadcast_to(np.float32(0), shape)
    try:
        result = _shaped(node, given, constants)
    except (ValueError, IndexError, TypeError) as error:
        raise ModelError(f"{where(node)}: shape {tuple(shape)} cannot become what it asks for: {error}") from error
    if not result or result[0] != batch:
        raise ModelError(f"{where(node)}: makes shape {result} of {tuple(shape)}; the batch must stay the first axis")
    return tuple(result[1:])


def _shaped(node: NodeProto, given: NDArray[Any], constants: Constants) -> tuple[int, ...]:
    said = attributes_of(node)
    if node.op_type == "Flatten":
        axis = int(said.get("axis", 1))
        if not -given.ndim <= axis <= given.ndim:
            raise ValueError(f"axis {axis}")
        axis = axis + given.ndim if axis < 0 else axis
        return math.prod(given.shape[:axis]), math.prod(given.shape[axis:])
    if node.op_type == "Reshape":
        target = numbers(node, 1, constants, said.get("shape"))
        target = [given.shape[i] if n == 0 and not said.get("allowzero", 0) else n for i, n in enumerate(target)]
        if target.count(-1) == 1:
            rest = math.prod(n for n in target if n != -1)
            target[target.index(-1)] = given.size // rest if rest else 0
        if min(target, default=1) < 1 or math.prod(target) != given.size:
            raise ValueError(f"{target}")
        return tuple(target)
    axes = numbers(node, 1, constants, said.get("axes"), optional=True)
    if node.op_type == "Unsqueeze":
        return np.expand_dims(given, tuple(axes)).shape
    return np.squeeze(given, tuple(axes) if axes else tuple(i for i, n in enumerate(given.shape) if i and n == 1)).shape


def numbers(
    node: NodeProto, place: int, constants: Constants, said: Any = None, *, optional: bool = False
) -> list[int]:
    """Whole numbers that stand in an attribute, or in a constant input in newer opsets.

    Raises:
        ModelError: they are computed, or missing.
    """
    if said is not None:
        return [int(n) for n in said]
    if len(node.input) > place and node.input[place] in constants:
        return [int(n) for n in np.asarray(constants[node.input[place]]).reshape(-1)]
    if optional and (len(node.input) <= place or not node.input[place]):
        return []
    raise ModelError(f"{where(node)}: its input {place} is no constant; export the model with fixed shapes")


def shaped(node: NodeProto, value: Pending, constants: Constants, batch: int) -> Pending:
    """Behind a Flatten, Reshape, Squeeze or Unsqueeze."""
    return reshaped(value, new_shape(node, (batch, *value.shape), constants, batch), name_of(node))


def transposed(node: NodeProto, value: Pending) -> Pending:
    """Behind a Transpose: the graph's tensor stays, its axes are called otherwise.

    Raises:
        ModelError: the batch moves.
    """
    rank = len(value.shape) + 1
    order = list(attributes_of(node).get("perm", reversed(range(rank))))
    if sorted(order) != list(range(rank)) or order[0] != 0:
        raise ModelError(f"{where(node)}: perm {order} of {rank} axes; the batch must stay the first")
    return replace(value, layout=tuple(order.index(axis) for axis in value.layout))


def concatenated(executor: Executor, node: NodeProto, values: Sequence[Pending]) -> Pending:
    """Channels side by side; each keeps its own unit and bias.

    Raises:
        ModelError: one has steps that are no unit, or the axis is not the channels'.
    """
    rank, name = len(values[0].shape) + 1, name_of(node)
    axis = int(attributes_of(node).get("axis", 1)) % rank
    if axis == 0 or any(len(v.shape) + 1 != rank for v in values):
        raise ModelError(f"{where(node)}: along axis {axis} of tensors of {rank} axes; all but the batch can be joined")
    parts = [in_order(channels_at(v, axis, name), name) for v in values]
    parts = [summable(executor, node, laid_out(p, parts[0].layout, name)) for p in parts]
    wire = parts[0].wire.then(name, Concat(), *(p.wire for p in parts[1:]))
    joined = {
        part: _one(np.concatenate([np.broadcast_to(getattr(p, part), p.type.channels) for p in parts]))
        for part in ("unit", "bias")
    }
    return Pending(wire, joined["unit"], joined["bias"], parts[0].layout)


def _one(values: NDArray[Any]) -> NDArray[Any]:
    """One number where all are the same."""
    return values[:1] if (values == values[0]).all() else values


def picked(node: NodeProto, value: Pending, constants: Constants) -> list[Pending]:
    """The outputs of a Split, Slice or Gather.

    Raises:
        ModelError: it picks along the batch, or by what is computed.
    """
    axis, parts = _picks(node, value, constants)
    if axis == 0:
        raise ModelError(f"{where(node)}: along the batch; vectors must stay apart")
    value = channels_at(value, axis, name_of(node))
    value = in_order(value, name_of(node))
    return [
        moved(value, node.output[place], Select(tuple(int(c) for c in part)), value.layout)
        for place, part in enumerate(parts)
    ]


def _picks(node: NodeProto, value: Pending, constants: Constants) -> tuple[int, list[Order]]:
    """The axis, and for each output the indices along it."""
    rank, said = len(value.shape) + 1, attributes_of(node)
    if node.op_type == "Gather":
        axis = int(said.get("axis", 0)) % rank
        indices = np.asarray(numbers(node, 1, constants), np.intp)
        if np.ndim(constants[node.input[1]]) != 1:
            raise ModelError(f"{where(node)}: picks one element, and an axis goes; give it a list of indices")
        return axis, [indices % _size(value, axis)]
    if node.op_type == "Split":
        return _split(node, value, constants)
    starts = numbers(node, 1, constants, said.get("starts"))
    ends = numbers(node, 2, constants, said.get("ends"))
    axes = numbers(node, 3, constants, said.get("axes"), optional=True) or list(range(len(starts)))
    steps = numbers(node, 4, constants, None, optional=True) or [1] * len(starts)
    if len(axes) != 1 or not len(starts) == len(ends) == len(steps) == 1 or not steps[0]:
        raise ModelError(f"{where(node)}: along axes {axes}; one axis at a time is supported")
    axis = axes[0] % rank
    return axis, [np.arange(_size(value, axis))[slice(starts[0], _end(ends[0], steps[0], value, axis), steps[0])]]


def _end(end: int, step: int, value: Pending, axis: int) -> int | None:
    return None if step < 0 and end < -_size(value, axis) else end


def _size(value: Pending, axis: int) -> int:
    return value.shape[axis - 1] if axis else 1


def _split(node: NodeProto, value: Pending, constants: Constants) -> tuple[int, list[Order]]:
    said = attributes_of(node)
    axis = int(said.get("axis", 0)) % (len(value.shape) + 1)
    sizes = numbers(node, 1, constants, said.get("split"), optional=True)
    size, count = _size(value, axis), len(node.output)
    if not sizes:
        each = -(-size // count)
        sizes = [min(each, size - each * place) for place in range(count)]
    if sum(sizes) != size or min(sizes) < 1 or len(sizes) != count:
        raise ModelError(f"{where(node)}: parts {sizes} of an axis of {size}")
    ends = np.cumsum(sizes)
    return axis, [np.arange(end - n, end) for n, end in zip(sizes, ends, strict=True)]


def padded(executor: Executor, node: NodeProto, value: Pending, constants: Constants) -> Pending:
    """Behind a Pad by a constant that is a whole number of units.

    Raises:
        ModelError: it pads otherwise.
    """
    said = attributes_of(node)
    pads = numbers(node, 1, constants, said.get("pads"))
    named = len(node.input) > 2 and node.input[2] in constants
    fill = float(np.ravel(constants[node.input[2]])[0]) if named else float(said.get("value", 0.0))
    rank = len(value.shape) + 1
    if said.get("mode", "constant") != "constant" or len(pads) != 2 * rank or min(pads) < 0 or pads[0] or pads[rank]:
        raise ModelError(
            f"{where(node)}: mode {said.get('mode', 'constant')}, pads {pads}; constant pads are supported"
        )
    value = summable(executor, node, value)
    axes = [axis for axis in range(1, rank) if pads[axis] or pads[rank + axis]]
    if not axes:
        return value
    value = _aside(node, value, axes)
    units = (fill - value.bias) / value.unit
    if np.unique(units).size != 1 or units[0] != np.rint(units[0]):
        raise ModelError(f"{where(node)}: pads with {fill:g}, which is no whole number of units of its input")
    before, after = (tuple(pads[first + axis] for axis in value.layout[:-1]) for first in (0, rank))
    ones = (1,) * len(before)
    return value.on(value.wire.then(name_of(node), Window(ones, ones, before, after, ones, int(units[0]))))


def _aside(node: NodeProto, value: Pending, axes: Sequence[int]) -> Pending:
    """With an axis as channels that is not one of those padded."""
    if value.layout[-1] not in axes:
        return value
    free = [axis for axis in sorted(value.layout) if axis not in axes]
    if not free:
        raise ModelError(f"{where(node)}: pads all axes; leave one as it is")
    return channels_at(value, free[0], name_of(node))


def repeated(node: NodeProto, value: Pending, sizes: Sequence[int]) -> Pending:
    """Behind a nearest Resize or Upsample by whole factors.

    Args:
        sizes: of the result, with the batch.

    Raises:
        ModelError: it interpolates, or shrinks, or by a fraction.
    """
    said = attributes_of(node)
    shape = value.shape
    by = [n // m for n, m in zip(sizes[1:], shape, strict=True)]
    whole = all(n == m * b and b >= 1 for n, m, b in zip(sizes[1:], shape, by, strict=True))
    corners = said.get("coordinate_transformation_mode", "half_pixel") in {"align_corners", "tf_crop_and_resize"}
    if said.get("mode", "nearest") != "nearest" or not whole or (corners and max(by) > 1) or not _plain(said, max(by)):
        raise ModelError(
            f"{where(node)}: from {shape} to {tuple(sizes[1:])}, mode {said.get('mode', 'nearest')}; nearest by whole "
            "factors (asymmetric and floor, or half_pixel) is supported"
        )
    if max(by) == 1:
        return value
    grown = [axis for axis in range(1, len(shape) + 1) if by[axis - 1] > 1]
    value = _aside(node, value, grown)
    return moved(
        value, name_of(node), Repeat(tuple(by[axis - 1] for axis in value.layout[:-1])), value.layout, value.order
    )


def _plain(said: dict[str, Any], by: int) -> bool:
    """Whether every element is repeated in its own place: rounding may otherwise move it."""
    mode = said.get("coordinate_transformation_mode", "half_pixel")
    rounding = said.get("nearest_mode", "round_prefer_floor")
    if mode == "asymmetric":
        return rounding == "floor" or by == 1 or (by == 2 and rounding == "round_prefer_floor")
    return str(rounding).startswith("round")
