"""The uniform form of thresholds: one multiplication instead of a table, exact for every reachable value.

A channel's thresholds T_1..T_n are those of ``floor((x * m + r) / 2^s)`` if, for every code q, ``T_q * m + r`` reaches
``q * 2^s`` and ``(T_q - 1) * m + r`` does not. With the slope m/2^s fixed, those are bounds of r. The slopes that leave
room between them are an open interval, known exactly (`slopes`); all numbers are whole, so every whole m in it has a
whole r, and the smallest shift is the first one with an m in the interval. A rounded product whose shift rounds again,
as TFLite rescales, is such a form: ``floor((floor(a) + b) / c) = floor((a + b) / c)`` for whole b and c. Thresholds
beyond the reachable values bound the code at their ends.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.ops import Threshold, Uniform
from toolchain.graph.slopes import Points, slopes
from toolchain.graph.types import TensorType

# Shifts tried, and what codes, values, multipliers and offsets may come to: all is computed in 64 bits.
_SHIFTS = 52
_BITS = 60
_MOST = 2.0**62
_ENDLESS = 2**61

Whole = NDArray[np.int64]


def with_uniform(op: Threshold, x: TensorType) -> Threshold:
    """The thresholds with their uniform form, as far as channels have one; without, where none has.

    Rounding halves away from zero gives negative values an offset of their own, looked for where one is not enough.

    Args:
        x: type of what comes in; the form is exact for all its values.
    """
    if not op.levels:
        return op
    shared = len(op.table) == 1
    low, high = (x.low.min()[None], x.high.max()[None]) if shared else (x.low, x.high)
    form = _straight(op.table, low, high)
    bent = np.flatnonzero(~form.found & (low < 0) & (high >= 0))
    if len(bent):
        form = _merged(form, bent, _bent(op.table[bent], low[bent], high[bent]))
    return replace(op, uniform=form if form.found.any() else None)


def _straight(table: Whole, low: Whole, high: Whole) -> Uniform:
    return _held(smallest(*points(table, low, high)), low, high)


def _bent(table: Whole, low: Whole, high: Whole) -> Uniform:
    """One multiplier for both signs, an offset for each."""
    return _held(smallest(*halves(table, low, high, 0), halves=2), low, high)


def _held(form: Uniform, low: Whole, high: Whole) -> Uniform:
    """Without the channels whose products and sums might not fit 64 bits."""
    far = np.maximum(np.abs(low), np.abs(high)).astype(np.float64) * form.multiplier
    far += np.max([np.abs(part) for name, part in form.parts.items() if name in ("offset", "negative")], axis=0)
    return replace(form, shift=np.where(far < _MOST, form.shift, -1))


def _merged(form: Uniform, bent: NDArray[np.intp], other: Uniform) -> Uniform:
    """The forms of some channels in the place of none."""
    if not other.found.any():
        return form
    assert other.negative is not None
    parts = [form.multiplier.copy(), form.offset.copy(), form.shift.copy(), form.offset.copy()]
    for part, new in zip(parts, (other.multiplier, other.offset, other.shift, other.negative), strict=True):
        part[bent] = new
    return Uniform(*parts)


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


def halves(table: Whole, low: Whole, high: Whole, split: Whole | int) -> tuple[Points, Points]:
    """The same for values from `split` on, and after them for those below."""
    parts = points(table, np.maximum(low, split), high), points(table, low, np.minimum(high, split - 1))
    return _stacked(parts[0][0], parts[1][0]), _stacked(parts[0][1], parts[1][1])


def _stacked(one: Points, other: Points) -> Points:
    value, code, binds = (np.concatenate(pair) for pair in zip(one, other, strict=True))
    return Points(value, code, binds)


def smallest(reach: Points, below: Points, halves: int = 1) -> Uniform:
    """The form of the smallest shift of each channel.

    Args:
        halves: see `slopes`; with two, the second ones are those of negative values.
    """
    wanted, channels = slopes(reach, below, halves), len(reach.value) // halves
    multiplier, shift = np.zeros(channels, np.int64), np.full(channels, -1)
    for s in range(min(_SHIFTS, _BITS - int(reach.code.max()).bit_length())):
        least, most = wanted.multipliers(s)
        new = (least <= most) & (shift < 0)
        multiplier[new], shift[new] = least[new], s
    offset = offsets(reach, below, np.tile(multiplier, halves), np.tile(shift, halves)).reshape(halves, channels)
    return Uniform(multiplier, offset[0], shift, *offset[1:])


def offsets(reach: Points, below: Points, multiplier: Whole, shift: Whole) -> Whole:
    """Whole offsets in the middle of those that go with multipliers between `slopes`; any number for a shift of -1."""
    by, m = np.maximum(shift, 0)[:, None], multiplier[:, None]
    least = np.where(reach.binds, (reach.code << by) - reach.value * m, -_ENDLESS).max(axis=1)
    most = np.where(below.binds, (below.code << by) - 1 - below.value * m, _ENDLESS).min(axis=1)
    return _between(least, most)


def _between(least: Whole, most: Whole) -> Whole:
    """A whole number in the middle; the bound itself where the other side is free."""
    middle = least + (most - least) // 2
    return np.where(
        most == _ENDLESS, np.where(least == -_ENDLESS, 0, least), np.where(least == -_ENDLESS, most, middle)
    )
