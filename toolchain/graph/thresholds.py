"""Integer thresholds by exact evaluation.

An accumulator is a bounded integer, so the elementwise nodes behind it can be run on every value it
can take. Where the quantised result steps up, there is the threshold. Scales, biases, normalisation,
ReLU and rounding mode are all taken in as the executor itself computes them, and nothing is rounded twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.dense import Integers

# Accumulator ranges beyond this take too long to walk through.
MAX_RANGE = 2**20
CHUNK = 2048
# Accumulators whose codes are asked for at once.
_ELEMENTS = 2**20

Codes = Callable[[Integers], Integers]


def chunks(low: int, high: int) -> Iterator[Integers]:
    """All values of [low, high], in order, `CHUNK` at a time; the last chunk is filled up with `high`."""
    for start in range(low, high + 1, CHUNK):
        yield np.minimum(np.arange(start, start + CHUNK, dtype=np.int64), high)


def find_thresholds(
    name: str, codes: Codes, low: Integers, high: Integers, levels: int
) -> tuple[Integers, NDArray[np.bool_]]:
    """Thresholds of each channel, and which channels fall instead of rise.

    A falling channel's thresholds are those of its negated accumulator: negate its weights to use them.

    Args:
        name: of the layer, for errors.
        codes: maps accumulators of shape (CHUNK,) to codes 0..levels of shape (CHUNK, channels).
        low, high: accumulator range of each channel, shape (channels,).
        levels: number of thresholds a channel.

    Returns:
        (thresholds of shape (channels, levels), ascending; falling of shape (channels,)). A threshold
        that is always reached stands at the channel's least value, one never reached just above its greatest.

    Raises:
        ModelError: the range is too wide, or a channel neither rises nor falls throughout.
    """
    least, greatest = int(low.min()), int(high.max())
    if greatest - least > MAX_RANGE:
        raise ModelError(f"{name}: accumulators span {greatest - least} values, {MAX_RANGE} at most; narrow the types")
    steps = _Steps(low, high, levels)
    for values in chunks(least, greatest):
        steps.take(values, codes(values))
    if (both := steps.rising & steps.falling).any():
        channel = int(np.flatnonzero(both)[0])
        raise ModelError(f"{name}: the activation of channel {channel} is not monotone: it has no thresholds")
    # As many values lie below a threshold as have a lower code.
    below = steps.counts[:, :levels].cumsum(axis=1)
    return np.where(steps.falling, -high, low)[:, None] + below, steps.falling


def bisect_thresholds(codes: Codes, low: Integers, high: Integers, levels: int) -> Integers:
    """Thresholds of channels whose codes never fall, by bisection: for ranges too wide to walk through.

    Most lie near a straight line between the first and the last that are reached, so each is sought there first. A
    threshold is only ever what the codes on both its sides say.

    Args:
        codes: maps accumulators of shape (channels, n) to codes 0..levels of the same shape; never falls along a row.
        low, high: accumulator range of each channel, shape (channels,).

    Returns:
        Shape (channels, levels), ascending; see `find_thresholds` for those always or never reached.
    """
    search = _Bisection(codes, low, high, levels)
    ends, every = search.ends(), np.broadcast_to(np.arange(levels), (len(low), levels))
    search.halve(ends)
    guess = search.line(ends)
    for beside in (0, 1, -2):
        search.ask(every, guess + beside)
    search.halve(every)
    return search.over


class _Bisection:
    """Where the threshold of each code can lie, (channels, levels): in (under, over].

    `under` has not reached it, or lies before the range; `over` has reached it, or lies behind the range.
    """

    def __init__(self, codes: Codes, low: Integers, high: Integers, levels: int) -> None:
        self._codes, self._low, self._high = codes, low.astype(np.int64)[:, None], high.astype(np.int64)[:, None]
        first, last = (codes(end)[:, :1] for end in (self._low, self._high))
        self._first, self._last = first, last
        wanted = np.arange(1, levels + 1)
        self.under = np.where(wanted <= last, self._low - (wanted <= first), self._high)
        self.over = np.where(wanted <= first, self._low, self._high + (wanted > last))

    def ends(self) -> Integers:
        """Places of the first and the last threshold within each channel's range, shape (channels, 2)."""
        most = self.over.shape[1] - 1
        places: Integers = np.clip(np.concatenate([self._first, self._last - 1], axis=1), 0, most)
        return places

    def line(self, ends: Integers) -> Integers:
        """Where thresholds would lie in a row of equal steps between two that are known."""
        at = np.take_along_axis(self.over, ends, axis=1).astype(np.float64)
        along = (np.arange(self.over.shape[1]) - ends[:, :1]) / np.maximum(np.diff(ends), 1)
        line: Integers = np.rint(at[:, :1] + along * np.diff(at)).astype(np.int64)
        return line

    def halve(self, places: Integers) -> None:
        """Find the thresholds at some places, shape (channels, n)."""
        while True:
            under, over = (np.take_along_axis(end, places, axis=1) for end in (self.under, self.over))
            open_ = (over - under > 1).any(axis=0)
            if not open_.any():
                return
            places = places[:, open_]
            self.ask(places, ((under + over) // 2)[:, open_])

    def ask(self, places: Integers, points: Integers) -> None:
        """Narrow down the thresholds at some places, by the codes of points as far as those lie in between."""
        each = max(1, _ELEMENTS // len(points))
        for start in range(0, points.shape[1], each):
            self._ask(places[:, start : start + each], points[:, start : start + each])

    def _ask(self, places: Integers, points: Integers) -> None:
        under, over = (np.take_along_axis(end, places, axis=1) for end in (self.under, self.over))
        between = (points > under) & (points < over)
        if not between.any():
            return
        reached = self._codes(np.where(between, points, np.clip(under, self._low, self._high))) > places
        np.put_along_axis(self.over, places, np.where(between & reached, points, over), axis=1)
        np.put_along_axis(self.under, places, np.where(between & ~reached, points, under), axis=1)


class _Steps:
    """How often each code comes up in each channel, and in which direction codes step, chunk by chunk."""

    def __init__(self, low: Integers, high: Integers, levels: int) -> None:
        self._low, self._high = low, high
        self._last: tuple[Integers, NDArray[np.bool_]] | None = None
        self._channels = np.arange(len(low))
        self.counts = np.zeros((len(low), levels + 1), dtype=np.int64)
        self.rising, self.falling = (np.zeros(len(low), dtype=np.bool_) for _ in range(2))

    def take(self, values: Integers, codes: Integers) -> None:
        # A chunk that was filled up repeats its last value.
        fresh = np.append(True, np.diff(values) > 0)
        within = fresh[:, None] & (values[:, None] >= self._low) & (values[:, None] <= self._high)
        slots = (self._channels * self.counts.shape[1] + codes)[within]
        self.counts += np.bincount(slots, minlength=self.counts.size).reshape(self.counts.shape)
        self._compare(codes, within)

    def _compare(self, codes: Integers, within: NDArray[np.bool_]) -> None:
        if self._last is not None:
            codes, within = np.vstack([self._last[0], codes]), np.vstack([self._last[1], within])
        steps = np.where(within[1:] & within[:-1], np.diff(codes, axis=0), 0)
        self.rising |= (steps > 0).any(axis=0)
        self.falling |= (steps < 0).any(axis=0)
        self._last = (codes[-1:], within[-1:])
