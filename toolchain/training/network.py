"""Training a model by its recipe: the quantised network in two phases, and its float reference in one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from toolchain.results.facts.network import Scores
from toolchain.training.budget import Estimate, Trained, Work, within_budget, zeros_kept
from toolchain.training.dataset import Dataset
from toolchain.training.inputs import Signature, Values
from toolchain.training.loop import Loss, StepProgress, cross_entropy, fit, logits_of, set_up
from toolchain.training.lut_cost import rising, with_lut_cost
from toolchain.training.metrics import evaluate
from toolchain.training.recipe import LutCostSettings, Recipe, TrainingSettings
from toolchain.training.state import State

# Fall of the validation macro-F1 that no fine-tuning of a healthy network shows.
WITHERED = 0.05
# How often the float reference is looked at.
CHECKPOINTS = 20


class ModelCode(Protocol):
    """What `models/<model>/model.py` offers; `settings` are of its own schema. See docs/adding-a-model.md.

    It may offer more, whose `settings` are the recipe's section `training`: `training_rows(dataset, split, settings)`,
    the rows of the data set to train on, and `loss(network, batch, settings)`, what is minimised of a `Batch`, in place
    of the cross-entropy of the network's answers.
    """

    def build(self, settings: Any, signature: Signature) -> nn.Module:
        """The network to train."""

    def merge(self, network: Any, settings: Any) -> nn.Module:
        """The network to fine-tune and export, without separate normalisation."""

    def restore(self, settings: Any, signature: Signature, state: State) -> nn.Module:
        """The merged network of a saved state."""

    def build_float(self, settings: Any, signature: Signature) -> nn.Module:
        """The float32 reference."""


@dataclass(frozen=True)
class Batch:
    """What a model's own loss is made of.

    Attributes:
        x: inputs as floats, (rows, *shape).
        y: classes, int64 (rows,).
        draw: to draw random numbers with; seeded by the recipe.
        merged: whether this is the second phase, the fine-tuning of the merged network.
    """

    x: torch.Tensor
    y: torch.Tensor
    draw: torch.Generator
    merged: bool


def train_quantised(
    code: ModelCode,
    recipe: Recipe,
    dataset: Dataset,
    split: str,
    progress: StepProgress,
    estimate: Estimate | None = None,
) -> Trained:
    """Train, merge the normalisation, fine-tune; the result is what is exported.

    Args:
        estimate: what a merged network costs; a recipe with a budget needs it.

    Raises:
        BudgetError: no training reached the budget.
    """
    course = _Course(code, recipe, dataset, split, progress)
    set_up(recipe.training.seed)
    network = code.build(recipe.network, dataset.signature)
    course.begin(network)
    if recipe.budget:
        assert estimate is not None, "a recipe with a budget"
        cost = recipe.lut_cost or LutCostSettings()
        return within_budget(network, recipe.budget, cost.weight, course.work(estimate))
    return Trained(course.end(network))


class _Course:
    """A training of the quantised network by its recipe, on one split."""

    def __init__(self, code: ModelCode, recipe: Recipe, dataset: Dataset, split: str, progress: StepProgress) -> None:
        self._code, self._recipe, self._signature = code, recipe, dataset.signature
        self._quality = partial(_validation_f1, dataset=dataset, split=split)
        x, y = _training_part(code, recipe, dataset, split)
        self._fit = partial(fit, x=x, y=y, settings=recipe.training)
        budget = recipe.budget
        between = budget.rounds * budget.steps if budget else 0
        self._first, self._second = _phases(code, recipe.training, progress, between)
        self._told, self._rounds = _of(recipe.training.steps + between + recipe.training.merged_steps, 0, progress), 0

    def begin(self, network: nn.Module) -> None:
        """The phase before the merge; the cost of LUTs rises in it, where the recipe has one."""
        settings, cost = self._recipe.training, self._recipe.lut_cost
        first = self._first
        if cost:
            first = {**first, "loss_of": self._costly(first, rising(cost, settings.steps))}
        self._fit(network, weight_decay=settings.weight_decay, **first)
        network.eval()

    def end(self, network: nn.Module) -> nn.Module:
        """Merge and fine-tune."""
        merged = self._merge(network)
        second, cost = self._second, self._recipe.lut_cost
        if cost:
            second = {**second, "loss_of": self._costly(second, repeat(cost.weight))}
        tune = partial(self._fit, merged, **second)
        _fine_tune(merged, tune, self._recipe.training.weight_decay, lambda: self._quality(merged))
        return merged

    def work(self, estimate: Estimate) -> Work:
        """What there is to do between the two under a budget."""
        return Work(self._merge, self._round, self._tune, self._quality, estimate)

    def _merge(self, network: nn.Module) -> nn.Module:
        return self._code.merge(network, self._recipe.network)

    def _round(self, network: nn.Module, weight: float) -> None:
        budget, rate = self._recipe.budget, self._second["learning_rate"]
        assert budget
        done = self._recipe.training.steps + self._rounds * budget.steps
        changes = {
            "steps": budget.steps,
            "learning_rate": rate,
            "loss_of": self._costly(self._first, repeat(weight)),
            "progress": lambda step, steps, loss: self._told(done + step, steps, loss),
        }
        self._fit(network, **{**self._first, **changes})
        self._rounds += 1
        network.eval()

    def _tune(self, merged: nn.Module) -> None:
        again = zeros_kept(merged, self._signature)
        again()
        self._fit(merged, **self._second, pause=lambda done: again())

    def _costly(self, phase: dict[str, Any], weights: Iterator[float]) -> Loss:
        return with_lut_cost(phase["loss_of"], self._signature, weights)


def _phases(
    code: ModelCode, settings: TrainingSettings, progress: StepProgress, between: int = 0
) -> tuple[dict[str, Any], ...]:
    """What `fit` is told of the phase before the merge, and of that behind it.

    Args:
        between: most batches that are trained between the two.
    """
    before, behind = settings.steps, settings.merged_steps
    rates = (settings.learning_rate, settings.merged_learning_rate)
    return tuple(
        {
            "steps": steps,
            "learning_rate": rate,
            "loss_of": _loss(code, settings, merged=bool(done)),
            "progress": _of(before + between + behind, done, progress),
        }
        for steps, rate, done in zip((before, behind), rates, (0, before + between), strict=True)
    )


def _loss(code: ModelCode, settings: TrainingSettings, *, merged: bool) -> Loss:
    """The model's own loss in one phase, where it has one."""
    own: Callable[[nn.Module, Batch, TrainingSettings], torch.Tensor] | None = getattr(code, "loss", None)
    if own is None:
        return cross_entropy
    return lambda network, x, y, draw: own(network, Batch(x, y, draw, merged), settings)


