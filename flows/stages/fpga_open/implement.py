"""implement: place and route, and does it meet the clock."""

from __future__ import annotations

from dataclasses import asdict

from flows.stages.context import Context, Outcome
from toolchain.fpga import backend_for
from toolchain.results.facts import ImplementFacts, SynthesiseFacts
from toolchain.results.facts.hardware import Use


def run(context: Context) -> Outcome:
    """Write the routed design, as the packer reads it."""
    netlist = context.file("synthesise", context.facts("synthesise", SynthesiseFacts).netlist)
    backend = backend_for(context.open_board.fpga, context.progress)
    routed = backend.implement(context.open_board, netlist, context.out)
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
    use, fmax = routed.resources, routed.fmax_mhz
    summary = f"{use.lut:,} LUT, {use.ff:,} FF; {fmax:.1f} MHz of {routed.clock_mhz:g} needed (routed)"
    return Outcome(summary, facts=facts, tools={name: version})
