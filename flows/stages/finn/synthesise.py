"""synthesise: what FINN's core takes of the device, as Yosys counts; Vivado implements it."""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from flows.stages.finn.core import stitched
from flows.stages.xilinx import synthesis_outcome
from toolchain.fpga.xilinx import synthesise


def run(context: Context) -> Outcome:
    """Write `netlist.json`."""
    core, rtl = stitched(context), context.file("generate", "rtl")
    result = synthesise(
        context.amd_board.fpga.family,
        core.top,
        [rtl / name for name in core.sources],
        rtl,
        context.out,
        system_verilog=True,
        progress=context.progress,
    )
    return synthesis_outcome(context, result)
