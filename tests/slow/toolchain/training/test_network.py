"""Training by recipe: it learns, it repeats itself bit by bit, and rare attacks are seen often enough."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from models.cqmlp import model as code
from toolchain.found_models import find_model
from toolchain.training import network
from toolchain.training.author import recipe_schema
from toolchain.training.dataset import Dataset, dataset_of
from toolchain.training.network import Batch, oversample, score, train_float, train_quantised
from toolchain.training.recipe import TrainingSettings

RECIPE = recipe_schema(find_model("cqmlp")).model_validate(
    {
        "title": "test",
        "data": {"encoding": "bits", "window": 1},
        "network": {"hidden": [16]},
        "training": {"steps": 300, "merged_steps": 100, "batch": 64, "learning_rate": 0.01},
    }
)

# Enough to see that it comes out the same.
SHORT = RECIPE.model_copy(update={"training": RECIPE.training.model_copy(update={"steps": 40, "merged_steps": 20})})


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Attacks wherever two bits differ."""
    x = np.random.default_rng(1).integers(0, 2, (1500, 12)).astype(np.uint8)
    return _dataset(x, x[:, 0] ^ x[:, 1], np.repeat(np.array([0, 1, 2], np.uint8), 500))


def _dataset(x: NDArray[np.uint8], y: NDArray[np.uint8], part: NDArray[np.uint8]) -> Dataset:
    splits = {"blocked": part, "random": part}
    return dataset_of(x, y, input_type="BINARY", splits=splits, classes=("normal", "dos"), kind="synthetic")


def quiet(done: int, steps: int, loss: float) -> None:
    assert 0 < done <= steps


def test_quantised_network_learns_and_repeats_itself(dataset: Dataset) -> None:
    learnt = train_quantised(code, RECIPE, dataset, "blocked", quiet).network
    assert score(learnt, dataset, "blocked").accuracy > 0.95
    first, second = (train_quantised(code, SHORT, dataset, "blocked", quiet).network for _ in range(2))
    for ours, theirs in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert np.array_equal(ours.numpy(), theirs.numpy())


def test_float_reference_learns(dataset: Dataset) -> None:
    assert score(train_float(code, RECIPE, dataset, "blocked", quiet), dataset, "blocked").accuracy > 0.95


def test_float_reference_is_kept_as_it_was_when_best_on_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    """60 windows to learn, a third of their labels wrong: what is learnt by heart is no good elsewhere."""
    rng = np.random.default_rng(2)
    x, wrong = rng.integers(0, 2, (460, 12)).astype(np.uint8), rng.random(460) < 0.33
    wrong[60:] = False
    small = _dataset(x, x[:, 0] ^ wrong, np.repeat(np.array([0, 1, 2], np.uint8), [60, 200, 200]))
    seen: list[float] = []

    def looked(*arguments: Any) -> float:
        seen.append(score(*arguments, "validation").macro_f1)
        return seen[-1]

    monkeypatch.setattr(network, "_validation_f1", looked)
    reference = train_float(code, RECIPE, small, "blocked", quiet)
    assert seen[-1] < max(seen)
    assert score(reference, small, "blocked", "validation").macro_f1 == max(seen)


def test_a_models_own_loss_is_told_the_phase_and_the_recipe_and_repeats_itself(dataset: Dataset) -> None:
    seen: list[tuple[bool, int]] = []

    def loss(net: nn.Module, batch: Batch, settings: TrainingSettings) -> torch.Tensor:
        seen.append((batch.merged, settings.batch))
        noisy = batch.x + torch.rand(batch.x.shape, generator=batch.draw) / 4
        return nn.functional.cross_entropy(net(noisy), batch.y)

    own = SimpleNamespace(**{name: getattr(code, name) for name in ("build", "merge", "build_float")}, loss=loss)
    recipe = RECIPE.model_copy(update={"training": RECIPE.training.model_copy(update={"steps": 6, "merged_steps": 4})})
    networks = [train_quantised(own, recipe, dataset, "blocked", quiet).network for _ in range(2)]
    assert seen[:10] == [(False, 64)] * 6 + [(True, 64)] * 4
    for ours, theirs in zip(*(trained.state_dict().values() for trained in networks), strict=True):
        assert np.array_equal(ours.numpy(), theirs.numpy())
    del seen[:]
    train_float(own, recipe, dataset, "blocked", quiet)
    assert seen == [(False, 64)] * 6 + [(True, 64)] * 4


def test_rare_classes_are_repeated_and_nothing_is_lost() -> None:
    y = np.array([0] * 90 + [1] * 9 + [2], np.uint8)
    rows = oversample(y, 0.05)
    assert set(rows.tolist()) == set(range(100))
    assert np.bincount(y[rows]).tolist() == [90, 9, 5]
