"""From a quantiser on a pending tensor to a node of the integer graph, by exact evaluation on all that can reach it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from toolchain.errors import ModelError
from toolchain.graph.ops import Op, Table, Threshold
from toolchain.graph.readers.qonnx.grid import Grid, grid_of
from toolchain.graph.readers.qonnx.pairs import apart, is_exact, pair_thresholds
from toolchain.graph.readers.qonnx.slopes import slope
from toolchain.graph.readers.qonnx.steps import ROOT, Executor, Step
from toolchain.graph.readers.qonnx.values import Pending, Wire
from toolchain.graph.thresholds import MAX_RANGE, bisect_thresholds, find_thresholds
from toolchain.graph.types import Integers
from toolchain.graph.uniform import with_uniform

TABLE_RANGE = 2**16
"""Most entries of a table."""

# Elements that the executor is given at once.
_ELEMENTS = 2**20


class Quantiser:
    """A quantiser's step on a pending tensor, and what it makes of each integer."""

    def __init__(self, executor: Executor, value: Pending, step: Step) -> None:
        """
        Args:
            step: the quantiser, behind the tensor's own steps.
        """
        self._executor, self._step, self.where, self.notice = executor, step, step.where, ""
        # Channels that are treated alike are evaluated once.
        low, high, shared = value.type.low, value.type.high, value.with_tree(step).alike
        self._low: Integers
        self._high: Integers
        self._low, self._high = (low.min(keepdims=True), high.max(keepdims=True)) if shared else (low, high)
        self._value, self.shared = value, shared
        grid = grid_of(step)
        self.grid = grid.between(*(self._ends(grid) if grid.levels is None else (0, 0)))

    def quantised(self, name: str) -> Pending:
        """The tensor behind the quantiser.

        Args:
            name: for the node.

        Raises:
            ModelError: no thresholds and no table can express it; names the node and says why.
        """
        value, wire = self._value, self._value.wire
        if self.is_identity():
            return self._behind(wire)
        rising = slope(self._step)
        if value.summands and not is_exact(value) and (table := self._of_pairs()) is not None:
            return self._behind(_counted(wire, name, self._threshold(table)))
        if np.isnan(rising).any():
            op, turned = self._walked()
        else:
            turned = np.where(np.broadcast_to(rising, len(self._low)) < 0, -1, 1)
            op = self._bisected(turned)
        if value.summands and not is_exact(value):
            self._excused(op)
        return self._behind(_counted(wire.scaled(turned), name, op))

    def _behind(self, wire: Wire) -> Pending:
        return Pending(wire, self.grid.unit, np.zeros(1), self._value.layout, ROOT, self._value.order)

    def _of_pairs(self) -> Integers | None:
        """Thresholds proved on all pairs of a sum's values; None where there are none so."""
        return pair_thresholds(self._executor, self._value, self._step, self.grid).table

    def _excused(self, op: Op) -> None:
        """Say how many pairs of a sum's values the executor's own rounding decides.

        Raises:
            ModelError: the units have no whole ratio, and it is more than that, or there are too many pairs to tell.
        """
        rising = isinstance(op, Threshold) and (slope(self._step) >= 0).all()
        table = op.table if isinstance(op, Threshold) and rising else None
        found = None if table is None else apart(self._executor, self._value, self._step, self.grid, table)
        if found is None and not self._value.exact:
            raise ModelError(
                f"{self.where}: quantises a sum of units that have no whole ratio up to 4,096, which could not be "
                "proved on all pairs of their values; give both one scale, or scales whose ratio is a power of two"
            )
        if found is not None and found[0]:
            self.notice = (
                f"{self.where}: on {found[0]:,} of {found[1]:,} pairs of values of the sum before it the executor's "
                "float32 rounding decides; the integers follow exact arithmetic"
            )

    def _codes(self, integers: Integers) -> Integers:
        """Of integers of shape (rows, channels)."""
        return self.grid.codes(self._executor.run(self._step, self._value.floats(integers)))

    def _ends(self, grid: Grid) -> tuple[int, int]:
        """Least and greatest value of an operator that has no range of its own."""
        span = int((self._high - self._low).max())
        if np.isnan(slope(self._step)).any() and span >= TABLE_RANGE:
            raise ModelError(
                f"{self.where}: {span + 1:,} values come in, and it is not known to rise; quantise before it"
            )
        points = self._low + np.arange(span + 1)[:, None] if span < TABLE_RANGE else np.stack([self._low, self._high])
        reached = grid.integers(self._executor.run(self._step, self._value.floats(np.minimum(points, self._high))))
        return int(reached.min()), int(reached.max())

    def is_identity(self) -> bool:
        """Whether it leaves all integers as they are."""
        low, high = int(self._low.min()), int(self._high.max())
        ends = (self.grid.least, self.grid.least + self.grid.step * (self.grid.levels or 0))
        if self._value.summands or high - low > TABLE_RANGE or low < ends[0] or high > ends[1]:
            return False
        return all(
            np.array_equal(self.grid.step * self._codes(x) + self.grid.least, x) for x in self._reachable(low, high)
        )

    def _reachable(self, low: int, high: int) -> Iterator[Integers]:
        """All integers of all channels, those of a channel only where it reaches them."""
        step = self._value.type.element.step if self.shared else 1
        count = max(1, _ELEMENTS // len(self._low))
        for start in range(low, high + 1, count * step):
            values = np.arange(start, min(start + count * step, high + 1), step, dtype=np.int64)[:, None]
            yield np.clip(values, self._low, self._high)

    def _bisected(self, turned: Integers) -> Threshold:
        """Thresholds of channels that rise once those are turned round that fall."""
        low, high = np.where(turned < 0, -self._high, self._low), np.where(turned < 0, -self._low, self._high)

        def codes(integers: Integers) -> Integers:
            return self._codes(integers.T * turned).T

        return self._threshold(bisect_thresholds(codes, low, high, self.grid.levels or 0))

    def _threshold(self, table: Integers) -> Threshold:
        return Threshold(table, self.grid.step, self.grid.least)

    def _walked(self) -> tuple[Op, Integers]:
        """Thresholds where the channels prove to be monotone one value after another, or else a table."""
        span = int(self._high.max() - self._low.min())
        channels = len(self._low)
        if span > MAX_RANGE or (span >= TABLE_RANGE and span * channels > MAX_RANGE * 64):
            raise ModelError(
                f"{self.where}: {span + 1:,} values come in, too many for a function that is not known to rise; put a "
                "quantiser of 16 bits or fewer before it"
            )

        def codes(integers: Integers) -> Integers:
            values = np.clip(integers[:, None], self._low, self._high)
            return self._codes(np.broadcast_to(values, (len(integers), channels)))

        try:
            table, falling = find_thresholds(self.where, codes, self._low, self._high, self.grid.levels or 0)
        except ModelError:
            if span >= TABLE_RANGE:
                raise
            return self._table(), np.ones(1, np.int64)
        return self._threshold(table), np.where(falling, -1, 1)

    def _table(self) -> Table:
        low, high = int(self._low.min()), int(self._high.max())
        points = np.clip(np.arange(low, high + 1, dtype=np.int64)[:, None], self._low, self._high)
        values = self.grid.step * self._codes(points) + self.grid.least
        return Table(np.ascontiguousarray(values.T), low)


def _counted(wire: Wire, name: str, op: Op) -> Wire:
    """Behind thresholds in their uniform form, as far as there is one."""
    return wire.then(name, with_uniform(op, wire.type) if isinstance(op, Threshold) else op)
