"""Thresholds of all channels as one multiplication each, with one shift for all: what `requantise.v` computes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hls.units.rising import Rising
from toolchain.errors import ModelError
from toolchain.graph.slopes import Points, slopes
from toolchain.graph.uniform import halves, offsets, points, smallest

Whole = NDArray[np.int64]

# Multipliers of so many bits at most; and so many shifts are tried where halves go to even codes.
_MOST_BITS, _POWERS = 32, 40
_ENDLESS = 2**61


@dataclass(frozen=True, eq=False)
class Lines:
    """``clip((code * multiplier + offset) >> shift, 0, top)``.

    Attributes:
        multiplier: shape (channels or 1,).
        offset: shape (2 or 1, channels or 1), integers of any size; the second ones are those of codes below `split`.
        round: 1 where a sum without a fraction that is odd loses 1, so that halves go to even codes; 2 where an even
            one does; else 0.
    """

    multiplier: Whole
    offset: NDArray[Any]
    shift: int
    round: int = 0

    @property
    def multiplier_bits(self) -> int:
        """Bits of the greatest multiplier, 1 at least."""
        return max(1, int(self.multiplier.max()).bit_length())

    def finer(self, bits: int) -> Lines:
        """The same with more bits below the point."""
        return Lines(self.multiplier << bits, self.offset * 2**bits, self.shift + bits, self.round)

    def results(self, codes: Whole, split: int, top: int) -> NDArray[Any]:
        """The results of codes, shape (channels or 1, n)."""
        bent = len(self.offset) > 1
        offset = np.where(codes < split, self.offset[1][:, None], self.offset[0][:, None]) if bent else self.offset.T
        sums = codes.astype(object) * self.multiplier[:, None] + offset
        found = sums >> self.shift
        if self.round:
            found = found - ((sums == found << self.shift) & (found % 2 == self.round % 2))
        clipped: NDArray[Any] = np.clip(found, 0, top)
        return clipped


def lines(of: Rising) -> Lines | None:
    """The form of all channels, checked at every threshold; None where a channel has none."""
    if not of.top:
        return Lines(np.zeros(1, np.int64), np.zeros((1, 1), object), 0)
    for form in _forms(of):
        if _same(form, of):
            return form
    return None


def _forms(of: Rising) -> Iterator[Lines]:
    """Forms, the cheapest first. Values count from each row's first threshold, so that numbers stay short."""
    base = of.table[:, 0]
    table, low, high = of.table - base[:, None], of.low - base, of.high - base
    ends = points(table, low, high)
    yield from _straight(*ends, base)
    yield from _to_even(*ends, base)
    yield from _straight(*halves(table, low, high, of.split - base), base, 2)


def _straight(reach: Points, below: Points, base: Whole, count: int = 1) -> Iterator[Lines]:
    """One multiplier for all rows, where there is one; else with the greatest of the rows' smallest shifts."""
    try:
        wanted, found = slopes(reach, below, count), smallest(reach, below, count)
    except ModelError:
        return
    if not found.found.all():
        return
    last = int(found.shift.max())
    for shift in range(last + 1):
        least, most = wanted.multipliers(shift)
        if least.max() <= most.min():
            yield _lines(reach, below, np.full_like(least, least.max()), shift, base, count)
            break
    yield _lines(reach, below, wanted.multipliers(last)[0], last, base, count)


def _lines(reach: Points, below: Points, m: Whole, shift: int, base: Whole, count: int) -> Lines:
    rows = len(m)
    offset = offsets(reach, below, np.tile(m, count), np.full(rows * count, shift)).reshape(count, rows)
    return Lines(_one(m), _one(offset.astype(object) - m.astype(object) * base), shift)


def _to_even(reach: Points, below: Points, base: Whole) -> Iterator[Lines]:
    """Powers of two, with halves that go to even codes or to odd ones: the others are reached one later."""
    for parity in (1, 2):
        bounds = [_late_bounds(reach, below, shift, parity) for shift in range(_POWERS)]
        fits = np.array([least <= most for least, most in bounds])
        if not fits.any(axis=0).all():
            continue
        alike = np.flatnonzero(fits.all(axis=1))
        own = np.full(len(base), alike[0]) if len(alike) else fits.argmax(axis=0)
        offset = np.array([_middle(*(int(end[row]) for end in bounds[s])) for row, s in enumerate(own)], object)
        shift = int(own.max())
        m = np.int64(1) << (shift - own)
        yield Lines(_one(m), _one((offset * m - m.astype(object) * base)[None]), shift, parity)


def _late_bounds(reach: Points, below: Points, shift: int, parity: int) -> tuple[Whole, Whole]:
    """Bounds of the offset with a multiplier of 1."""
    first, second = ((end.code << shift) + (end.code + parity + 1) % 2 - end.value for end in (reach, below))
    least = np.where(reach.binds, first, -_ENDLESS).max(axis=1)
    return least, np.where(below.binds, second - 1, _ENDLESS).min(axis=1)


def _middle(least: int, most: int) -> int:
    return (0 if most == _ENDLESS else most) if least == -_ENDLESS else least


def _one(parts: NDArray[Any]) -> NDArray[Any]:
    """Once where all rows have the same."""
    return parts[..., :1] if (parts == parts[..., :1]).all() else parts


def _same(form: Lines, of: Rising) -> bool:
    """Whether the form is the thresholds: at both ends, at each of them, just before, and where it bends."""
    if form.multiplier_bits > _MOST_BITS:
        return False
    ends = np.stack([of.low, of.high], axis=1)
    bend = np.broadcast_to([of.split - 1, of.split], ends.shape)
    codes = np.concatenate([ends, bend, of.table, of.table - 1], axis=1).clip(of.low[:, None], of.high[:, None])
    wanted = np.stack([np.searchsorted(row, c, side="right") for row, c in zip(of.table, codes, strict=True)])
    return bool((form.results(codes, of.split, of.top) == wanted).all())
