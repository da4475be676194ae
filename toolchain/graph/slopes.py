"""Which slopes a line may have that is to pass between points: the open interval of them, exactly.

A line of slope a passes if ``max(code - a * value)`` of the points that it must reach stays below
``min(code - a * value)`` of those that it must not. The room between the two is concave in a and made of straight
pieces, each a pair of points. Newton's method from outside, piece by piece, ends at its zeros after a few steps; all
slopes on the way are fractions of small integers, so nothing is rounded.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError

Whole = NDArray[np.int64]

# The bound of a line where no point binds: beyond all others, and differences of two still fit 64 bits.
_FREE = 2**61


class Points(NamedTuple):
    """Values and the codes there, each (channels, levels); and which of them bind."""

    value: Whole
    code: Whole
    binds: NDArray[np.bool_]

    def bounds(self, slope: NDArray[np.float64]) -> NDArray[np.float64]:
        """For a slope in codes a unit: bounds of the offset, in codes; NaN where nothing binds."""
        bounds: NDArray[np.float64] = np.where(self.binds, self.code - self.value * slope[:, None], np.nan)
        return bounds

    def rows(self, which: NDArray[np.intp]) -> Points:
        """Those of some channels."""
        return Points(self.value[which], self.code[which], self.binds[which])


class Slopes(NamedTuple):
    """Slopes between two fractions, neither of them included, each part of shape (channels,).

    Attributes:
        low, low_by: the greatest slope that is too flat is ``low / low_by``; -1 where none is.
        high, high_by: the least that is too steep is ``high / high_by``; by 0 where none is.
    """

    low: Whole
    low_by: Whole
    high: Whole
    high_by: Whole

    def multipliers(self, shift: int) -> tuple[Whole, Whole]:
        """The least and the greatest multiplier with ``multiplier / 2^shift`` between; least > most for none."""
        least = np.maximum((self.low << shift) // self.low_by + 1, 0)
        most = ((self.high << shift) - 1) // np.maximum(self.high_by, 1)
        return least, np.where(self.high_by > 0, most, _FREE)


def slopes(reach: Points, below: Points, halves: int = 1) -> Slopes:
    """The slopes of 0 or more with which each channel has an offset.

    Args:
        reach, below: where each code must be reached, and where it must not be.
        halves: how often channels come, one after the other, with one slope and offsets of their own.

    Raises:
        ModelError: products of values and codes need more than 62 bits.
    """
    newton = _Newton(reach, below, halves)
    return Slopes(*_too_flat(newton), *_too_steep(newton))


class _Newton:
    """The room of each channel at a slope, and the piece it lies on."""

    def __init__(self, reach: Points, below: Points, halves: int) -> None:
        self._halves, self.channels = halves, len(reach.value) // halves
        # Only differences matter, and those from a channel's least value are short.
        least = np.minimum(reach.value, below.value).min(axis=1, initial=_FREE)[:, None]
        self._reach, self._below = (end._replace(value=end.value - least) for end in (reach, below))
        self.steep = int(max(reach.code.max(initial=0), below.code.max(initial=0))) + 1
        span = int(max(self._reach.value.max(initial=0), self._below.value.max(initial=0))) + 1
        if span * self.steep >= _FREE // 4:
            raise ModelError(f"values that span {span:,} have {self.steep:,} codes; narrow the types")

    def piece(self, p: Whole, q: Whole, which: NDArray[np.intp]) -> tuple[Whole, Whole, Whole]:
        """Of some channels at slopes p / q: q times the room, and by how much the piece's codes and values rise."""
        found = [self._of_half(p[:, None], q[:, None], which + half * self.channels) for half in range(self._halves)]
        tight = np.argmin([room for room, _, _ in found], axis=0)
        room, codes, values = (np.choose(tight, part) for part in zip(*found, strict=True))
        return room, codes, values

    def _of_half(self, p: Whole, q: Whole, rows: NDArray[np.intp]) -> tuple[Whole, Whole, Whole]:
        reach, below = self._reach.rows(rows), self._below.rows(rows)
        floors = np.where(reach.binds, reach.code * q - reach.value * p, -_FREE)
        tops = np.where(below.binds, below.code * q - below.value * p, _FREE)
        at, i, j = np.arange(len(rows)), floors.argmax(axis=1), tops.argmin(axis=1)
        return (
            tops[at, j] - floors[at, i],
            below.code[at, j] - reach.code[at, i],
            below.value[at, j] - reach.value[at, i],
        )


def _too_flat(newton: _Newton) -> tuple[Whole, Whole]:
    """The zero on the left, from slope 0; a fraction beyond all others where no slope has room."""
    p, q = np.zeros(newton.channels, np.int64), np.ones(newton.channels, np.int64)
    left = np.arange(newton.channels)
    p[newton.piece(p, q, left)[0] > 0] = -1
    left = np.flatnonzero(p == 0)
    while len(left):
        room, codes, values = newton.piece(p[left], q[left], left)
        p[left[(room < 0) & (values >= 0)]] = newton.steep
        go = (room < 0) & (values < 0)
        left, codes, values = left[go], codes[go], values[go]
        p[left], q[left] = -codes, -values
    return p, q


def _too_steep(newton: _Newton) -> tuple[Whole, Whole]:
    """The zero on the right, from a slope so steep that a unit of value counts more than all codes."""
    p, q = np.full(newton.channels, newton.steep), np.ones(newton.channels, np.int64)
    left = np.arange(newton.channels)
    endless = newton.piece(p, q, left)[0] > 0
    p[endless], q[endless] = 1, 0
    left = left[~endless]
    while len(left):
        room, codes, values = newton.piece(p[left], q[left], left)
        go = (room < 0) & (values > 0) & (codes > 0)
        none = left[(room <= 0) & (values <= 0) | (room < 0) & (codes <= 0)]
        p[none], q[none] = 0, 1
        left, codes, values = left[go], codes[go], values[go]
        p[left], q[left] = codes, values
    return p, q
