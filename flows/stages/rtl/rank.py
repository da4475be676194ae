"""Which of two cores of the same network is the better one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Rank:
    """What decides, first to last; the least is the best.

    Attributes:
        too_large: whether it has more LUTs than what is known to be routed.
        interval: clocks between inferences, where the core does not reach the rate that was aimed at; 0 where it does.
        lut: look-up tables, as estimated.
    """

    too_large: bool
    interval: int
    lut: float
