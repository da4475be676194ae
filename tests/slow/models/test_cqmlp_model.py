"""Which windows CQMLP trains on."""

from __future__ import annotations

import numpy as np

from models.cqmlp.model import training_rows
from models.cqmlp.settings import TrainingSettings
from tests.fast.toolchain.training.test_dataset import make


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
