"""What the network stages share: a budget is counted and named where a recipe has one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from flows.stages.network.files import budget_named, lut_estimate
from toolchain.errors import BudgetError

CONTEXT: Any = SimpleNamespace(recipe_shown="models/a/recipes/tiny.yaml", recipe=SimpleNamespace(budget=None))


def test_an_error_of_a_budget_names_the_recipe() -> None:
    with pytest.raises(BudgetError, match=r"^models/a/recipes/tiny\.yaml: budget: lut: 9"), budget_named(CONTEXT):
        raise BudgetError("budget: lut: 9: not reached")


def test_a_recipe_without_a_budget_counts_nothing() -> None:
    dataset: Any = None
    assert lut_estimate(CONTEXT, dataset) is None
