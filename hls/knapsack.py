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
        kept = _cheapest(row)
        by_choice = np.stack([_shifted(costs, row[place][1]) + row[place][0] for place in kept])
        chosen.append(np.array(kept)[by_choice.argmin(axis=0)])
        costs = by_choice.min(axis=0)
    if not np.isfinite(costs[budget]):
        return None
    places, left = [], budget
    for row, choices in zip(reversed(rows), reversed(chosen), strict=True):
        places.append(int(choices[left]))
        left -= row[places[-1]][1]
    return places[::-1]


def _cheapest(row: Sequence[Choice]) -> list[int]:
    """Places of the first cheapest choice of each taking, ascending: no other can be chosen."""
    best: dict[int, int] = {}
    for place, (cost, taken) in enumerate(row):
        if taken not in best or cost < row[best[taken]][0]:
            best[taken] = place
    return sorted(best.values())


def _shifted(costs: NDArray[np.float64], taken: int) -> NDArray[np.float64]:
    """The costs of budgets from which so many have been taken."""
    shifted = np.full_like(costs, np.inf)
    if taken < len(costs):
        shifted[taken:] = costs[: len(costs) - taken]
    return shifted
