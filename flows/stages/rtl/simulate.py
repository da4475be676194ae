"""simulate: the Verilog against the integer network, element by element, and the chip by its pins or ports."""

from __future__ import annotations

from flows.stages import files
from flows.stages.context import Context, Outcome
from flows.stages.rtl.design import design_of
from flows.stages.rtl.shell import shell_of
from hls.verilate import verilator_version


def run(context: Context) -> Outcome:
    """Run the core on the test set, on a part of it with back-pressure, and the chip through its host link."""
    chip, design, shell = files.chip(context), design_of(context), shell_of(context.board)
    core = design.check(context, chip, context.work / "core")
    context.progress(f"chip: through its {shell.link}")
    asked = shell.check(context, chip, design.reference(chip.core))
    core = core.resting(asked.latency_cycles)
    facts = core.facts.model_copy(update={"answer_cycles": chip.core.output.layout.size})
    return Outcome(core.summary, {**core.checks, **asked.checks}, facts, {"verilator": verilator_version()})
