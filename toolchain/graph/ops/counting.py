"""Counting reached thresholds quickly: with a line in floats that is exact, or with buckets of one threshold each."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.types import EXACT_FLOAT64, Integers

# Up to so many thresholds are compared one by one.
_FEW = 16
# Buckets of all channels together; more would not stay near a core.
_MOST_BUCKETS = 2**20


class Counter:
    """Counts the thresholds of a table, shape (channels or 1, levels), that values of shape (N, channels) reach."""

    def __init__(self, table: NDArray[np.int64]) -> None:
        self._table = table

    def __call__(self, rows: Integers) -> Integers:
        """Counts of shape (N, channels)."""
        if self._table.shape[1] <= _FEW:
            return self._one_by_one(rows)
        if self._buckets is None:
            return self._searched(rows)
        return self._buckets(rows)

    def _one_by_one(self, rows: Integers) -> Integers:
        counts = np.zeros(rows.shape, np.int32)
        for level in range(self._table.shape[1]):
            counts += rows >= self._table[:, level]
        return counts

    def _searched(self, rows: Integers) -> Integers:
        if len(self._table) == 1:
            return np.searchsorted(self._table[0], rows, side="right")
        found = [np.searchsorted(t, rows[:, c], side="right") for c, t in enumerate(self._table)]
        return np.stack(found, axis=1)

    @cached_property
    def _buckets(self) -> _Buckets | None:
        gaps = np.diff(self._table, axis=1)
        shift = int(gaps[gaps > 0].min(initial=2**40)).bit_length() - 1
        span = int((self._table[:, -1] - self._table[:, 0]).max())
        count = (span >> shift) + 3
        return _Buckets(self._table, shift, count) if count * len(self._table) <= _MOST_BUCKETS else None


class _Buckets:
    """Stretches of `2^shift` values, so short that at most one value in each is a threshold."""

    def __init__(self, table: NDArray[np.int64], shift: int, count: int) -> None:
        self._shift, self._count = shift, count
        self._first, self._last = table[:, 0] - 1, table[:, -1]
        starts = self._first[:, None] + (np.arange(count) << shift)
        before = [np.searchsorted(t, s, side="right") for t, s in zip(table, starts, strict=True)]
        self._before = np.stack(before).astype(np.int32)
        # The next threshold behind a bucket's start, and what is counted from there on; past the last one, nothing.
        padded = np.concatenate([table, np.full((len(table), 1), 2**62)], axis=1)
        self._edge = np.take_along_axis(padded, self._before, axis=1)
        after = [np.searchsorted(t, e, side="right") for t, e in zip(table, self._edge, strict=True)]
        self._after = np.minimum(np.stack(after), table.shape[1]).astype(np.int32)
        self._rows = np.arange(len(table)) * count

    def __call__(self, rows: Integers) -> Integers:
        inside = np.clip(rows, self._first, self._last)
        place = ((inside - self._first) >> self._shift) + self._rows
        reached = inside >= self._edge.reshape(-1)[place]
        counts: Integers = np.where(reached, self._after.reshape(-1)[place], self._before.reshape(-1)[place])
        return counts


def line(
    table: NDArray[np.int64],
    multiplier: NDArray[np.int64],
    offset: NDArray[np.int64],
    shift: NDArray[np.int64],
    negative: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.float64], ...] | None:
    """Slope, start and start of negatives in float64: ``(x * multiplier + offset) >> shift`` where thresholds lie.

    Beyond the first and last threshold the floats may round; but they never fall, so the count stays 0 or all.
    None where 53 bits are too few.
    """
    starts = [offset] if negative is None else [offset, negative]
    reach = np.maximum(np.abs(table[:, 0] - 1), np.abs(table[:, -1])).astype(np.float64) + 1
    if any((reach * multiplier + np.abs(start) >= EXACT_FLOAT64).any() for start in starts):
        return None
    down = np.maximum(shift, 0).astype(np.int32)
    return tuple(np.ldexp(part.astype(np.float64), -down) for part in (multiplier, *starts))
