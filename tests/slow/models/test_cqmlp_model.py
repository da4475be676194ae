"""Which windows CQMLP trains on, and the steps of its scores."""

from __future__ import annotations

import numpy as np
import pytest

from models.cqmlp.model import build, training_rows
from models.cqmlp.settings import NetworkSettings, TrainingSettings
from tests.fast.toolchain.training.test_dataset import make
from toolchain.training.inputs import Signature


def _rows(limit: int, seed: int) -> np.ndarray:
    settings = TrainingSettings(steps=1, merged_steps=1, normal_limit=limit, seed=seed)
    return training_rows(make(), "blocked", settings)


def test_normal_windows_are_thinned_and_attacks_are_not() -> None:
    dataset = make()
    whole = dataset.rows("blocked", "train")
    few = _rows(100, 3)
    attacks = (dataset.y[whole] > 0).sum()
    assert ((dataset.y[few] == 0).sum(), (dataset.y[few] > 0).sum()) == (100, attacks)
    assert set(few.tolist()) <= set(whole.tolist())
    assert np.array_equal(few, _rows(100, 3))
    assert not np.array_equal(few, _rows(100, 4))
    assert np.array_equal(_rows(10**6, 3), whole)


@pytest.mark.parametrize(("settings", "step"), [({}, 0.125), ({"score_power": 0}, 1.0)])
def test_scores_are_in_the_steps_that_the_recipe_asks_for(settings: dict[str, int], step: float) -> None:
    network = build(NetworkSettings(hidden=(4,), **settings), Signature((8,), "BINARY", 3))
    assert network[-1].quant_weight().scale.item() == step
