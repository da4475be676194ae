"""synthesise: what the AXI chip takes of the device, as Yosys counts; Vivado implements it."""

from __future__ import annotations

from flows.stages import files
from flows.stages.context import Context, Outcome
from flows.stages.xilinx import MOST_LUT, estimate_outcome, synthesis_outcome
from toolchain.fpga.xilinx import synthesise
from toolchain.results.facts import FoldFacts


def run(context: Context) -> Outcome:
    """Write `netlist.json`; of a large core nothing, since the count alone is not worth the wait."""
    estimate = context.facts("fold", FoldFacts).estimate
    if estimate.lut > MOST_LUT:
        return estimate_outcome(context, estimate)
    chip, family = files.chip(context), context.amd_board.fpga.family
    result = synthesise(family, "axi_chip", chip.source_paths, chip.rtl, context.out, progress=context.progress)
    return synthesis_outcome(context, result)
