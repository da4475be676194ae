"""Thresholds of a sum of two tensors, proved on all pairs of their values against the executor's float32."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from toolchain.graph.model_file import Floats
from toolchain.graph.readers.qonnx.grid import Grid
from toolchain.graph.readers.qonnx.slopes import slope
from toolchain.graph.readers.qonnx.steps import Executor, Root, Step, Tree
from toolchain.graph.readers.qonnx.values import Pending, Summand
from toolchain.graph.thresholds import bisect_thresholds
from toolchain.graph.types import Integers

# Pairs of values, times channels, that are walked through.
_MOST_PAIRS = 2**23
# Values of the narrower summand, for each of which the other's thresholds are sought.
_MOST_VALUES = 2**8
# Last places either side of a sum that rounding may come to.
_NEAR = 2.0


@dataclass(frozen=True)
class Proof:
    """What all pairs say.

    Attributes:
        table: thresholds of the sum, (channels or 1, levels), the same on every pair; None where there are none.
        tried: whether pairs could be gone through.
    """

    table: Integers | None = None
    tried: bool = True


def pair_thresholds(executor: Executor, value: Pending, step: Step, grid: Grid) -> Proof:
    """Thresholds of a tensor with two summands, behind a quantiser's step."""
    first, second = value.summands
    if np.isnan(slope(step)).any():
        return Proof(tried=False)
    shared = value.with_tree(step).alike
    pair = _Pair(executor, step, grid, first, second, 1 if shared else value.type.channels)
    if pair.count * pair.channels <= _MOST_PAIRS:
        return Proof(pair.walked())
    return Proof(pair.searched()) if pair.can_be_searched else Proof(tried=False)


def apart(executor: Executor, value: Pending, step: Step, grid: Grid, table: Integers) -> tuple[int, int] | None:
    """Count pairs of values whose code is another one by thresholds of the sum than in the executor, and pairs in all.

    Args:
        table: thresholds of the sum, (channels or 1, levels).

    Returns:
        None where it is more than rounding that decides, or there are too many pairs: every code must lie among those
        that the executor gives to floats next to its own sum.
    """
    first, second = value.summands
    shared = value.with_tree(step).alike
    pair = _Pair(executor, step, grid, first, second, 1 if shared else value.type.channels)
    return pair.differing(table) if pair.count * pair.channels <= _MOST_PAIRS else None


def is_exact(value: Pending) -> bool:
    """Whether float32 holds the sum of the summands as it is, so that how it came about does not matter."""
    units = [value.unit, *(s.unit for s in value.summands)]
    powers = all((np.frexp(np.abs(unit))[0] == 0.5).all() for unit in units)
    bare = all(isinstance(s.tree, Root) and not s.bias.any() for s in value.summands)
    return value.exact and powers and bare and bool(value.type.magnitude.max() < 2**24)


