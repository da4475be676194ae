"""train: the quantised network by its recipe, on the blocked split."""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from flows.stages.network.files import (
    NETWORK,
    budget_named,
    dataset_of,
    kind_words,
    lut_estimate,
    model_code,
    step_progress,
)
from toolchain.results.facts import TrainFacts
from toolchain.training.author import authors_code
from toolchain.training.derived import completed
from toolchain.training.metrics import told
from toolchain.training.network import score, train_quantised
from toolchain.training.state import save_state


def run(context: Context) -> Outcome:
    """Write the merged network's state, and its figures on the test part."""
    dataset = dataset_of(context)
    code = completed(model_code(context, "model"))
    with authors_code(context.model), budget_named(context):
        trained = train_quantised(
            code, context.recipe, dataset, "blocked", step_progress(context, ""), lut_estimate(context, dataset)
        )
    save_state(trained.network, context.out / NETWORK)
    accuracy = score(trained.network, dataset, "blocked")
    summary = f"macro-F1 {told(accuracy.macro_f1)}, accuracy {accuracy.accuracy:.4%} ({kind_words(dataset)})"
    summary += "".join(f"; {point.lut:,} LUT unrolled (estimated)" for point in trained.front if point.kept)
    facts = TrainFacts(accuracy=accuracy, seed=context.recipe.training.seed, front=trained.front)
    return Outcome(summary, facts=facts, tools=_tools())


def _tools() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("torch", "brevitas")}
