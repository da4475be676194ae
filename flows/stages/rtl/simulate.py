"""simulate: the Verilog against the integer network, element by element, and the chip by its pins or ports."""

from __future__ import annotations

from flows.stages import files
from flows.stages.context import Context, Outcome
from flows.stages.rtl.design import design_of
from flows.stages.rtl.shell import shell_of
from hls import answer_memory
from hls.verilate import verilator_version
from toolchain.results.facts import Decision, ExportFacts, FoldFacts, SimulateFacts
from toolchain.results.folding import FoldedUnits


def run(context: Context) -> Outcome:
    """Run the core on the test set, on a part of it with back-pressure, and the chip through its host link."""
    chip, design, shell = files.chip(context), design_of(context), shell_of(context.board)
    core = design.check(context, chip, context.work / "core")
    context.progress(f"chip: through its {shell.link}")
    reference = design.reference(chip.core)
    asked = shell.check(context, chip, reference)
    facts = core.resting(asked.latency_cycles).facts
    if reference.decides:
        folding = context.facts("fold", FoldFacts).folding
        assert isinstance(folding, FoldedUnits), "what decides is a core of units"
        facts = _through_all_stages(facts, folding)
        if places := chip.core.kept_answers:
            clocks, decision = (
                answer_memory.clocks(chip.core.in_beats, places),
                context.facts("export", ExportFacts).decision,
            )
            assert decision is not None, "the recipe's memory is that of its decision"
            facts = _one_by_one(facts, folding.latency_cycles, clocks, decision)
    facts = facts.model_copy(update={"answer_cycles": chip.core.output.layout.size})
    return Outcome(core.summary, {**core.checks, **asked.checks}, facts, {"verilator": verilator_version()})


def _through_all_stages(facts: SimulateFacts, folding: FoldedUnits) -> SimulateFacts:
    """The cycles of an inference that runs through all stages, which no other outlasts; on average they are fewer."""
    return facts.model_copy(
        update={
            "latency_cycles": max(facts.latency_cycles, folding.latency_cycles),
            "initiation_interval": max(facts.initiation_interval, folding.initiation_interval),
            "mean_interval": facts.initiation_interval,
        }
    )


def _one_by_one(facts: SimulateFacts, latency: int, clocks: int, decision: Decision) -> SimulateFacts:
    """The same where the chip keeps answers: it takes one vector at a time, and looks for it first.

    Args:
        latency: of the network through all its stages.
        clocks: that looking takes at most.
    """
    whole = max(facts.latency_cycles, latency + clocks)
    pairs = zip(facts.ways, decision.stages, strict=False)
    known = [(way.latency_cycles, stage.answered) for way, stage in pairs if way.latency_cycles and stage.answered]
    answered = sum(count for _, count in known)
    mean = round(sum(cycles * count for cycles, count in known) / answered) + clocks if answered else whole
    return facts.model_copy(update={"latency_cycles": whole, "initiation_interval": whole, "mean_interval": mean})