def _fine_tune(
    network: nn.Module, tune: Callable[..., None], weight_decay: float, quality: Callable[[], float]
) -> None:
    """Fine-tune, and do it again without decay where it harmed the network.

    Where there is nothing left to learn, weight decay can wither a network.
    """
    before, state = quality(), copy.deepcopy(network.state_dict())
    tune(weight_decay=weight_decay)
    if quality() <= before - WITHERED:
        network.load_state_dict(state)
        tune(weight_decay=0.0)


def train_float(code: ModelCode, recipe: Recipe, dataset: Dataset, split: str, progress: StepProgress) -> nn.Module:
    """Train the float32 reference, for as many steps in all; the state that is best on the validation part is kept.

    Nothing quantises it, so it learns the training part by heart where that is small.
    """
    settings = recipe.training
    x, y = _training_part(code, recipe, dataset, split)
    set_up(settings.seed)
    network = code.build_float(recipe.network, dataset.signature)
    best = _Best(network, lambda: _validation_f1(network, dataset, split))
    phases = _float_phases(code, settings, progress)
    for phase in phases:
        look = best.now_and_then(phase["steps"], CHECKPOINTS // len(phases))
        fit(network, x, y, settings, weight_decay=settings.weight_decay, pause=look, **phase)
    best.restore()
    return network


def _float_phases(code: ModelCode, settings: TrainingSettings, progress: StepProgress) -> tuple[dict[str, Any], ...]:
    """One phase of all steps; both, where the model's own loss tells them apart."""
    if hasattr(code, "loss"):
        return _phases(code, settings, progress)
    steps = settings.steps + settings.merged_steps
    return ({"steps": steps, "learning_rate": settings.learning_rate, "progress": progress},)


class _Best:
    """Keeps the state in which a network was best."""

    def __init__(self, network: nn.Module, quality: Callable[[], float]) -> None:
        self._network, self._quality = network, quality
        self._score, self._state = float("-inf"), copy.deepcopy(network.state_dict())

    def look(self) -> None:
        """Keep the present state if it is better than all before."""
        score = self._quality()
        if score > self._score:
            self._score, self._state = score, copy.deepcopy(self._network.state_dict())

    def now_and_then(self, steps: int, times: int) -> Callable[[int], None]:
        """What `fit` calls after each of so many batches: it looks so many times, and at the end."""
        every = max(1, steps // times)
        return lambda done: self.look() if done % every == 0 or done == steps else None

    def restore(self) -> None:
        """Go back to the best."""
        self._network.load_state_dict(self._state)


def restore_quantised(code: ModelCode, recipe: Recipe, dataset: Dataset, state: State) -> nn.Module:
    """The trained network of a saved state."""
    return code.restore(recipe.network, dataset.signature, state)


def score(network: nn.Module, dataset: Dataset, split: str, part: str = "test") -> Scores:
    """Figures on a part of a split; see `toolchain.training.metrics.evaluate`."""
    x, y = dataset.part(split, part)
    # Of several stages the last one's logits stand last.
    logits = logits_of(network, x)[:, -len(dataset.classes) :]
    return evaluate(y, logits.argmax(axis=1), dataset.classes, split)


def oversample(y: NDArray[np.uint8], share: float) -> NDArray[np.int64]:
    """Rows that repeat rare classes until each makes up `share` of all; every row at least once."""
    least = int(share * len(y))
    rows = [np.arange(len(y))]
    for label in np.unique(y):
        own = np.flatnonzero(y == label)
        rows.append(np.resize(own, max(0, least - len(own))))
    return np.concatenate(rows)


def _validation_f1(network: nn.Module, dataset: Dataset, split: str) -> float:
    return score(network, dataset, split, "validation").macro_f1 or 0.0


def _training_part(code: ModelCode, recipe: Recipe, dataset: Dataset, split: str) -> tuple[Values, NDArray[np.uint8]]:
    chosen = getattr(code, "training_rows", None)
    rows = chosen(dataset, split, recipe.training) if chosen else dataset.rows(split, "train")
    x, y = dataset.inputs_of(rows), dataset.y[rows]
    repeated = oversample(y, recipe.training.rare_share)
    return (x, y) if len(repeated) == len(y) else (x[repeated], y[repeated])


def _of(total: int, done: int, progress: StepProgress) -> StepProgress:
    """Progress of one phase, counted in the steps of all."""
    return lambda step, steps, loss: progress(done + step, total, loss)
