"""Gowin LittleBee: nextpnr-himbaechel-gowin and gowin_pack (Project Apicula)."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from toolchain.board import Fpga, OpenBoard
from toolchain.fpga.backend import Backend, BlockRam, chip_pins
from toolchain.fpga.pll import Dividers, Pll, Range
from toolchain.fpga.report import TimingReport
from toolchain.fpga.results import Usage
from toolchain.fpga.tools import Tool, nextpnr, relative, require_output, run

_NEXTPNR = "nextpnr-himbaechel-gowin"

# By die and speed grade; others have another PLL, or other ranges. These are of Gowin's DS117E (PLL switching
# characteristics), the dividers of UG286E, as Project Apicula (gowin_pll, gowin_pack) has them.
_PLLS = {
    ("GW1N-9C", "C6/I5"): Pll(
        cell="rPLL",
        inputs=Range(3, 400),
        compared=Range(3, 400),
        oscillator=Range(400, 1200),
        outputs=Range(3.125, 600),
        reference=range(1, 65),
        feedback=range(1, 65),
        output=(2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128),
        feedback_divided=True,
    )
}


class GowinBackend(Backend):
    """GW1N devices. Nothing reads their bitstreams back into a netlist with memories.

    Boards: `device` is the die, such as GW1N-9C; `package` and `speed` are as ordered.
    """

    place_and_route_tool = nextpnr(_NEXTPNR, f"yowasp-{_NEXTPNR}")
    packer = Tool("gowin_pack", "apycula.gowin_pack:main", "apycula")
    suffix = ".fs"
    answers_jtag = True
    # Each 16 words of 4 bits take 8 LUTs: with 161 of 270 such memories nextpnr found no place for the next.
    # A flip-flop that the LUT or ALU in its slice does not drive takes their place, for its input goes through there.
    # Their share, with the ends of chains of ALUs: of LiteCNN's 3,728 beside 4,954 LUTs and ALUs 2,112 places more.
    factor_bits = 18
    block_ram = BlockRam(
        ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)),
        lut_ram=True,
        luts_route=False,
        lone_ff=0.55,
        two_port_bits=18,
    )
    synthesis_command = "synth_gowin -family gw1n -nodsp -nowidelut"
    multiplier_synthesis_command = "synth_gowin -family gw1n -nowidelut"
    # An ALU (one bit of an adder) takes a LUT's place; a LUT RAM of 16 x 4 takes four.
    cell_weights = (
        ("LUT", "lut", 1),
        ("ALU", "lut", 1),
        ("RAM16SDP4", "lut", 4),
        ("DFF", "ff", 1),
        ("SPX9", "bram", 1),
        ("SP", "bram", 1),
        ("SDP", "bram", 1),
        ("DP", "bram", 1),
        ("pROM", "bram", 1),
        # Of 18 x 18 bits, as `resources.dsp` of a board counts.
        ("MULT9X9", "dsp", 0.5),
        ("MULT18X18", "dsp", 1),
        ("MULT36X36", "dsp", 4),
    )
    sites: ClassVar[dict[str, str]] = {"LUT4": "LUTs", "ALU": "ALUs", "DFF": "flip-flops", "BSRAM": "block RAMs"}

    @classmethod
    def pll(cls, fpga: Fpga) -> Pll | None:
        """See `Backend`."""
        return _PLLS.get((fpga.device, fpga.speed))

    @classmethod
    def pll_instance(cls, board: OpenBoard, setting: Dividers) -> str:
        """All dividers fixed, fed back inside."""
        return f"""\
    rPLL #(
        .DEVICE("{board.fpga.device}"), .FCLKIN("{board.clock.mhz:g}"), .CLKFB_SEL("internal"),
        .IDIV_SEL({setting.reference - 1}), .FBDIV_SEL({setting.feedback - 1}), .ODIV_SEL({setting.output})
    ) cell_of_pll (
        .CLKIN(crystal), .CLKOUT(clock), .LOCK(locked), .RESET(1'b0), .RESET_P(1'b0), .CLKFB(1'b0),
        .IDSEL(6'd0), .FBDSEL(6'd0), .ODSEL(6'd0), .PSDA(4'd0), .DUTYDA(4'd0), .FDLY(4'd0));
"""

    def constraints(self, board: OpenBoard) -> tuple[str, str]:
        """A CST file; the clock's frequency goes on the command line."""
        lines = []
        for port, pin in chip_pins(board):
            lines.append(f'IO_LOC "{port}" {pin.pin};')
            if attributes := " ".join(f"{key}={value}" for key, value in pin.attributes.items()):
                lines.append(f'IO_PORT "{port}" {attributes};')
        return "chip.cst", "\n".join(lines) + "\n"

    def bitstream(self, board: OpenBoard, config: Path, out_file: Path) -> Path:
        """Pack the routed netlist into bits."""
        folder = out_file.parent
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "gowin_pack.log"
        files = ["-o", out_file.name, relative(config, folder)]
        arguments = ["-d", board.fpga.device, *files]
        run(self.packer, arguments, cwd=folder, log=log, progress=self.progress)
        return require_output(self.packer, out_file, log)

    def read_back(self, board: OpenBoard, implementation: Path, bitstream: Path, out_dir: Path) -> list[Path] | None:
        """None: see `why_no_read_back`."""
        return None

    def read_back_is(self, implementation: Path) -> str:
        """Nothing."""
        return "nothing"

    def why_no_read_back(self, implementation: Path) -> str | None:
        """The reason."""
        return (
            "gowin_unpack gives no netlist of block RAM contents and the GW1N cells have no "
            "independent simulation models, so what is proved on this family ends at the RTL"
        )

    def _arguments(self, board: OpenBoard, netlist: str, constraints: str) -> list[str]:
        part = ["--device", board.fpga.part, "--vopt", f"family={board.fpga.device}"]
        files = ["--json", netlist, "--vopt", f"cst={constraints}"]
        return [*part, *files, "--write", "routed.json"]

    def _usage(self, report: TimingReport, log: str) -> Usage:
        luts = report.used("LUT4") + report.used("ALU") + 4 * report.used("RAM16SDP4")
        multipliers = {name: report.used(name) for name in ("MULT9X9", "MULT18X18", "MULT36X36")}
        dsp = Usage.count(multipliers, self.cell_weights).dsp
        return Usage(lut=luts, ff=report.used("DFF"), bram=report.used("BSRAM"), dsp=dsp)

    def _outputs(self, out_dir: Path) -> tuple[Path, Path | None]:
        return out_dir / "routed.json", out_dir / "routed.json"
