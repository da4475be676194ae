"""baselines: what the network is held against: a float32 reference, the random split, rules of the model's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.stages.context import Context, Outcome
from flows.stages.network.files import budget_named, dataset_of, kind_words, lut_estimate, model_code, step_progress
from toolchain.errors import ModelError
from toolchain.results.facts import BaselinesFacts
from toolchain.results.facts.network import Scores
from toolchain.training.author import authors_code
from toolchain.training.dataset import Dataset
from toolchain.training.derived import completed
from toolchain.training.metrics import evaluate, told
from toolchain.training.network import score, train_float, train_quantised


def run(context: Context) -> Outcome:
    """Train and score them; only figures are kept."""
    dataset = dataset_of(context)
    code = completed(model_code(context, "model"))
    with authors_code(context.model), budget_named(context):
        reference = train_float(code, context.recipe, dataset, "blocked", step_progress(context, "float32 reference: "))
        told_steps = step_progress(context, "random split: ")
        drawn = train_quantised(code, context.recipe, dataset, "random", told_steps, lut_estimate(context, dataset))
    networks = {
        "float_reference": score(reference, dataset, "blocked"),
        "random_split": score(drawn.network, dataset, "random"),
        **_rules(context, dataset),
    }
    scores = ", ".join(f"{name.replace('_', ' ')} {told(figures.macro_f1)}" for name, figures in networks.items())
    return Outcome(f"macro-F1: {scores} ({kind_words(dataset)})", facts=BaselinesFacts(networks=networks))


def _rules(context: Context, dataset: Dataset) -> dict[str, Scores]:
    """Figures of the rules that the model's `data.py` gives, if it gives any."""
    rules: Callable[[Dataset], Mapping[str, NDArray[Any]]] | None
    rules = getattr(model_code(context, "data"), "baselines", None) if context.model.has("data") else None
    if rules is None:
        return {}
    with authors_code(context.model):
        predicted = dict(rules(dataset))
    truth, shown = dataset.y[dataset.rows("blocked", "test")], f"{context.model.shown}/data.py: baselines()"
    for name, labels in predicted.items():
        _must_be_labels(f"{shown}: {name}", labels, truth, len(dataset.classes))
    return {name: evaluate(truth, labels, dataset.classes) for name, labels in predicted.items()}


def _must_be_labels(shown: str, labels: object, truth: NDArray[np.uint8], classes: int) -> None:
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu" or labels.shape != truth.shape:
        raise ModelError(
            f"{shown}: should be whole numbers {truth.shape}, a class for each row of the blocked test part"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise ModelError(
            f"{shown}: {labels.min()} to {labels.max()}: should be 0 to {classes - 1}, an index into classes"
        )
