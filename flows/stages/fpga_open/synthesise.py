"""synthesise: Verilog to the device's cells."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from flows.stages import files
from flows.stages.context import Context, Outcome
from flows.stages.rtl.trial import tried
from toolchain.fpga import backend_for
from toolchain.results.facts import SynthesiseFacts
from toolchain.results.facts.hardware import Use


def run(context: Context) -> Outcome:
    """Write `netlist.json`."""
    generated = context.layout.stage("generate")
    if made := tried(context, "synthesise", "generate/rtl", generated / "rtl"):
        facts = made.facts_as(SynthesiseFacts)
        return Outcome(f"{_told(facts.resources)}, as tried for the clock", facts=facts, tools=made.tools)
    return synthesise(context, generated, context.out)


def synthesise(context: Context, generated: Path, out: Path) -> Outcome:
    """The same of any generated chip, into a folder."""
    backend = backend_for(context.open_board.fpga, context.progress)
    chip = files.chip_in(generated)
    result = backend.synthesise(
        "chip",
        chip.source_paths,
        chip.rtl,
        out,
        multipliers=chip.core.multipliers,
        unrolled_hz=chip.clock_hz if chip.core.strategy == "unrolled" else None,
    )
    use = Use(**asdict(result.resources))
    name, _, version = result.tool.partition(" ")
    return Outcome(_told(use), facts=SynthesiseFacts(netlist=result.netlist.name, resources=use), tools={name: version})


def _told(use: Use) -> str:
    return f"{use.lut:,} LUT, {use.ff:,} FF, {use.bram} block RAMs, {use.dsp} DSPs (synthesised)"
