"""Axes of a tensor in another order: the tensor is held whole, twice."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hls.units import gather
from hls.units.gather import Loop, Reader
from hls.units.stream import Stream
from hls.units.unit import Unit
from toolchain.errors import ModelError


def options(shape: Sequence[int], order: Sequence[int]) -> tuple[int, ...]:
    """Lanes that the unit can have: those that divide the channels where they stay the last axis, else one."""
    if order[-1] != len(shape) - 1:
        return (1,)
    return tuple(lanes for lanes in range(1, shape[-1] + 1) if shape[-1] % lanes == 0)


def build(name: str, stream: Stream, shape: Sequence[int], order: Sequence[int]) -> Unit:
    """The unit of a `Transpose`.

    Args:
        shape: of the tensor that comes in.
        order: its axes in their new order.

    Raises:
        ModelError: the lanes are none of `options`, or the stream has other elements than the tensor.
    """
    if stream.lanes not in options(shape, order) or stream.elements != math.prod(shape):
        raise ModelError(f"{name}: {stream.beats} beats of {stream.lanes} of {tuple(shape)} to axes {tuple(order)}")
    sizes = [*shape[:-1], shape[-1] // stream.lanes]
    strides = [math.prod(sizes[axis + 1 :]) for axis in range(len(sizes))]
    loops = tuple(Loop(sizes[axis], strides[axis]) for axis in reversed(order) if sizes[axis] > 1)
    return gather.build(name, stream, stream.beats, Reader(loops or (Loop(1, 0),)))
