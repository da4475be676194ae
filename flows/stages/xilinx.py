"""What a core takes of an AMD device, synthesised or estimated, as a stage's outcome."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

from flows.stages.context import Context, Outcome
from toolchain.fpga.results import Synthesis, Usage
from toolchain.results.facts import AmdSynthesiseFacts
from toolchain.results.facts.hardware import Estimate, Use

# Look-up tables (estimated) of the largest core that is synthesised only to count what it takes, which takes minutes.
MOST_LUT = 40_000


def synthesis_outcome(context: Context, result: Synthesis) -> Outcome:
    """What Yosys counted, and its share of the board."""
    name, _, version = result.tool.partition(" ")
    return _outcome(context, "synthesised", result.netlist.name, result.resources, {name: version})


def estimate_outcome(context: Context, estimate: Estimate) -> Outcome:
    """What folding expects of a core that is too large to be synthesised only to count it."""
    use = Usage(**{name: round(getattr(estimate, name)) for name in Use.model_fields})
    return _outcome(context, "estimated", None, use, {}, f"; Yosys counts cores of up to {MOST_LUT:,} LUT")


def _outcome(
    context: Context,
    kind: Literal["synthesised", "estimated"],
    netlist: str | None,
    use: Usage,
    tools: dict[str, str],
    why: str = "",
) -> Outcome:
    share = use.percent_of(context.amd_board.fpga.resources)
    facts = AmdSynthesiseFacts(kind=kind, netlist=netlist, resources=Use(**asdict(use)), used_percent=share)
    summary = f"{use.lut:,} LUT, {use.ff:,} FF, {use.bram} block RAMs of 18 kbit, {use.dsp} DSPs ({kind}{why})"
    return Outcome(summary, facts=facts, tools=tools)
