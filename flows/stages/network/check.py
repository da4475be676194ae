"""check: the untrained network through export, streamlining and folding; what cannot be built is said at once.

Weights are random and figures mean nothing; only whether it can be done counts.
"""

from __future__ import annotations

import numpy as np

from flows.stages.context import Context, Outcome
from flows.stages.graph_layers import layers_of_trained
from flows.stages.network.files import QONNX, model_code, must_be_exact
from flows.stages.rtl.design import choose_for
from flows.stages.rtl.refusing import explained
from flows.stages.rtl.shell import shell_of
from toolchain.board import OrtBoard
from toolchain.bounded import Bounds, OutOfBoundsError, bounded
from toolchain.errors import FitError, ModelError
from toolchain.graph.export import export_network
from toolchain.graph.golden_vectors import Golden
from toolchain.graph.model_file import load_model
from toolchain.graph.verify import verify_export
from toolchain.results.facts import DataFacts
from toolchain.runtime.trained import Trained, read_trained, verify_trained
from toolchain.training.answers import must_answer
from toolchain.training.author import authors_code
from toolchain.training.inputs import INPUT_TYPES, Signature
from toolchain.training.loop import logits_of, set_up

_ROWS = 16

# FINN's mapping takes seconds; where it takes more than this, the training does not wait for it.
_FINN = Bounds(memory=2 << 30, seconds=60)


def run(context: Context) -> Outcome:
    """Write the untrained `model.onnx`."""
    signature = _signature(context.facts("data", DataFacts))
    code, recipe, shown = model_code(context, "model"), context.recipe, f"{context.model.shown}/model.py"
    set_up(recipe.training.seed)
    with authors_code(context.model):
        network = must_answer(code.build(recipe.network, signature), signature, f"{shown}: build()")
        merged = must_answer(code.merge(network, recipe.network), signature, f"{shown}: merge()")
        export_network(merged, signature.shape, signature.input_type, context.out / QONNX)
    model = load_model(context.out / QONNX)
    must_be_exact(context, model)
    trained = read_trained(model)
    x = INPUT_TYPES[signature.input_type].draw((_ROWS, *signature.shape), 1)
    golden = Golden(x.reshape(_ROWS, -1), logits_of(merged, x), np.zeros(_ROWS, np.uint8))
    verify_export(merged, model, golden)
    verify_trained(trained, golden)
    layers = len(layers_of_trained(trained))
    return Outcome(f"the untrained network can be built: {layers} layers{_on_board(context, trained, shown)}")


def _signature(facts: DataFacts) -> Signature:
    return Signature(facts.shape or (facts.inputs,), facts.input_type, len(facts.classes))


def _on_board(context: Context, trained: Trained, shown: str) -> str:
    """Whether it can be mapped for the board. Training makes it sparser, so what does not fit yet is only said."""
    try:
        return _by_finn(context, trained, shown) if context.request.flow == "finn" else _folds(context, trained, shown)
    except FitError as error:
        return f"; untrained, it does not fit: {error}"


def _folds(context: Context, trained: Trained, shown: str) -> str:
    if isinstance(context.board, OrtBoard):
        return ""
    link = shell_of(context.board).cost
    try:
        graph = trained.graph
        explained(context, graph, lambda: choose_for(context, graph, link).must_fit(context, link))
    except ModelError as error:
        raise ModelError(f"{shown}: {error}") from error
    return ""


def _by_finn(context: Context, trained: Trained, shown: str) -> str:
    """Whether FINN maps it, in a process of its own."""
    # FINN's packages take a while to import.
    from flows.stages.finn.target import map_target
    from toolchain.finn.mapping import map_network

    target, work = map_target(context), context.work
    mapped = work / "mapped"
    mapped.mkdir(exist_ok=True)
    try:
        bounded(
            "FINN's mapping", lambda: map_network(trained.graph, target, mapped, work / "finn", context.progress), _FINN
        )
    except OutOfBoundsError as error:
        return f"; whether FINN maps it is not known yet: {error}"
    except ModelError as error:
        raise ModelError(f"{shown}: {error}") from error
    return ", by FINN too"
