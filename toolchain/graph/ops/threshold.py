"""Counting thresholds: what a quantiser, and all that stands between it and the sums before it, does to an integer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from toolchain.errors import ModelError
from toolchain.graph.ops.base import Op, frozen
from toolchain.graph.ops.counting import Counter, line
from toolchain.graph.types import Integers, TensorType


@dataclass(frozen=True, eq=False)
class Uniform:
    """``count = clip((value * multiplier + offset) >> shift, 0, levels)``, the same for every reachable value.

    Attributes:
        multiplier, offset, shift: one a channel, shape (channels,) or (1,); a shift of -1 where there is no such form.
        negative: the offset of negative values, where theirs is another one: halves that go away from zero.
    """

    multiplier: NDArray[np.int64]
    offset: NDArray[np.int64]
    shift: NDArray[np.int64]
    negative: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        for name, values in self.parts.items():
            object.__setattr__(self, name, frozen(values))

    @property
    def parts(self) -> dict[str, NDArray[np.int64]]:
        """Its arrays by name, those that it has."""
        parts = {"multiplier": self.multiplier, "offset": self.offset, "shift": self.shift}
        return parts if self.negative is None else {**parts, "negative": self.negative}

    @property
    def found(self) -> NDArray[np.bool_]:
        """Which channels have the form, shape (channels,)."""
        found: NDArray[np.bool_] = self.shift >= 0
        return found


@dataclass(frozen=True, eq=False)
class Threshold(Op):
    """``step * (number of thresholds reached) + least``.

    Attributes:
        table: shape (channels or 1, levels), ascending along levels; without levels all is `least`. A
            threshold that is always reached stands at the channel's least value, one never reached just above its
            greatest.
        uniform: the same by one multiplication, where such a form has been found and checked.
    """

    table: NDArray[np.int64]
    step: int = 1
    least: int = 0
    uniform: Uniform | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", frozen(self.table))
        if self.table.ndim != 2 or not len(self.table) or (np.diff(self.table, axis=1) < 0).any():
            raise ModelError(f"thresholds of shape {self.table.shape}: (channels, levels) is expected, ascending")

    @property
    def levels(self) -> int:
        """Number of thresholds of a channel."""
        return int(self.table.shape[1])

    @override
    def result(self, *types: TensorType) -> TensorType:
        (x,) = types
        if x not in self._results:
            self._results[x] = self._result(x)
        return self._results[x]

    @cached_property
    def _results(self) -> dict[TensorType, TensorType]:
        """By the type that came in: a graph asks several times, and large tables take a while."""
        return {}

    def _result(self, x: TensorType) -> TensorType:
        if len(self.table) not in (1, x.channels):
            raise ModelError(f"thresholds of {len(self.table)} channels; {x.channels} come in")
        self._check_uniform(x)
        ends = (self._value(self._counts(bound[None])[0]) for bound in (x.low, x.high))
        low, high = np.sort(np.stack(list(ends)), axis=0)
        return TensorType(x.shape, low, high, abs(self.step))

    @override
    def run(self, *values: Integers) -> Integers:
        (x,) = values
        rows = x.reshape(-1, x.shape[-1])
        counts = self._counts(rows) if self.uniform is None else self._multiplied(rows, self.uniform)
        return self._value(counts).reshape(x.shape)

    @override
    def parameters(self) -> int:
        if self.uniform is not None and self.uniform.found.all():
            return 3 * len(self.uniform.shift)
        return int(self.table.size)

    @override
    def operations(self, *types: TensorType) -> int:
        return types[0].size * max(1, self.levels.bit_length())

    def _check_uniform(self, x: TensorType) -> None:
        """Hold the uniform form against the thresholds at every boundary: it rises, so it is the same between them.

        Raises:
            ModelError: it is another function; names the channel.
        """
        form = self.uniform
        if form is None:
            return
        if {len(part) for part in form.parts.values()} != {len(self.table)} or (form.multiplier < 0).any():
            raise ModelError("its uniform form is not one rising line for each channel of its thresholds")
        shared = len(self.table) == 1
        low, high = (x.low.min(), x.high.max()) if shared else (x.low[:, None], x.high[:, None])
        ends = np.broadcast_to(np.stack([low, high], axis=-1).reshape(-1, 2), (len(self.table), 2))
        bend = np.broadcast_to([-1, 0], (len(self.table), 2))
        points = np.concatenate([ends, bend, self.table, self.table - 1], axis=1).clip(low, high)
        wrong = (self._multiplied(points.T, form) != self._counts(points.T)).any(axis=0)
        if wrong.any():
            raise ModelError(f"channel {int(np.argmax(wrong))}: its uniform form gives other codes than its thresholds")

    def _value(self, counts: Integers) -> Integers:
        narrow = abs(self.step) * self.levels + abs(self.least) < 2**15
        values: Integers = counts.astype(np.int16 if narrow else np.int64)
        if self.step != 1:
            values *= self.step
        values += self.least
        return values

    @cached_property
    def _counts(self) -> Counter:
        """Counts the thresholds that values of shape (N, channels) reach."""
        return Counter(self.table)

    @cached_property
    def _line(self) -> tuple[NDArray[np.float64], ...] | None:
        form = self.uniform
        return None if form is None or not self.levels else line(self.table, **form.parts)

    @cached_property
    def _apart(self) -> tuple[NDArray[np.intp], Counter]:
        """The channels without the form, and what counts theirs."""
        assert self.uniform is not None
        apart = np.flatnonzero(~self.uniform.found)
        return apart, Counter(self.table[apart])

    def _multiplied(self, rows: Integers, form: Uniform) -> Integers:
        if not form.found.any():
            return self._counts(rows)
        if form.found.all():
            return self._on_lines(rows, form)
        counts = self._on_lines(rows, form)
        apart, counter = self._apart
        counts[:, apart] = counter(rows[:, apart])
        return counts

    def _on_lines(self, rows: Integers, form: Uniform) -> Integers:
        """One multiplication for every channel, whether it has the form or not."""
        if self._line is None:
            offset = form.offset if form.negative is None else np.where(rows < 0, form.negative, form.offset)
            scaled: Integers = (rows.astype(np.int64) * form.multiplier + offset) >> np.maximum(form.shift, 0)
            return np.clip(scaled, 0, self.levels, out=scaled)
        slope, start, *other = self._line
        real = rows.astype(np.float64)
        real *= slope
        real += np.where(rows < 0, other[0], start) if other else start
        np.floor(real, out=real)
        np.clip(real, 0, self.levels, out=real)
        return real.astype(np.int32)
