"""The verbs every FPGA tool family answers to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from toolchain.board import Fpga, OpenBoard, Pin
from toolchain.files import write_atomic
from toolchain.fpga import yosys
from toolchain.fpga.nextpnr import SEEDS, Job, place_and_route
from toolchain.fpga.pll import Dividers, Pll
from toolchain.fpga.report import TimingReport
from toolchain.fpga.results import Implementation, Synthesis, Usage
from toolchain.fpga.tools import YOSYS, Tool, relative, require_output, versions
from toolchain.progress import Progress

TOP = "chip"
"""Name of the top module on all boards."""


@dataclass(frozen=True)
class BlockRam:
    """One block RAM of a family.

    Attributes:
        shapes: how it can be cut: (words, bits of a word), all of about the same size.
        lut_ram: whether the family has small memories in LUTs besides; without them even a small buffer takes a block.
        luts_route: whether memories in LUTs find places easily; if not, cores of units make theirs of flip-flops.
        two_port_bits: most bits of a word where both ports of a block read; 0 where it has one for reading alone.
        one_port: words and bits of a word of the large RAMs of one port that devices may have besides.
        lone_ff: of flip-flops, the share that takes a cell without its LUT, where LUT and flip-flop are one cell.
    """

    shapes: tuple[tuple[int, int], ...]
    lut_ram: bool
    luts_route: bool = True
    lone_ff: float = 0.0
    one_port: tuple[int, int] | None = None
    two_port_bits: int = 0

    @property
    def kbit(self) -> int:
        """Kilobits of its widest shape."""
        return max(words * bits for words, bits in self.shapes) // 1024


@dataclass(frozen=True)
class Aim:
    """What place and route is to reach.

    Attributes:
        mhz: the clock.
        margin: the share of it by which the routed design must be faster.
        seeds: the placer's; the first that gets there counts.
        options: of nextpnr besides.
    """

    mhz: float
    margin: float = 0.0
    seeds: Sequence[int] = SEEDS
    options: Sequence[str] = ()


class Backend(ABC):
    """One FPGA tool family: Verilog in, a bitstream out, the netlist read back where possible.

    All that is peculiar to a family stands in its class, in one file of `toolchain/fpga/families`.

    Outputs depend on the inputs only: same Verilog, same board, same bytes. Logs (``*.log``) hold
    times and paths and are no outputs.

    Args:
        fpga: the device.
        progress: takes short phrases on what a tool is doing.
    """

    place_and_route_tool: ClassVar[Tool]
    packer: ClassVar[Tool]
    read_back_tools: ClassVar[tuple[Tool, ...]] = ()
    """What `read_back` needs besides."""
    suffix: ClassVar[str]
    """Of a bitstream's file, with its dot."""
    answers_jtag: ClassVar[bool]
    """Whether the device says over JTAG which one it is."""
    block_ram: ClassVar[BlockRam]
    factor_bits: ClassVar[int]
    """Unsigned bits of the wider side of a multiplier."""
    read_back_vectors: ClassVar[int] = 64
    """How many test vectors run through it, in about a minute; 64 or more."""
    synthesis_command: ClassVar[str]
    """Every ``*`` by LUTs."""
    multiplier_synthesis_command: ClassVar[str]
    """The same with the device's multipliers for every ``*``."""
    multiplier_preparation: ClassVar[tuple[str, ...]] = ()
    """Passes before that, where it would leave narrow products in LUTs."""
    shared_controls: ClassVar[tuple[str, ...]] = ()
    """Passes within synthesis that put a set, reset or enable of an unrolled core's few flip-flops into LUTs, where
    those fill no tile: such a core has logic before every register, and so a wealth of resets that none needs."""
    logic_share: ClassVar[float | None] = None
    """Share of an unrolled core's clock that ABC9 may take by its own delays; None: as little as it can, or no ABC9."""
    cell_weights: ClassVar[tuple[tuple[str, str, float], ...]]
    """(prefix of the synthesised cell's type, resource, how many of the resource it takes)."""
    sites: ClassVar[dict[str, str]]
    """nextpnr's names of the main sites, and what people call them."""

    def __init__(self, fpga: Fpga, progress: Progress | None = None) -> None:
        self.fpga = fpga
        self.progress = progress

    @classmethod
    def tools(cls) -> dict[str, str]:
        """Versions of the tools a build needs, by name.

        Raises:
            ToolError: one is missing.
        """
        return versions([YOSYS, cls.place_and_route_tool, cls.packer])

    @classmethod
    @abstractmethod
    def pll(cls, fpga: Fpga) -> Pll | None:
        """What the device's PLL can do; None where it has none that the tools set."""

    @classmethod
    @abstractmethod
    def pll_instance(cls, board: OpenBoard, setting: Dividers) -> str:
        """Verilog of the PLL's cell, which makes `clock` and `locked` of `crystal`."""

    def synthesise(
        self,
        top: str,
        sources: Sequence[Path],
        rtl_dir: Path,
        out_dir: Path,
        *,
        multipliers: bool = False,
        unrolled_hz: int | None = None,
    ) -> Synthesis:
        """Map Verilog to the family's cells; writes ``netlist.json`` in `out_dir`.

        Args:
            top: the top module.
            sources: Verilog files.
            rtl_dir: where the files lie that the sources `$readmemh`.
            out_dir: gets the outputs.
            multipliers: whether each ``*`` is to take multipliers of the device. RTL that counts on them writes a
                product of LUTs as a sum.
            unrolled_hz: the clock that all paths of an unrolled core were laid out for; None: another core.

        Raises:
            ToolError: Yosys is missing or finds an error in the design.
        """
        netlist, cells = yosys.synthesise(
            top,
            sources,
            rtl_dir,
            out_dir,
            command=self.multiplier_synthesis_command if multipliers else self.synthesis_command,
            preparation=self.multiplier_preparation if multipliers else (),
            before_flip_flops=self.shared_controls if unrolled_hz else (),
            logic_ps=round(self.logic_share * 1e12 / unrolled_hz) if unrolled_hz and self.logic_share else None,
            progress=self.progress,
        )
        tool = f"yosys {YOSYS.version()}"
        return Synthesis(netlist, Usage.count(cells, self.cell_weights), tool)

    @abstractmethod
    def constraints(self, board: OpenBoard) -> tuple[str, str]:
        """Name and text of the constraint file: pins, their I/O standard, the clock."""

    def implement(self, board: OpenBoard, netlist: Path, out_dir: Path, aim: Aim | None = None) -> Implementation:
        """Place and route `netlist`, all outputs in `out_dir`.

        Args:
            aim: the clock that the design is to bear; None: the crystal's.

        Raises:
            FitError: the design is larger than the device.
            TimingError: no seed meets the clock.
            ToolError: a tool is missing or failed.
        """
        out_dir.mkdir(parents=True, exist_ok=True)
        name, text = self.constraints(board)
        write_atomic(out_dir / name, text)
        aim = aim or Aim(board.clock.mhz)
        arguments = [*self._arguments(board, relative(netlist, out_dir), name), *aim.options]
        job = Job(self.place_and_route_tool, board, aim.mhz, out_dir, arguments, self.sites, aim.seeds, aim.margin)
        report, seed = place_and_route(job, self.progress)
        return self._implementation(aim, report, seed, out_dir)

    @abstractmethod
    def bitstream(self, board: OpenBoard, config: Path, out_file: Path) -> Path:
        """Pack `config` of an implementation into `out_file`.

        Raises:
            ToolError: the packer is missing or failed.
        """

    @abstractmethod
    def read_back(self, board: OpenBoard, implementation: Path, bitstream: Path, out_dir: Path) -> list[Path] | None:
        """Verilog of what was implemented, top `chip`, to simulate; None where no tool can do it.

        Args:
            board: the board it was implemented for.
            implementation: the folder that `implement` filled.
            bitstream: the file that `bitstream` wrote.
            out_dir: gets the Verilog.

        Raises:
            ToolError: a tool is missing or failed.
        """

    @abstractmethod
    def read_back_is(self, implementation: Path) -> str:
        """What `read_back` gives, in a few words.

        Args:
            implementation: the folder that `implement` filled.
        """

    def why_no_read_back(self, implementation: Path) -> str | None:
        """Why `read_back` gives None, in one line; None where it works.

        Args:
            implementation: the folder that `implement` filled.
        """
        return None

    @abstractmethod
    def _arguments(self, board: OpenBoard, netlist: str, constraints: str) -> list[str]:
        """Options of place and route besides seed, frequency and report, paths as it sees them."""

    @abstractmethod
    def _usage(self, report: TimingReport, log: str) -> Usage:
        """Resources in use after place and route, from its report and its log."""

    @abstractmethod
    def _outputs(self, out_dir: Path) -> tuple[Path, Path | None]:
        """What the packer reads, and the routed netlist where there is one."""

    def _implementation(self, aim: Aim, report: TimingReport, seed: int, out_dir: Path) -> Implementation:
        config, netlist = self._outputs(out_dir)
        log = out_dir / "nextpnr.log"
        for path in (config, netlist or config):
            require_output(self.place_and_route_tool, path, log)
        usage = self._usage(report, log.read_text(errors="replace"))
        return Implementation(
            config=config,
            resources=usage,
            used_percent=usage.percent_of(self.fpga.resources),
            fmax_mhz=report.slowest.achieved_mhz,
            # As it is: nextpnr reports a period in whole picoseconds, and 48 MHz became 48.001.
            clock_mhz=aim.mhz,
            critical_path=[str(step) for step in report.critical_path],
            netlist=netlist,
            seed=seed,
            tool=f"{self.place_and_route_tool.name} {self.place_and_route_tool.version()}",
        )


def flash_pins(board: OpenBoard) -> Iterator[tuple[str, Pin]]:
    """Ports that the chip top has besides where weights are loaded from the board's flash, with their pins."""
    if (memory := board.flash.memory) is not None:
        yield "flash_select", memory.select
        yield "flash_clock", memory.clock
        yield "flash_out", memory.to_flash
        yield "flash_in", memory.from_flash


def chip_pins(board: OpenBoard) -> Iterator[tuple[str, Pin]]:
    """Ports of the chip top with their pins."""
    yield "clk", board.clock.pin
    yield "uart_rx", board.host_link.rx
    yield "uart_tx", board.host_link.tx
    yield "led", board.led
