"""One choice of each row for the least cost, within a budget of something that is counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Choice = tuple[float, int]
"""Its cost, and how many it takes of the budget."""


def least_cost(rows: Sequence[Sequence[Choice]], budget: int) -> list[int] | None:
    """For each row the place of its choice; None where even the smallest ones exceed the budget.

    Exact, by dynamic programming over the budget (Kellerer, Pferschy, Pisinger: Knapsack Problems, 2004, chapter 11).

    Args:
        rows: one or more choices each.
        budget: 0 or more.
    """
    costs = np.zeros(budget + 1)
    chosen: list[NDArray[np.intp]] = []
    for row in rows:
        by_choice = np.stack([_shifted(costs, taken) + cost for cost, taken in row])
        chosen.append(by_choice.argmin(axis=0))
        costs = by_choice.min(axis=0)
    if not np.isfinite(costs[budget]):
        return None
    places, left = [], budget
    for row, choices in zip(reversed(rows), reversed(chosen), strict=True):
        places.append(int(choices[left]))
        left -= row[places[-1]][1]
    return places[::-1]


def _shifted(costs: NDArray[np.float64], taken: int) -> NDArray[np.float64]:
    """The costs of budgets from which so many have been taken."""
    shifted = np.full_like(costs, np.inf)
    if taken < len(costs):
        shifted[taken:] = costs[: len(costs) - taken]
    return shifted
