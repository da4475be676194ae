"""Bringing a tensor into the order of axes and channels that a node needs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from toolchain.errors import ModelError
from toolchain.graph.ops import Reshape, Select, Transpose
from toolchain.graph.readers.qonnx.values import Pending, moved


def channels_at(value: Pending, axis: int, name: str) -> Pending:
    """With a given axis of the file as the graph's channels, the others in the file's order."""
    others = [a for a in sorted(value.layout) if a != axis]
    return laid_out(value, (*others, axis), name)


def laid_out(value: Pending, layout: tuple[int, ...], name: str) -> Pending:
    """With the graph's axes in a given order of the file's."""
    if value.layout == layout:
        return value
    value = in_order(value, name)
    order = tuple(value.layout.index(axis) for axis in layout)
    sizes = value.type.shape
    # Axes of one element move for nothing: the elements stay where they are.
    if [o for o in order if sizes[o] > 1] == sorted(o for o in order if sizes[o] > 1):
        return _reshaped(value, tuple(sizes[o] for o in order), layout, name)
    return moved(value, f"{name}_transposed", Transpose(order), layout)


def _reshaped(value: Pending, shape: tuple[int, ...], layout: tuple[int, ...], name: str) -> Pending:
    return moved(value, f"{name}_reshaped", Reshape(shape), layout)


def in_order(value: Pending, name: str) -> Pending:
    """With the graph's channels in the file's order."""
    if value.order is None:
        return value
    back = np.argsort(value.order, kind="stable")
    return moved(value, f"{name}_ordered", Select(tuple(int(c) for c in back)), value.layout)


def flat(value: Pending, name: str) -> Pending:
    """As one axis, in the graph's order of elements: what takes it folds the order into its rows."""
    if len(value.layout) == 1:
        return value
    value = in_order(value, name)
    sizes = value.type.shape
    index = np.arange(math.prod(sizes)).reshape(value.shape)
    order = index.transpose([axis - 1 for axis in value.layout]).reshape(-1)
    plain = np.array_equal(order, np.arange(order.size))
    return moved(value, f"{name}_flat", Reshape((order.size,)), (1,), None if plain else order)


def reshaped(value: Pending, shape: Sequence[int], name: str) -> Pending:
    """As the file's Reshape has it; the batch not counted.

    Raises:
        ModelError: the shapes hold different numbers of elements, or channels of different scales mix.
    """
    if math.prod(shape) != value.type.size:
        raise ModelError(f"node {name}: shape {value.shape} cannot become {tuple(shape)}")
    if tuple(shape) == value.shape:
        return value
    if kept := _same_axes(value, shape, name):
        return kept
    if len(shape) == 1:
        return flat(value, name)
    plain = laid_out(in_order(value, name), tuple(range(1, len(value.layout) + 1)), name)
    return moved(plain, f"{name}_reshaped", Reshape(tuple(shape)), tuple(range(1, len(shape) + 1)))


def _same_axes(value: Pending, shape: Sequence[int], name: str) -> Pending | None:
    """Where only axes of one element come or go: the others keep their places, and the channels stay last."""
    old = [axis for axis in sorted(value.layout) if value.shape[axis - 1] > 1]
    new = [axis for axis, size in enumerate(shape, 1) if size > 1]
    if not new or [value.shape[a - 1] for a in old] != [shape[a - 1] for a in new] or value.type.channels == 1:
        return None
    places = dict(zip(old, new, strict=True))
    kept = [places[axis] for axis in value.layout if axis in places]
    layout = (*(a for a in range(1, len(shape) + 1) if a not in kept), *kept)
    if layout[-1] != places[value.layout[-1]]:
        return None
    op = Reshape(tuple(shape[axis - 1] for axis in layout))
    if op.shape == value.type.shape:
        return value.on(value.wire, layout=layout)
    return moved(value, f"{name}_axes", op, layout, value.order)
