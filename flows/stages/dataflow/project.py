"""project: what Vivado needs to build the design, whether it does so here or elsewhere."""

from __future__ import annotations

import shutil

from flows.stages import files
from flows.stages.context import Context, Outcome
from toolchain.vivado.project import ProjectSpec, write_project

_RTL = "rtl"


def run(context: Context) -> Outcome:
    """Write the scripts and `rtl/`."""
    chip, board = files.chip(context), context.amd_board
    shutil.copytree(chip.rtl, context.out / _RTL)
    data = sorted(path.name for path in chip.rtl.iterdir() if path.name not in chip.sources)
    spec = ProjectSpec(
        name=f"{board.name}-{context.request.model}",
        family=board.fpga.family,
        part=board.fpga.part,
        board_part=board.processing_system.board_part,
        clock_mhz=board.clock.mhz,
        control=board.host_link.control,
        dma=board.host_link.dma,
        data_bits=board.host_link.data_bits,
        top="axi_chip",
        sources=[f"{_RTL}/{name}" for name in chip.sources],
        roms=[f"{_RTL}/{name}" for name in data],
    )
    script = write_project(spec, context.out)
    return Outcome(f"{script.name} with {len(chip.sources)} Verilog files for {board.fpga.part}")
