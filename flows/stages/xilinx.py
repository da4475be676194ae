"""What synthesis for an AMD device came to, as a stage's outcome."""

from __future__ import annotations

from dataclasses import asdict

from flows.stages.context import Context, Outcome
from toolchain.fpga.results import Synthesis
from toolchain.results.facts import AmdSynthesiseFacts
from toolchain.results.facts.hardware import Use


def synthesis_outcome(context: Context, result: Synthesis) -> Outcome:
    """Resources, and their share of the board."""
    use = result.resources
    facts = AmdSynthesiseFacts(
        kind="synthesised",
        netlist=result.netlist.name,
        resources=Use(**asdict(use)),
        used_percent=use.percent_of(context.amd_board.fpga.resources),
    )
    name, _, version = result.tool.partition(" ")
    summary = f"{use.lut:,} LUT, {use.ff:,} FF, {use.bram} block RAMs of 18 kbit, {use.dsp} DSPs (synthesised)"
    return Outcome(summary, facts=facts, tools={name: version})
