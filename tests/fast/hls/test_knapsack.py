from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hls.knapsack import Choice, least_cost


def _cost(rows: list[list[Choice]], places: tuple[int, ...], budget: int) -> float:
    taken = sum(row[place][1] for row, place in zip(rows, places, strict=True))
    return sum(row[place][0] for row, place in zip(rows, places, strict=True)) if taken <= budget else np.inf


@pytest.mark.parametrize("seed", range(20))
def test_no_other_choice_costs_less(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = [
        [(float(random.integers(1, 50)), int(random.integers(0, 6))) for _ in range(random.integers(1, 5))]
        for _ in range(5)
    ]
    budget = int(random.integers(0, 20))
    best = min(_cost(rows, places, budget) for places in product(*(range(len(row)) for row in rows)))
    found = least_cost(rows, budget)
    assert (np.inf if found is None else _cost(rows, tuple(found), budget)) == best


def test_a_budget_that_even_the_smallest_exceed() -> None:
    assert least_cost([[(1.0, 3)], [(1.0, 3), (9.0, 2)]], 4) is None
    assert least_cost([[(1.0, 3)], [(1.0, 3), (9.0, 2)]], 5) == [0, 1]
