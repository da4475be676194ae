"""Lattice iCE40: nextpnr-ice40 and icepack (Project IceStorm)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from toolchain.board import OpenBoard
from toolchain.fpga import tools
from toolchain.fpga.backend import Backend, chip_pins
from toolchain.fpga.ice40_bitstream import bitstream_to_verilog
from toolchain.fpga.report import TimingReport
from toolchain.fpga.results import Usage
from toolchain.fpga.tools import relative, require_output, run

# "Info:       99 LCs used as LUT4 and DFF": the report counts logic cells only.
_FLIP_FLOPS = re.compile(r"^Info:\s+(\d+) LCs used as (?:LUT4 and )?DFF", re.MULTILINE)


class Ice40Backend(Backend):
    """iCE40 UltraPlus devices. `read_back` decodes the bitstream itself."""

    place_and_route_tool = tools.NEXTPNR_ICE40
    packer = tools.ICEPACK
    synthesis_command = "synth_ice40 -device u"
    # A carry shares the logic cell of its LUT.
    cell_weights = (
        ("SB_LUT4", "lut", 1),
        ("SB_DFF", "ff", 1),
        ("SB_RAM40_4K", "bram", 1),
        ("SB_MAC16", "dsp", 1),
    )
    sites: ClassVar[dict[str, str]] = {
        "ICESTORM_LC": "logic cells (a LUT with a flip-flop)",
        "ICESTORM_RAM": "block RAMs",
    }

    def constraints(self, board: OpenBoard) -> tuple[str, str]:
        """A PCF file."""
        lines = []
        for port, pin in chip_pins(board):
            options = "".join(f"-{key} {value} " for key, value in pin.attributes.items())
            lines.append(f"set_io {options}{port} {pin.pin}")
        lines.append(f"set_frequency clk {board.clock.mhz:g}")
        return "chip.pcf", "\n".join(lines) + "\n"

    def bitstream(self, board: OpenBoard, config: Path, out_file: Path) -> Path:
        """Pack the textual configuration into bits."""
        folder = out_file.parent
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "icepack.log"
        files = [relative(config, folder), out_file.name]
        run(self.packer, files, cwd=folder, log=log, progress=self.progress)
        return require_output(self.packer, out_file, log)

    def read_back(self, board: OpenBoard, implementation: Path, bitstream: Path, out_dir: Path) -> list[Path] | None:
        """Decode the bitstream into Verilog."""
        return bitstream_to_verilog(board, bitstream, out_dir)

    def _arguments(self, board: OpenBoard, netlist: str, constraints: str) -> list[str]:
        device = [f"--{board.fpga.device}", "--package", board.fpga.package]
        return [*device, "--json", netlist, "--pcf", constraints, "--asc", "chip.asc"]

    def _usage(self, report: TimingReport, log: str) -> Usage:
        return Usage(
            lut=report.used("ICESTORM_LC"),
            ff=sum(int(number) for number in _FLIP_FLOPS.findall(log)),
            bram=report.used("ICESTORM_RAM"),
            dsp=report.used("ICESTORM_DSP"),
        )

    def _outputs(self, out_dir: Path) -> tuple[Path, Path | None]:
        return out_dir / "chip.asc", None
