"""Any function of a small integer, as a table: HardSwish, sigmoid, a rescaling before an addition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from toolchain.errors import ModelError
from toolchain.graph.ops.base import Op, frozen
from toolchain.graph.types import Integers, TensorType, common_step

_MOST_ENTRIES = 2**16


@dataclass(frozen=True, eq=False)
class Table(Op):
    """``values[channel, x - low]``; values (channels or 1, entries) cover every value that comes in.

    Attributes:
        low: the input that the first entry belongs to.
    """

    values: NDArray[np.int64]
    low: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values))
        if self.values.ndim != 2 or not 0 < self.values.shape[1] <= _MOST_ENTRIES:
            raise ModelError(f"a table of shape {self.values.shape}; (channels, 1 to {_MOST_ENTRIES:,}) is expected")

    @override
    def result(self, *types: TensorType) -> TensorType:
        (x,) = types
        if len(self.values) not in (1, x.channels):
            raise ModelError(f"tables of {len(self.values)} channels; {x.channels} come in")
        if x.low.min() < self.low or x.high.max() >= self.low + self.values.shape[1]:
            raise ModelError(
                f"values from {x.low.min()} to {x.high.max()} come in; the table covers {self.low} to "
                f"{self.low + self.values.shape[1] - 1}"
            )
        reached = [np.unique(self._reached(x, c)) for c in range(x.channels)]
        low, high = ([int(r[end]) for r in reached] for end in (0, -1))
        step = common_step([int(d) for r in reached for d in np.unique(np.diff(r))], [0])
        return TensorType(x.shape, np.array(low), np.array(high), step)

    @override
    def run(self, *values: Integers) -> Integers:
        (x,) = values
        index = x.astype(np.intp) - self.low
        rows = 0 if len(self.values) == 1 else np.arange(x.shape[-1])
        found: Integers = self.values[rows, index]
        return found

    @override
    def parameters(self) -> int:
        return int(self.values.size)

    def _reached(self, x: TensorType, channel: int) -> Integers:
        row = self.values[channel if len(self.values) > 1 else 0]
        reached: Integers = row[x.low[channel] - self.low : x.high[channel] - self.low + 1 : x.step]
        return reached
