"""Training by recipe: it learns, it repeats itself bit by bit, and rare attacks are seen often enough."""

from __future__ import annotations

import numpy as np
import pytest

from models.cqmlp import model as code
from toolchain.training.dataset import Dataset, pack
from toolchain.training.network import oversample, score, train_float, train_quantised
from toolchain.training.recipe import Recipe

RECIPE = Recipe.model_validate(
    {
        "title": "test",
        "data": {"encoding": "bits", "window": 1},
        "network": {"hidden": [16]},
        "training": {"steps": 300, "merged_steps": 100, "batch": 64, "learning_rate": 0.01},
    }
)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Attacks wherever two bits differ."""
    x = np.random.default_rng(1).integers(0, 2, (1500, 12)).astype(np.uint8)
    part = np.repeat(np.array([0, 1, 2], np.uint8), 500)
    zeros = np.zeros(1500, np.uint16)
    return Dataset(
        packed=pack(x, "BINARY"),
        y=x[:, 0] ^ x[:, 1],
        identifier=zeros.astype(np.uint32),
        capture=zeros,
        splits={"blocked": part, "random": part},
        classes=("normal", "dos"),
        parts=("train", "validation", "test"),
        input_type="BINARY",
        inputs=12,
        encoding="bits",
        window=1,
        seed=1,
        kind="synthetic",
        captures=(),
        notices=(),
    )


def quiet(done: int, steps: int, loss: float) -> None:
    assert 0 < done <= steps


def test_quantised_network_learns_and_repeats_itself(dataset: Dataset) -> None:
    first = train_quantised(code, RECIPE, dataset, "blocked", quiet)
    second = train_quantised(code, RECIPE, dataset, "blocked", quiet)
    assert score(first, dataset, "blocked")["accuracy"] > 0.95
    for ours, theirs in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert np.array_equal(ours.numpy(), theirs.numpy())


def test_float_twin_learns(dataset: Dataset) -> None:
    assert score(train_float(code, RECIPE, dataset, "blocked", quiet), dataset, "blocked")["accuracy"] > 0.95


def test_rare_attacks_are_repeated_and_nothing_is_lost() -> None:
    y = np.array([0] * 90 + [1] * 9 + [2], np.uint8)
    rows = oversample(y, 0.05)
    assert set(rows.tolist()) == set(range(100))
    assert np.bincount(y[rows]).tolist() == [90, 9, 5]
