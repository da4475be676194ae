"""synthesise: Verilog to the device's cells."""

from __future__ import annotations

from dataclasses import asdict

from flows.stages import files
from flows.stages.context import Context, Outcome
from toolchain.fpga import backend_for
from toolchain.results.facts import SynthesiseFacts
from toolchain.results.facts.hardware import Use


def run(context: Context) -> Outcome:
    """Write `netlist.json`."""
    backend = backend_for(context.open_board.fpga, context.progress)
    chip = files.chip(context)
    multipliers = chip.core.multipliers
    result = backend.synthesise("chip", chip.source_paths, chip.rtl, context.out, multipliers=multipliers)
    use = result.resources
    summary = f"{use.lut:,} LUT, {use.ff:,} FF, {use.bram} block RAMs, {use.dsp} DSPs (synthesised)"
    facts = SynthesiseFacts(netlist=result.netlist.name, resources=Use(**asdict(use)))
    name, _, version = result.tool.partition(" ")
    return Outcome(summary, facts=facts, tools={name: version})
