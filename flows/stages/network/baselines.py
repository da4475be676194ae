"""baselines: what the network is held against: a float32 twin, the random split, an identifier look-up."""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from flows.stages.network.files import KIND, dataset_of, model_code, step_progress
from toolchain.can.data.baseline import identifier_lookup_baseline
from toolchain.results.facts import BaselinesFacts
from toolchain.training.author import authors_code
from toolchain.training.metrics import evaluate
from toolchain.training.network import score, train_float, train_quantised


def run(context: Context) -> Outcome:
    """Train and score them; only figures are kept."""
    dataset = dataset_of(context)
    code = model_code(context, "model")
    with authors_code(context.model.name):
        twin = train_float(code, context.recipe, dataset, "blocked", step_progress(context, "float32 twin: "))
        drawn = train_quantised(code, context.recipe, dataset, "random", step_progress(context, "random split: "))
    truth, looked_up = identifier_lookup_baseline(dataset)
    networks = {
        "float_twin": {"split": "blocked", **score(twin, dataset, "blocked")},
        "random_split": {"split": "random", **score(drawn, dataset, "random")},
        "identifier_lookup": {"split": "blocked", **evaluate(truth, looked_up, dataset.classes)},
    }
    scores = ", ".join(f"{name.replace('_', ' ')} {figures['macro_f1']:.4f}" for name, figures in networks.items())
    return Outcome(
        f"macro-F1: {scores} ({KIND[dataset.kind]})", facts=BaselinesFacts.model_validate({"networks": networks})
    )
