"""check: the untrained network through export, streamlining and folding; what cannot be built is said at once.

Weights are random and figures mean nothing; only whether it can be done counts.
"""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from flows.stages.graph_layers import layers_of_trained
from flows.stages.network.files import QONNX, model_code
from flows.stages.rtl.design import choose_for
from flows.stages.rtl.refusing import explained
from flows.stages.rtl.shell import shell_of
from toolchain.board import McuBoard, OrtBoard
from toolchain.bounded import Bounds, OutOfBoundsError, bounded
from toolchain.errors import FitError, ModelError
from toolchain.model_trial import try_untrained
from toolchain.results.facts import DataFacts
from toolchain.runtime.trained import Trained
from toolchain.training.derived import completed
from toolchain.training.inputs import Signature

# FINN's mapping takes seconds; where it takes more than this, the training does not wait for it.
_FINN = Bounds(memory=2 << 30, seconds=60)


def run(context: Context) -> Outcome:
    """Write the untrained `model.onnx`."""
    signature = _signature(context.facts("data", DataFacts))
    code = model_code(context, "model")
    trained = try_untrained(context.model, completed(code), context.recipe, signature, context.out / QONNX)
    layers = len(layers_of_trained(trained))
    return Outcome(f"the untrained network can be built: {layers} layers{_on_board(context, trained)}")


def _signature(facts: DataFacts) -> Signature:
    return Signature(facts.shape or (facts.inputs,), facts.input_type, len(facts.classes))


def _on_board(context: Context, trained: Trained) -> str:
    """Whether it can be mapped for the board. Training makes it sparser, so what does not fit yet is only said."""
    shown = f"{context.model.shown}/model.py"
    try:
        return _by_finn(context, trained, shown) if context.request.flow == "finn" else _folds(context, trained, shown)
    except FitError as error:
        return f"; untrained, it does not fit: {error}"


def _folds(context: Context, trained: Trained, shown: str) -> str:
    if isinstance(context.board, OrtBoard | McuBoard):
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
