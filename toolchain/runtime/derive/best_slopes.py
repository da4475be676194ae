"""The slope that leaves a line the most room between points, nearly: where scales are floats to start a search from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.slopes import Points

# Steps of golden section: enough for slopes of a millionth of a code a unit.
_STEPS = 90
# So many codes say how steep a channel is, within a few times.
_SOME = 8
_RATIO = (5**0.5 - 1) / 2

Reals = NDArray[np.float64]


class _Side(NamedTuple):
    """Points as floats; those that do not bind are out of the way."""

    value: Reals
    code: Reals

    @staticmethod
    def of(points: Points, away: float) -> _Side:
        return _Side(points.value.astype(np.float64), np.where(points.binds, points.code, away))


def _room(reach: _Side, below: _Side, slope: Reals) -> Reals:
    """Room between the bounds of the offset, shape (channels,); endless where one side is free."""
    each = slope[:, None]
    room: Reals = (below.code - below.value * each).min(axis=1) - (reach.code - reach.value * each).max(axis=1)
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
    right = _steepest(reach)
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
