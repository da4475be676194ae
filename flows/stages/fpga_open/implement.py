"""implement: place and route, and does it meet the clock."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from flows.stages.clocking import clock_hz
from flows.stages.context import Context, Outcome
from flows.stages.rtl.trial import tried
from toolchain.fpga import backend_for
from toolchain.fpga.backend import Aim
from toolchain.fpga.pll import MHZ
from toolchain.results.facts import ImplementFacts, SynthesiseFacts
from toolchain.results.facts.hardware import Use


def run(context: Context) -> Outcome:
    """Write the routed design, as the packer reads it."""
    mapped = context.layout.stage("synthesise")
    netlist = context.facts("synthesise", SynthesiseFacts).netlist
    if made := tried(context, "implement", f"synthesise/{netlist}", mapped / netlist):
        facts = made.facts_as(ImplementFacts)
        return Outcome(f"{_told(facts)}, as tried for the clock", facts=facts, tools=made.tools)
    return implement(context, mapped / netlist, context.out, Aim(clock_hz(context) / MHZ))


def implement(context: Context, netlist: Path, out: Path, aim: Aim) -> Outcome:
    """The same of any netlist, into a folder."""
    backend = backend_for(context.open_board.fpga, context.progress)
    routed = backend.implement(context.open_board, netlist, out, aim)
    facts = ImplementFacts(
        status="bitstream",
        kind="routed",
        config=routed.config.name,
        resources=Use(**asdict(routed.resources)),
        used_percent=routed.used_percent,
        fmax_mhz=routed.fmax_mhz,
        clock_mhz=routed.clock_mhz,
        critical_path=tuple(routed.critical_path),
        seed=routed.seed,
    )
    name, _, version = routed.tool.partition(" ")
    return Outcome(_told(facts), facts=facts, tools={name: version})


def _told(facts: ImplementFacts) -> str:
    use = facts.resources
    clocks = f"{facts.fmax_mhz:.1f} MHz of {facts.clock_mhz:g} needed (routed)"
    return f"{use.lut:,} LUT, {use.ff:,} FF; {clocks}"
