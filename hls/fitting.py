"""What all searches for a folding share: the least interval that fits, and how what does not fit is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def least(steps: Sequence[int], within: Callable[[int], T | None]) -> T | None:
    """What `within` finds at the least of ascending steps where it finds something, by bisection; None at none.

    Args:
        within: finds something at a step, and then at every greater one too.
    """
    low, high = 0, len(steps) - 1
    best = within(steps[high])
    while best is not None and low < high:
        middle = (low + high) // 2
        found = within(steps[middle])
        if found is None:
            low = middle + 1
        else:
            best, high = found, middle
    return best


def shortage(what: str, need: float, have: float) -> str:
    """How much of something is missing, in words."""
    over = round(100 * (need - have) / max(have, 1))
    return f"{round(need)} {what} where {round(have)} are free ({over} % over)"
