"""What all searches for a folding share: the least interval that fits, and how what does not fit is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

NAMES = {
    "lut": "LUT",
    "ff": "FF",
    "blocks": "block RAMs",
    "dsp": "multipliers",
    "cells": "logic cells",
    "one_port": "single-port RAMs",
}
"""What people call a device's resources, by attributes of estimates."""


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


def largest_layer(costs: Mapping[str, object], shares: Mapping[str, float]) -> str:
    """The layer that takes the most of what is scarcest, in words.

    Args:
        costs: the estimate of each layer.
        shares: by attributes of such an estimate, how much of what there is all layers take.
    """
    scarce = max(shares, key=lambda what: shares[what])
    takes = {layer: round(getattr(cost, scarce)) for layer, cost in costs.items()}
    layer = max(takes, key=lambda name: takes[name])
    return f"its largest layer is {layer} with {takes[layer]} {NAMES[scarce]}"
