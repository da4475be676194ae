"""Nearest-neighbour upsampling: each position several times along each spatial axis."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hls.units import gather
from hls.units.gather import Loop, Reader
from hls.units.stream import Stream
from hls.units.unit import Unit
from toolchain.errors import ModelError


def build(name: str, stream: Stream, shape: Sequence[int], by: Sequence[int]) -> Unit:
    """The unit of a `Repeat`. It holds two rows of the tensor; where rows are not repeated, two positions.

    Args:
        shape: of the tensor that comes in, channels last; the stream's lanes divide them.
        by: how often, for each spatial axis.

    Raises:
        ModelError: the shape has other axes than one or two spatial ones, or other elements than the stream.
    """
    if len(shape) not in (2, 3) or len(by) != len(shape) - 1 or shape[-1] % stream.lanes:
        raise ModelError(f"{name}: repeats {tuple(by)} over {tuple(shape)} with {stream.lanes} lanes")
    if stream.elements != math.prod(shape):
        raise ModelError(f"{name}: {stream.elements} elements are not those of {tuple(shape)}")
    beats, across, rows = shape[-1] // stream.lanes, by[-1], by[0] if len(by) == 2 else 1
    position = (Loop(beats, 1), Loop(across, 0))
    if rows == 1:
        return gather.build(name, stream, beats, Reader(position))
    row = shape[-2] * beats
    return gather.build(name, stream, row, Reader((*position, Loop(shape[-2], beats), Loop(rows, 0))))
