"""Thresholds as hardware has them: on unsigned codes, and so that results rise with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.ops import Threshold
from toolchain.graph.types import IntType, TensorType

Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rising:
    """A result's code is the number of a channel's thresholds that a code reaches.

    Attributes:
        table: shape (channels or 1, top), ascending; from `low` (always reached) to ``high + 1`` (never).
        low, high: least and greatest code of each row, shape (channels or 1,).
        bits: of a code.
        out_bits: of a result's code; the greatest one is `top`.
        inverted: codes are inverted bit by bit first, since results fall with them.
        split: the least code of values of one sign; those of the other one lie below.
    """

    table: Whole
    low: Whole
    high: Whole
    bits: int
    out_bits: int
    inverted: bool
    split: int

    @property
    def top(self) -> int:
        """The greatest code of a result."""
        return int(self.table.shape[1])

    def filled(self) -> Whole:
        """The table with 2^out_bits - 1 thresholds a row: those beyond the top are never reached."""
        more = (1 << self.out_bits) - 1 - self.top
        return np.pad(self.table, ((0, 0), (0, more)), constant_values=1 << self.bits)

    @property
    def shared(self) -> bool:
        """Whether all channels have the same thresholds."""
        return len(self.table) == 1


def rising(op: Threshold, x: TensorType, out: TensorType) -> Rising:
    """The thresholds of a node between streams of codes.

    Args:
        x, out: types of the node's tensor in and out.
    """
    element, result = x.element, out.element
    top = (result.high - result.low) // result.step
    falls = op.step < 0
    table = op.table[:1] if (op.table == op.table[0]).all() else op.table
    low, high = (x.low, x.high) if len(table) > 1 else (x.low.min()[None], x.high.max()[None])
    low, high = (low - element.low) // element.step, (high - element.low) // element.step
    places = _falling(op, result, top) if falls else _climbing(op, result, top)
    least = -((element.low - table[:, places]) // element.step)
    if falls:
        full = (1 << element.bits) - 1
        least, low, high = full + 1 - least, full - high, full - low
    split = _split(element, falls)
    return Rising(least.clip(low[:, None], high[:, None] + 1), low, high, element.bits, result.bits, falls, split)


def _climbing(op: Threshold, result: IntType, top: int) -> Whole:
    """Which of a channel's thresholds lead to the results' codes 1, 2, ...: results may start above the least."""
    return np.arange(top) + (result.low - op.least) // max(op.step, 1)


def _falling(op: Threshold, result: IntType, top: int) -> Whole:
    """Likewise where each threshold that is reached takes from the result."""
    return (op.least - result.low) // -op.step - 1 - np.arange(top)


def _split(element: IntType, falls: bool) -> int:
    """The first code of values of 0 and more; of inverted codes, of negative ones."""
    most = (1 << element.bits) - 1
    zero = min(max(-(element.low // element.step), 0), most)
    return most + 1 - zero if falls else zero
