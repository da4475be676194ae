"""What differs between our chips: the shell around the core, by the host link of the board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from flows.stages import files
from flows.stages.clocking import clock_hz, pll_cell
from flows.stages.context import Context
from flows.stages.rtl.axi_check import AxiCheck, StreamedAxiCheck
from flows.stages.rtl.chip_answers import Asked
from flows.stages.rtl.core_check import spread
from flows.stages.rtl.reference import Reference
from flows.stages.rtl.serial_check import serial_check
from hls import axi_chip, chip, loading
from hls.chip import LinkCost, vector_bytes
from hls.simulate_axi import AxiChipSimulator
from hls.simulate_chip import ChipSimulator
from toolchain.board import AmdBoard, AnyBoard, OpenBoard
from toolchain.results.core import CoreDescription


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        sources: file names of the chip's Verilog.
        models: of what only a simulator needs besides.
        streamed: whether the host link holds neither a vector nor an answer.
    """

    sources: Sequence[str]
    models: Sequence[str] = ()
    streamed: bool = False


class Shell(Protocol):
    """A shell around a core."""

    @property
    def cost(self) -> LinkCost:
        """What the chip needs beside the core."""

    @property
    def link(self) -> str:
        """How messages name the way to the chip."""

    def generate(
        self, context: Context, core: CoreDescription, rtl: Path, identity: tuple[bytes, bytes], hz: int
    ) -> Written:
        """Write the chip's Verilog beside the core's.

        Args:
            identity: model hash and build id, 8 bytes each.
            hz: the chip's clock.
        """

    def check(self, context: Context, made: files.Chip, reference: Reference) -> Asked:
        """Ask the simulated chip everything, and compare.

        Args:
            reference: answers for the chip.

        Raises:
            VerificationError: an answer is wrong or missing; names the first.
        """


class UartShell:
    """A host link of two wires, on open boards."""

    cost = chip.LINK_COST
    link = "UART pins"
    _vectors = 64

    def generate(
        self, context: Context, core: CoreDescription, rtl: Path, identity: tuple[bytes, bytes], hz: int
    ) -> Written:
        """See `Shell`."""
        (model_hash, build_id), pll = identity, pll_cell(context, hz)
        memory = files.memory_bytes(context.fpga_board)
        streamed = not self.cost.form_for(vector_bytes(core), core.output.layout.size, memory).holds
        flash = context.open_board.flash.memory
        offset = None if flash is None else flash.offset
        sources = chip.generate_chip(
            core,
            rtl,
            clock_hz=hz,
            baud=context.open_board.host_link.baud,
            model_hash=model_hash,
            build_id=build_id,
            bench=files.bench_inputs(context)[: 0 if streamed else None],
            pll=pll,
            streamed=streamed,
            flash_offset=offset,
        )
        board = loading.write_board(core.loaded, offset, hz, rtl) if core.loaded and offset is not None else []
        return Written(sources, [*chip.models_of(pll), *board], streamed)

    def check(self, context: Context, made: files.Chip, reference: Reference) -> Asked:
        """See `Shell`."""
        baud, clock = context.open_board.host_link.baud, clock_hz(context)
        simulator = ChipSimulator(
            made.simulated_paths,
            context.work / "chip",
            clock_hz=clock,
            baud=baud,
            top=made.simulated,
            start_clocks=made.start_clocks,
        )
        return serial_check(context, made, reference, self._vectors).run(simulator)


class AxiShell:
    """Registers and streams beside a processor, on AMD's boards."""

    cost = axi_chip.LINK_COST
    link = "AXI ports"
    _vectors = 256

    def generate(
        self, context: Context, core: CoreDescription, rtl: Path, identity: tuple[bytes, bytes], hz: int
    ) -> Written:
        """See `Shell`."""
        (model_hash, build_id), data_bits = identity, context.amd_board.host_link.data_bits
        sources = axi_chip.generate_axi_chip(
            core,
            rtl,
            clock_hz=hz,
            model_hash=model_hash,
            build_id=build_id,
            bench=files.bench_inputs(context),
            data_bits=data_bits,
        )
        return Written(sources, streamed=axi_chip.is_streamed(core, data_bits))

    def check(self, context: Context, made: files.Chip, reference: Reference) -> Asked:
        """See `Shell`."""
        kind = StreamedAxiCheck if made.streamed else AxiCheck
        x = spread(files.golden_inputs(context), kind.vectors(made.core, self._vectors))
        simulator = AxiChipSimulator(
            made.source_paths,
            context.work / "chip",
            vector_bytes=vector_bytes(made.core),
            data_bits=context.amd_board.host_link.data_bits,
        )
        stored = files.bench_inputs(context)[: 0 if made.streamed else None]
        return kind(context, made, reference, x, stored).run(simulator)


_SHELLS: dict[type[AnyBoard], Shell] = {OpenBoard: UartShell(), AmdBoard: AxiShell()}


def shell_of(board: AnyBoard) -> Shell:
    """The shell of a board with an FPGA."""
    return _SHELLS[type(board)]
