"""What the stages of a network that decides have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.stages.context import Context
from flows.stages.network.files import GOLDEN
from toolchain.errors import ModelError
from toolchain.graph.deciding import deciding
from toolchain.graph.golden_vectors import Golden
from toolchain.results.facts import Decision
from toolchain.results.facts.decision import Beside, KeptAnswers
from toolchain.runtime.stages import StagedNetwork, at_width, decided
from toolchain.runtime.trained import read_trained

if TYPE_CHECKING:
    from qonnx.core.modelwrapper import ModelWrapper


def decide(context: Context, model: ModelWrapper, classes: int, validation: Golden, test: Golden) -> Decision:
    """Find the thresholds, and write the golden answers of the network that decides by them.

    Raises:
        ModelError: the network has no stages, or the recipe's thresholds are none of theirs.
    """
    recipe = context.recipe
    graph = read_trained(model).source.graph
    try:
        network = StagedNetwork.of(graph, classes, recipe.widths)
        if recipe.width is not None:
            return _kept(context, network, test, at_width(network, validation, test, recipe.width.start))
    except ModelError as error:
        raise ModelError(f"{context.model.shown}/model.py: {error}") from error
    said = recipe.decision
    assert said is not None, "a network without stages decides nothing"
    try:
        decision = decided(network, validation, test, said.thresholds, said.within)
        deciding(graph, classes, decision.thresholds)
    except ModelError as error:
        raise ModelError(f"{context.recipe_shown}: decision: {error}") from error
    decision = _kept(context, network, test, decision)
    if said.memory is not None:
        twice = network.twice(test, decision.thresholds, said.memory.size)
        kept = KeptAnswers(size=said.memory.size, place=said.memory.place, twice=twice)
        decision = decision.model_copy(update={"memory": kept})
    if said.beside is None:
        return decision
    beside = Beside(model=said.beside.model, recipe=said.beside.recipe or context.request.recipe)
    return decision.model_copy(update={"beside": beside})


def _kept(context: Context, network: StagedNetwork, test: Golden, decision: Decision) -> Decision:
    """The decision, whose golden answers are written."""
    network.golden(test, decision.thresholds).save(context.out / GOLDEN)
    return decision


def told(decision: Decision) -> str:
    """The working point in a few words."""
    if decision.widths:
        pairs = zip(decision.widths, decision.stages, strict=True)
        each = ", ".join(f"{width} %: {own.alone:.2%}" for width, own in pairs)
        return f"right by width on the test set: {each}; built at {decision.width} %"
    shares = ", ".join(f"{stage.answered / max(1, decision.inputs):.1%}" for stage in decision.stages)
    twice = ""
    if decision.twice:
        of_all = f"{decision.operations_twice / decision.most:.0%}"
        twice = f", {of_all} where each input comes twice and {decision.twice.recalled:,} answers are kept ones"
    return (
        f"thresholds {', '.join(map(str, decision.thresholds))}: stages answer {shares} of the test set, "
        f"{decision.accuracy:.2%} right, by {decision.operations / decision.most:.0%} of all operations{twice}"
    )