class _Pair:
    """All pairs of values of two summands, and the codes that the executor gives to their sums."""

    def __init__(
        self, executor: Executor, tree: Tree, grid: Grid, first: Summand, second: Summand, channels: int
    ) -> None:
        self._executor, self._tree, self._grid = executor, tree, grid
        self._first, self._second, self.channels = first, second, channels

    @property
    def count(self) -> int:
        return len(self.values(self._first)) * len(self.values(self._second))

    def values(self, summand: Summand) -> Integers:
        """All values of any channel, shape (n,)."""
        return np.arange(int(summand.type.low.min()), int(summand.type.high.max()) + 1, summand.type.element.step)

    @property
    def can_be_searched(self) -> bool:
        """Whether one summand holds few values, and the sum rises with the other one."""
        wide, narrow = self._wide_and_narrow()
        rising = (slope(self._tree) >= 0).all() and (slope(wide.tree) >= 0).all()
        return bool(rising and wide.sign > 0 and wide.factor.min() > 0 and len(self.values(narrow)) <= _MOST_VALUES)

    def _wide_and_narrow(self) -> tuple[Summand, Summand]:
        pair = (self._first, self._second)
        return pair if len(self.values(pair[0])) >= len(self.values(pair[1])) else (pair[1], pair[0])

    def differing(self, table: Integers) -> tuple[int, int] | None:
        """See `apart`."""
        differ = count = 0
        for channel in range(self.channels):
            a, b = self._all_pairs(channel)
            sums = self._sum(a, b)[:, channel if self._per_channel else 0]
            ours = np.searchsorted(table[channel if len(table) > 1 else 0], sums, side="right")
            differ += int((self._codes(a, b)[:, channel] != ours).sum())
            count += len(sums)
            below, above = (self._codes(a, b, side)[:, channel] for side in (-_NEAR, _NEAR))
            if not ((ours >= np.minimum(below, above)) & (ours <= np.maximum(below, above))).all():
                return None
        return differ, count

    def _all_pairs(self, channel: int) -> tuple[Integers, Integers]:
        a, b = np.meshgrid(*(self._reached(s, channel) for s in (self._first, self._second)), indexing="ij")
        return a.reshape(-1), b.reshape(-1)

    def walked(self) -> Integers | None:
        """From all pairs, one channel after another; None where codes fall while the sum of integers rises."""
        tables = []
        for channel in range(self.channels):
            a, b = self._all_pairs(channel)
            table = self._sorted(self._sum(a, b)[:, channel if self._per_channel else 0], self._codes(a, b)[:, channel])
            if table is None:
                return None
            tables.append(table)
        return np.stack(tables)

    @property
    def _per_channel(self) -> bool:
        return max(self._first.factor.size, self._second.factor.size) > 1

    def _reached(self, summand: Summand, channel: int) -> Integers:
        values = self.values(summand)
        if self.channels == 1:
            return values
        reached: Integers = values[(values >= summand.type.low[channel]) & (values <= summand.type.high[channel])]
        return reached

    def _sum(self, a: Integers, b: Integers) -> Integers:
        total: Integers = a[:, None] * self._first.factor + b[:, None] * self._second.factor
        return total

    def _codes(self, a: Integers, b: Integers, towards: float = 0.0) -> Integers:
        return self._codes_of(a[:, None], b[:, None], towards)

    def _codes_of(self, a: Integers, b: Integers, towards: float = 0.0) -> Integers:
        """Of integers of shape (rows, channels or 1); of floats some last places beside their sum."""
        first, second = self._floats(self._first, a), self._floats(self._second, b)
        total = first + second
        if towards:
            # What cancels leaves the rounding of the greater one.
            largest = np.maximum(np.abs(first), np.maximum(np.abs(second), np.abs(total)))
            total = total + np.float32(towards) * np.spacing(largest)
        total = np.ascontiguousarray(np.broadcast_to(total, (len(total), self.channels)))
        found = self._executor.run(self._tree, total)
        return self._grid.codes(np.broadcast_to(found, (len(found), self.channels)))

    def _floats(self, summand: Summand, integers: Integers) -> Floats:
        values = (integers * summand.unit + summand.bias).astype(np.float32)
        result: Floats = self._executor.run(summand.tree, values) * np.float32(summand.sign)
        return result

    def _sorted(self, sums: Integers, codes: Integers) -> Integers | None:
        order = np.lexsort((codes, sums))
        sums, codes = sums[order], codes[order]
        falls = (np.diff(codes) < 0).any()
        ties = (np.diff(sums) == 0) & (np.diff(codes) != 0)
        if falls or ties.any():
            return None
        first = np.searchsorted(codes, np.arange(1, (self._grid.levels or 0) + 1))
        return np.append(sums, sums[-1] + 1)[first]

    def searched(self) -> Integers | None:
        """From the wider summand's thresholds for each value of the narrower one."""
        wide, narrow = self._wide_and_narrow()
        low, high = self._bounds(wide)
        levels = self._grid.levels or 0
        reach = np.full((self.channels, levels), np.iinfo(np.int64).max)
        below = np.full((self.channels, levels), np.iinfo(np.int64).min)
        for other in self.values(narrow):
            table = bisect_thresholds(partial(self._turned, wide, int(other)), low, high, levels)
            base = np.broadcast_to(other * narrow.factor, self.channels)[:, None]
            own = np.broadcast_to(wide.factor, self.channels)[:, None]
            reach = np.where(table <= high[:, None], np.minimum(reach, own * table + base), reach)
            below = np.where(table > low[:, None], np.maximum(below, own * (table - 1) + base), below)
        # A code that no pair reaches lies behind all sums.
        never = reach == np.iinfo(np.int64).max
        reach = np.where(never, below + 1, reach)
        return reach if (below < reach).all() and (np.diff(reach, axis=1) >= 0).all() else None

    def _bounds(self, summand: Summand) -> tuple[Integers, Integers]:
        low, high = summand.type.low, summand.type.high
        return (low.min(keepdims=True), high.max(keepdims=True)) if self.channels == 1 else (low, high)

    def _turned(self, wide: Summand, other: int, integers: Integers) -> Integers:
        """Codes of the wide summand's integers, shape (channels, n), beside one value of the other."""
        a, b = integers.T, np.full((1, 1), other, np.int64)
        a, b = (a, b) if wide is self._first else (b, a)
        return self._codes_of(a, b).T
