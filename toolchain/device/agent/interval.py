"""The median of repeats with its 95 % interval, by a smoothed bootstrap."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_SEED = 20
_TAIL = 0.025


@dataclass(frozen=True)
class Interval:
    """A median, and where it lies with 95 % confidence."""

    median: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """Width of the interval as a share of the median."""
        return (self.high - self.low) / abs(self.median) if self.median else float("inf")


def bootstrap(
    values: Sequence[float], errors: Sequence[float] = (), common: float = 0.0, draws: int = 2000
) -> Interval:
    """Interval of the median of repeats.

    Each draw takes repeats with replacement, moves each by its own standard error, and all by the common one. Few
    repeats alone make an interval that is too narrow; what the windows themselves know of their scatter mends that
    (Silverman and Young, "The bootstrap: to smooth or not to smooth?", 1987).

    Args:
        values: one for each repeat, at least one.
        errors: their standard errors, or none.
        common: standard error that all repeats share, such as rounding.
        draws: how many; the same ones for the same input.
    """
    generator = random.Random(_SEED)
    own = list(errors) or [0.0] * len(values)
    count, medians = len(values), []
    for _ in range(draws):
        picked = [int(generator.random() * count) for _ in values]
        medians.append(
            statistics.median(values[i] + generator.gauss(0.0, own[i]) for i in picked) + generator.gauss(0.0, common)
        )
    medians.sort()
    middle = statistics.median(values)
    low, high = medians[int(_TAIL * draws)], medians[min(draws - 1, int((1 - _TAIL) * draws))]
    return Interval(middle, min(low, middle), max(high, middle))
