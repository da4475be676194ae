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

    Rounding halves away from zero gives negative values an offset of their own, looked for where one is not enough.

    Args:
        x: type of what comes in; the form is exact for all its values.
    """
    shared = len(op.table) == 1
    low, high = (x.low.min()[None], x.high.max()[None]) if shared else (x.low, x.high)
    form = _straight(op.table, low, high)
    bent = np.flatnonzero(~form.found & (low < 0) & (high >= 0))
    if len(bent):
        form = _merged(form, bent, _bent(op.table[bent], low[bent], high[bent]))
    return replace(op, uniform=form if form.found.any() else None)


def _straight(table: Whole, low: Whole, high: Whole) -> Uniform:
    reach, below = points(table, low, high)
    return _smallest(reach, below, best_slopes(reach, below))


def _bent(table: Whole, low: Whole, high: Whole) -> Uniform:
    """One multiplier for both signs, an offset for each."""
    halves = points(table, np.maximum(low, 0), high), points(table, low, np.minimum(high, -1))
    reach, below = (_stacked(halves[0][end], halves[1][end]) for end in (0, 1))
    return _smallest(reach, below, best_slopes(reach, below, 2), 2)


def _stacked(one: Points, other: Points) -> Points:
    value, code, binds = (np.concatenate(pair) for pair in zip(one, other, strict=True))
    return Points(value, code, binds)


def _merged(form: Uniform, bent: NDArray[np.intp], other: Uniform) -> Uniform:
    """The forms of some channels in the place of none."""
    if not other.found.any():
        return form
    assert other.negative is not None
    parts = [form.multiplier.copy(), form.offset.copy(), form.shift.copy(), form.offset.copy()]
    for part, new in zip(parts, (other.multiplier, other.offset, other.shift, other.negative), strict=True):
        part[bent] = new
    return Uniform(*parts)


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


def _room(reach: _Side, below: _Side, halves: int, slope: Reals) -> Reals:
    """Room between the bounds of the offset, shape (channels,); endless where one side is free."""
    each = np.tile(slope, halves)[:, None]
    room = (below.code - below.value * each).min(axis=1) - (reach.code - reach.value * each).max(axis=1)
    least: Reals = room.reshape(halves, -1).min(axis=0)
    return least


def _steepest(reach: Points) -> Reals:
    """A slope that the best one is below: a few times that of all thresholds, where there are some."""
    first, last = np.argmax(reach.binds, axis=1), reach.binds.shape[1] - 1 - np.argmax(reach.binds[:, ::-1], axis=1)
    rows = np.arange(len(reach.value))
    codes = (reach.code[rows, last] - reach.code[rows, first]).astype(np.float64)
    span = (reach.value[rows, last] - reach.value[rows, first]).astype(np.float64)
    any_slope = np.full(len(rows), 1.0 + float(reach.code.max()))
    return np.where((codes >= _SOME) & (span > 0), np.minimum(any_slope, 4 * codes / np.maximum(span, 1)), any_slope)


def best_slopes(reach: Points, below: Points, halves: int = 1) -> Reals:
    """The slope of most room of each channel, in codes a unit: by golden section, one new slope a step.

    Args:
        halves: how often channels come, one after the other, with one slope and offsets of their own.
    """
    sides = _Side.of(reach, -np.inf), _Side.of(below, np.inf), halves
    right = _steepest(reach).reshape(halves, -1).max(axis=0)
    left = np.zeros(len(right))
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


def _smallest(reach: Points, below: Points, slope: Reals, halves: int = 1) -> Uniform:
    """The form of the smallest shift of each channel, checked in whole numbers."""
    channels = len(slope)
    multiplier, shift = np.zeros(channels, np.int64), np.full(channels, -1)
    offset = np.zeros((halves, channels), np.int64)
    each = np.tile(slope, halves)
    few, all_ = _Halves(reach.tightest(each, 1), below.tightest(each, -1), halves), _Halves(reach, below, halves)
    near = np.array(sorted(range(-_NEAR, _NEAR + 1), key=abs))
    for s in range(_SHIFTS):
        left = np.flatnonzero(shift < 0)
        m = np.rint(np.ldexp(slope[left], s)).astype(np.int64)[:, None] + near
        # Most multipliers already fail at the tightest points.
        may = (m >= 0) & few.fit(left, m, s)[2]
        for place in np.flatnonzero(may.any(axis=0)):
            some = left[may[:, place] & (shift[left] < 0)]
            tried = m[may[:, place] & (shift[left] < 0), place]
            least, most, fits = all_.fit(some, tried[:, None], s)
            hit, ok = some[fits[:, 0]], fits[:, 0]
            multiplier[hit], offset[:, hit], shift[hit] = tried[ok], _between(least, most)[:, ok, 0], s
    return Uniform(multiplier, offset[0], shift, *offset[1:])


class _Halves(NamedTuple):
    """Points of channels that come once or twice, one half after the other."""

    reach: Points
    below: Points
    halves: int

    def fit(self, which: NDArray[np.intp], multiplier: Whole, shift: int) -> tuple[Whole, Whole, NDArray[np.bool_]]:
        """Bounds of whole offsets, (halves, channels, n), and whether there are such, (channels, n)."""
        channels = len(self.reach.value) // self.halves
        rows = np.concatenate([which + half * channels for half in range(self.halves)])
        each = np.tile(multiplier, (self.halves, 1))
        least = self.reach.rows(rows).whole_bounds(each, shift, 0, -_ENDLESS).max(axis=2)
        most = self.below.rows(rows).whole_bounds(each, shift, 1, _ENDLESS).min(axis=2)
        least, most = (bound.reshape(self.halves, *multiplier.shape) for bound in (least, most))
        return least, most, (least <= most).all(axis=0)


def _between(least: Whole, most: Whole) -> Whole:
    """A whole number in the middle; the bound itself where the other side is free."""
    middle = least + (most - least) // 2
    return np.where(
        most == _ENDLESS, np.where(least == -_ENDLESS, 0, least), np.where(least == -_ENDLESS, most, middle)
    )
