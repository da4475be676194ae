"""Training under a budget: it goes on until the estimate is low enough, keeps zeros, and tells the front."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from models.cqmlp import model as code
from toolchain.errors import BudgetError
from toolchain.found_models import find_model
from toolchain.results.facts.network import FrontPoint
from toolchain.training.author import recipe_schema
from toolchain.training.budget import Work, front_of, within_budget, zeros_kept
from toolchain.training.dataset import dataset_of
from toolchain.training.inputs import Signature
from toolchain.training.lut_cost import costed_layers
from toolchain.training.network import score, train_quantised
from toolchain.training.recipe import BudgetSettings

BUDGET = BudgetSettings(lut=100, rounds=4, growth=2.0)


@dataclass
class Double:
    """A network whose cost falls by rounds and whose F1 falls with it; tuning changes both by a little."""

    luts: list[int]
    tuned_lut: int = 0
    f1: Callable[[int], float] = lambda lut: lut / 1000
    weights: list[float] = field(default_factory=list)

    def work(self) -> Work:
        return Work(
            merge=lambda network: network,
            train=lambda network, weight: self._train(network, weight),
            tune=lambda network: _add(network, self.tuned_lut),
            quality=lambda network: self.f1(self.estimate(network)),
            estimate=self.estimate,
        )

    def _train(self, network: nn.Module, weight: float) -> None:
        self.weights.append(weight)
        _add(network, 1000)

    def estimate(self, network: Any) -> int:
        rounds, tuned = divmod(int(network.weight.item()), 1000)
        return self.luts[rounds] + tuned


def _add(network: Any, value: int) -> None:
    with torch.no_grad():
        network.weight += value


def _network() -> nn.Linear:
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    return network


def test_rounds_grow_dearer_until_the_estimate_is_within_the_budget() -> None:
    double = Double([300, 200, 90])
    trained = within_budget(_network(), BUDGET, 0.5, double.work())
    assert double.weights == [0.5, 1.0]
    assert [(point.lut, point.kept) for point in trained.front] == [(90, False), (90, True), (200, False), (300, False)]


def test_a_network_that_tuning_brings_over_the_budget_is_trained_on() -> None:
    double = Double([99, 80], tuned_lut=5)
    trained = within_budget(_network(), BUDGET, 0.5, double.work())
    assert double.weights == [0.5]
    assert double.estimate(trained.network) == 85


def test_a_budget_out_of_reach_tells_the_best_and_the_front() -> None:
    with pytest.raises(BudgetError) as error:
        within_budget(_network(), BUDGET, 0.5, Double([500, 400, 410, 300, 250]).work())
    said = str(error.value)
    assert "budget: lut: 100: not reached; the best was 250 LUT at 0.2500" in said
    assert "250 LUT at 0.2500; 300 LUT at 0.3000; 400 LUT at 0.4000; 410 LUT at 0.4100; 500 LUT at 0.5000." in said
    assert "Raise budget.lut to 250, which was reached, give more budget.rounds or a greater budget.growth, or" in said


def test_a_network_within_the_budget_must_have_the_f1_too() -> None:
    budget = BUDGET.model_copy(update={"macro_f1": 0.2})
    with pytest.raises(BudgetError, match=r"with a macro-F1 of 0\.2: not reached; the best was 90 LUT at 0\.0900"):
        within_budget(_network(), budget, 0.5, Double([300, 90]).work())


@pytest.mark.parametrize(("f1", "raised"), [(0.2, "to 300, which was reached,"), (0.5, ",")])
def test_a_network_whose_f1_alone_is_too_low_is_not_told_to_train_more_rounds(f1: float, raised: str) -> None:
    with pytest.raises(BudgetError) as error:
        within_budget(_network(), BUDGET.model_copy(update={"macro_f1": f1}), 0.5, Double([300, 90]).work())
    assert f"Raise budget.lut{' ' * (raised != ',')}{raised} lower budget.macro_f1 to 0.0900, let LUTs" in str(
        error.value
    )
    assert "budget.rounds" not in str(error.value)


def test_the_front_leaves_out_what_is_bettered() -> None:
    points = [FrontPoint(lut=lut, macro_f1=f1) for lut, f1 in ((30, 0.9), (20, 0.9), (10, 0.5), (15, 0.4), (40, 0.95))]
    assert [point.lut for point in front_of(points)] == [10, 20, 40]


def test_weights_that_are_zero_stay_zero() -> None:
    recipe = recipe_schema(find_model("cqmlp")).model_validate(RECIPE)
    network = code.build(recipe.network, Signature((12,), "BINARY", 2))
    layers = costed_layers(network, Signature((12,), "BINARY", 2))
    before = layers[0].whole.clone()
    again = zeros_kept(network, Signature((12,), "BINARY", 2))
    with torch.no_grad():
        layers[0].layer.weight += 1
    again()
    assert (before == 0).any() and torch.equal(layers[0].whole == 0, before == 0)


RECIPE: dict[str, Any] = {
    "title": "test",
    "data": {"encoding": "bits", "window": 1},
    "network": {"hidden": [16], "score_power": 0},
    "training": {"steps": 200, "merged_steps": 60, "batch": 64, "learning_rate": 0.01},
    "budget": {"lut": 40, "steps": 60, "growth": 2.0},
}


def test_a_training_comes_within_its_budget_and_still_answers() -> None:
    """Attacks wherever two of twelve bits differ; the estimate counts weights that are not zero."""
    x = np.random.default_rng(1).integers(0, 2, (1500, 12)).astype(np.uint8)
    part = np.repeat(np.array([0, 1, 2], np.uint8), 500)
    splits = {"blocked": part, "random": part}
    classes = ("normal", "dos")
    dataset = dataset_of(x, x[:, 0] ^ x[:, 1], input_type="BINARY", splits=splits, classes=classes, kind="synthetic")

    seen: list[int] = []

    def count(network: nn.Module) -> int:
        seen.append(sum(int((each.whole != 0).sum()) for each in costed_layers(network, dataset.signature)))
        return seen[-1]

    recipe = recipe_schema(find_model("cqmlp")).model_validate(RECIPE)
    told: list[int] = []
    trained = train_quantised(code, recipe, dataset, "blocked", lambda done, steps, loss: told.append(done), count)
    assert told == sorted(told) and told[-1] == 200 + 12 * 60 + 60
    assert count(trained.network) <= 40 < seen[0]
    assert score(trained.network, dataset, "blocked").accuracy > 0.95
