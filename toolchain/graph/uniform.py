"""The uniform form of thresholds: one multiplication instead of a table, exact for every reachable value.

A channel's thresholds T_1..T_n are those of ``floor((x * m + r) / 2^s)`` if, for every code q, ``T_q * m + r`` reaches
``q * 2^s`` and ``(T_q - 1) * m + r`` does not. With the slope m/2^s fixed, those are bounds of r; the room between them
is concave in the slope, so the slope of most room is found first, and then the smallest shift for which a whole m and
a whole r fit. Thresholds beyond the reachable values bound the code at their ends.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.ops import Threshold, Uniform
from toolchain.graph.types import TensorType

# Shifts tried; a multiplier of a larger one has more bits than a DSP takes.
_SHIFTS = 32
# Whole multipliers tried on each side of the best slope, for each shift.
_NEAR = 4
# Steps of golden section: enough for slopes of a millionth of a code a unit.
_STEPS = 90
_RATIO = (5**0.5 - 1) / 2
_ENDLESS = 2**61

Reals = NDArray[np.float64]
Whole = NDArray[np.int64]


def with_uniform(op: Threshold, x: TensorType) -> Threshold:
    """The thresholds with their uniform form, as far as channels have one; without, where none has.

    Args:
        x: type of what comes in; the form is exact for all its values.
    """
    reach, below = points(op.table, x.low, x.high)
    form = _smallest(reach, below, best_slopes(reach, below))
    return replace(op, uniform=form if form.found.any() else None)


class Points(NamedTuple):
    """Values and the codes there, each (channels, levels); and which of them bind."""

    value: Whole
    code: Whole
    binds: NDArray[np.bool_]

    def bounds(self, slope: Reals) -> Reals:
        """For a slope in codes a unit: bounds of the offset, in codes; NaN where nothing binds."""
        bounds: Reals = np.where(self.binds, self.code - self.value * slope[:, None], np.nan)
        return bounds

    def whole_bounds(self, multiplier: Whole, shift: int, less: int, free: int) -> Whole:
        """The same in whole numbers, `less` subtracted; `free` where nothing binds."""
        scaled = (self.code << shift) - less - self.value * multiplier[:, None]
        return np.where(self.binds, scaled, free)


def points(table: Whole, low: Whole, high: Whole) -> tuple[Points, Points]:
    """Where each code must be reached, and where it must not be.

    Args:
        table: thresholds, shape (channels or 1, levels).
        low, high: reachable values of each channel, shape (channels,).
    """
    shared = len(table) == 1
    low = low.min() if shared else low[:, None]
    high = high.max() if shared else high[:, None]
    code = np.broadcast_to(np.arange(1, table.shape[1] + 1), table.shape)
    reach = Points(np.maximum(table, low), code, table <= high)
    return reach, Points(np.minimum(table - 1, high), code, table > low)


def _room(reach: Points, below: Points, slope: Reals) -> Reals:
    """Room between the bounds of the offset, shape (channels,); endless where one side is free."""
    least = np.fmax.reduce(reach.bounds(slope), axis=1)
    most = np.fmin.reduce(below.bounds(slope), axis=1)
    room: Reals = np.nan_to_num(most - least, nan=np.inf)
    return room


def best_slopes(reach: Points, below: Points) -> Reals:
    """The slope of most room of each channel, in codes a unit."""
    channels = len(reach.value)
    left, right = np.zeros(channels), np.full(channels, 1.0 + float(reach.code.max()))
    for _ in range(_STEPS):
        span = _RATIO * (right - left)
        first, second = right - span, left + span
        rises = _room(reach, below, first) < _room(reach, below, second)
        left, right = np.where(rises, first, left), np.where(rises, right, second)
    middle: Reals = (left + right) / 2
    return middle


def _smallest(reach: Points, below: Points, slope: Reals) -> Uniform:
    """The form of the smallest shift of each channel, checked in whole numbers."""
    channels = len(slope)
    multiplier, offset, shift = np.zeros(channels, np.int64), np.zeros(channels, np.int64), np.full(channels, -1)
    for s in range(_SHIFTS):
        if (shift >= 0).all():
            break
        middle = np.rint(np.ldexp(slope, s)).astype(np.int64)
        for near in sorted(range(-_NEAR, _NEAR + 1), key=abs):
            m = middle + near
            least = reach.whole_bounds(m, s, 0, -_ENDLESS).max(axis=1)
            most = below.whole_bounds(m, s, 1, _ENDLESS).min(axis=1)
            hit = (shift < 0) & (m >= 0) & (least <= most)
            multiplier[hit], offset[hit], shift[hit] = m[hit], _between(least, most)[hit], s
    return Uniform(multiplier, offset, shift)


def _between(least: Whole, most: Whole) -> Whole:
    """A whole number in the middle; the bound itself where the other side is free."""
    middle = least + (most - least) // 2
    return np.where(
        most == _ENDLESS, np.where(least == -_ENDLESS, 0, least), np.where(least == -_ENDLESS, most, middle)
    )
