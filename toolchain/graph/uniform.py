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
# So many codes say how steep a channel is, within a few times.
_SOME = 8
# Points of a channel that multipliers are tried on first.
_TIGHT = 12
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
        """The same in whole numbers for multipliers (channels, n), `less` subtracted; `free` where nothing binds."""
        scaled = ((self.code << shift) - less)[:, None] - self.value[:, None] * multiplier[:, :, None]
        return np.where(self.binds[:, None], scaled, free)

    def rows(self, which: NDArray[np.intp]) -> Points:
        """Those of some channels."""
        return Points(self.value[which], self.code[which], self.binds[which])

    def tightest(self, slope: Reals, sign: int) -> Points:
        """The points that bound the offset most at a slope: from below (sign 1) or above (-1)."""
        order = np.argsort(np.nan_to_num(-sign * self.bounds(slope), nan=np.inf), axis=1)[:, :_TIGHT]
        at = np.arange(len(order))[:, None]
        return Points(self.value[at, order], self.code[at, order], self.binds[at, order])


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


class _Side(NamedTuple):
    """Points as floats; those that do not bind are out of the way."""

    value: Reals
    code: Reals

    @staticmethod
    def of(points: Points, away: float) -> _Side:
        return _Side(points.value.astype(np.float64), np.where(points.binds, points.code, away))


def _room(reach: _Side, below: _Side, slope: Reals) -> Reals:
    """Room between the bounds of the offset, shape (channels,); endless where one side is free."""
    least = (reach.code - reach.value * slope[:, None]).max(axis=1)
    room: Reals = (below.code - below.value * slope[:, None]).min(axis=1) - least
    return room


def _steepest(reach: Points) -> Reals:
    """A slope that the best one is below: a few times that of all thresholds, where there are some."""
    first, last = np.argmax(reach.binds, axis=1), reach.binds.shape[1] - 1 - np.argmax(reach.binds[:, ::-1], axis=1)
    rows = np.arange(len(reach.value))
    codes = (reach.code[rows, last] - reach.code[rows, first]).astype(np.float64)
    span = (reach.value[rows, last] - reach.value[rows, first]).astype(np.float64)
    any_slope = np.full(len(rows), 1.0 + float(reach.code.max()))
    return np.where((codes >= _SOME) & (span > 0), np.minimum(any_slope, 4 * codes / np.maximum(span, 1)), any_slope)


def best_slopes(reach: Points, below: Points) -> Reals:
    """The slope of most room of each channel, in codes a unit: by golden section, one new slope a step."""
    sides = _Side.of(reach, -np.inf), _Side.of(below, np.inf)
    left, right = np.zeros(len(reach.value)), _steepest(reach)
    first, second = right - _RATIO * (right - left), left + _RATIO * (right - left)
    one, other = _room(*sides, first), _room(*sides, second)
    for _ in range(_STEPS):
        rises = one < other
        left, right = np.where(rises, first, left), np.where(rises, right, second)
        kept, its = np.where(rises, second, first), np.where(rises, other, one)
        new = np.where(rises, left + _RATIO * (right - left), right - _RATIO * (right - left))
        room = _room(*sides, new)
        first, second = np.where(rises, kept, new), np.where(rises, new, kept)
        one, other = np.where(rises, its, room), np.where(rises, room, its)
    middle: Reals = (left + right) / 2
    return middle


def _smallest(reach: Points, below: Points, slope: Reals) -> Uniform:
    """The form of the smallest shift of each channel, checked in whole numbers."""
    channels = len(slope)
    multiplier, offset, shift = np.zeros(channels, np.int64), np.zeros(channels, np.int64), np.full(channels, -1)
    tight = reach.tightest(slope, 1), below.tightest(slope, -1)
    near = np.array(sorted(range(-_NEAR, _NEAR + 1), key=abs))
    for s in range(_SHIFTS):
        left = np.flatnonzero(shift < 0)
        m = np.rint(np.ldexp(slope[left], s)).astype(np.int64)[:, None] + near
        # Most multipliers already fail at the tightest points.
        may = (m >= 0) & _fits(tight[0].rows(left), tight[1].rows(left), m, s)[2]
        for place in np.flatnonzero(may.any(axis=0)):
            some = left[may[:, place] & (shift[left] < 0)]
            tried = m[may[:, place] & (shift[left] < 0), place]
            least, most, fits = _fits(reach.rows(some), below.rows(some), tried[:, None], s)
            hit, ok = some[fits[:, 0]], fits[:, 0]
            multiplier[hit], offset[hit], shift[hit] = tried[ok], _between(least, most)[ok, 0], s
    return Uniform(multiplier, offset, shift)


def _fits(reach: Points, below: Points, multiplier: Whole, shift: int) -> tuple[Whole, Whole, NDArray[np.bool_]]:
    """Bounds of a whole offset, and whether there is one, each of the multipliers' shape (channels, n)."""
    least = reach.whole_bounds(multiplier, shift, 0, -_ENDLESS).max(axis=2)
    most = below.whole_bounds(multiplier, shift, 1, _ENDLESS).min(axis=2)
    return least, most, least <= most


def _between(least: Whole, most: Whole) -> Whole:
    """A whole number in the middle; the bound itself where the other side is free."""
    middle = least + (most - least) // 2
    return np.where(
        most == _ENDLESS, np.where(least == -_ENDLESS, 0, least), np.where(least == -_ENDLESS, most, middle)
    )
