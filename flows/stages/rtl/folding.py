"""Folding of our own RTL: parallelism per layer for the board's budget and rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from flows.stages import files
from flows.stages.clocking import clocks_hz, fold_at_slowest
from flows.stages.context import Context
from hls.chip import LinkCost
from hls.fold import Capacity, choose_folding
from toolchain.board import AmdBoard, FpgaBoard
from toolchain.errors import ConfigError
from toolchain.fpga import family_of
from toolchain.fpga.backend import BlockRam
from toolchain.fpga.xilinx import BLOCK_RAM, FACTOR_BITS
from toolchain.graph.dense import DenseNetwork
from toolchain.results.checked import LayerUse, Reckoned
from toolchain.results.explained import RateSource
from toolchain.results.facts.hardware import Use
from toolchain.results.folding import Folding


def fold_as(context: Context, strategy: str, link: LinkCost) -> Folding:
    """The folding of a strategy.

    Raises:
        FitError: the network does not fit the board, or no folding reaches the rate.
    """
    return fold_network(context, files.network(context), strategy, link)


def fold_network(context: Context, network: DenseNetwork, strategy: str, link: LinkCost) -> Folding:
    """The folding of any network, as `fold_as`; the fastest that fits where a rate that nobody named is out of reach.

    It counts on the slowest clock that suffices for the rate.
    """
    wanted, capacity = target_fps(context), capacity_of(context.fpga_board, link.kbit)

    def fold(hz: int, strict: bool) -> Folding:
        return choose_folding(
            network,
            clock_hz=hz,
            target_fps=wanted,
            capacity=capacity,
            strategy=strategy,
            fixed_lut=link.lut,
            beat_bit=link.beat_bit,
            strict=strict,
            family=context.fpga_board.fpga.family,
        )

    # A rate that nobody asked for need not be reached; the board's size must.
    strict = context.request.fps is not None
    return fold_at_slowest(clocks_hz(context), wanted, fold, lambda made: made.initiation_interval, strict=strict)[0]


def target_fps(context: Context) -> float | None:
    """Inferences per second to aim at; None: as many as the board holds.

    What was asked for, else the board's own rate, or the recipe's where that is lower.
    """
    fps = context.request.fps
    if fps is not None:
        return None if fps == "max" else float(fps)
    own, enough = context.fpga_board.target.fps, _enough(context)
    return own if enough is None else min(own, enough)


def rate_named_by(context: Context) -> RateSource:
    """Who says the rate to aim at: the person who builds, else the board, or the recipe where its rate is lower."""
    if context.request.fps is not None:
        return "person"
    enough = _enough(context)
    return "board" if enough is None or enough >= context.fpga_board.target.fps else "recipe"


def _enough(context: Context) -> float | None:
    """The rate that the recipe says is enough; a file has no recipe."""
    return None if context.request.file else context.recipe.fps


def capacity_of(board: FpgaBoard, link_kbit: int) -> Capacity:
    """What a core may use of a board whose link takes `link_kbit` of block RAM.

    Folded cores are counted in 4-input look-up tables; on a device with larger ones that is on the safe side.

    Raises:
        ConfigError: `fpga.bram_kbit` of the board is not that of its family.
    """
    have, share = board.fpga.resources, board.target.share
    block = block_ram_of(board)
    bram_kbit = max(0, board.target.blocks(have.bram) * block.kbit - link_kbit)
    return Capacity(int(have.lut * share), int(have.ff * share), bram_kbit, block)


def block_ram_of(board: FpgaBoard) -> BlockRam:
    """The block RAM of a board's device.

    Raises:
        ConfigError: `fpga.bram_kbit` of the board is another size.
    """
    block = BLOCK_RAM if isinstance(board, AmdBoard) else family_of(board.fpga).block_ram
    said = board.fpga.bram_kbit
    if said != block.kbit:
        place = f"boards/{board.name}/board.yaml: fpga.bram_kbit"
        raise ConfigError(f"{place}: {said}: should be {block.kbit}, a block RAM of {board.fpga.family}")
    return block


def factor_bits_of(board: FpgaBoard) -> int:
    """Unsigned bits of the wider side of a multiplier of the board's device."""
    return FACTOR_BITS[board.fpga.family] if isinstance(board, AmdBoard) else family_of(board.fpga).factor_bits


def reckoned(
    context: Context,
    core: Literal["folded", "units"],
    chip: Mapping[str, int],
    interval: int,
    clock_hz: int,
    layers: tuple[LayerUse, ...],
) -> Reckoned:
    """What a chip is estimated to take and to do at the clock that folding counts on, beside what its board has."""
    board, wanted = context.fpga_board, target_fps(context)
    have = board.fpga.resources
    return Reckoned(
        core=core,
        chip=Use(**chip),
        board=Use(lut=have.lut, ff=have.ff, bram=have.bram, dsp=have.dsp),
        bram_kbit=board.fpga.bram_kbit,
        interval=interval,
        clock_mhz=clock_hz / 1e6,
        fps=clock_hz / interval,
        reaches=wanted is not None and wanted * interval <= clock_hz,
        layers=layers,
    )


def told(folding: Folding, fps: float | None = None) -> str:
    """A folding in a few words.

    Args:
        fps: what was aimed at and is out of reach, where nobody asked for it.
    """
    layers = " ".join(f"{layer.pe}x{layer.simd}" for layer in folding.layers)
    cycles = folding.initiation_interval
    every = "every clock" if cycles == 1 else f"every {cycles} clocks"
    if folding.strategy == "unrolled" and cycles > 1:
        every += f", in {cycles} beats, for which the host link needs fewer LUTs than for one"
    shape = _in_parallel(folding) if folding.strategy == "unrolled" else f"PE x SIMD {layers}"
    missed = f"; {fps:,.0f}/s, which it aims at, are out of reach, so the fastest that fits" if fps else ""
    rate = f"{folding.fps:,.0f}/s at {folding.clock_hz / 1e6:g} MHz"
    return f"{shape}; one inference {every}, {rate} (estimated){missed}"


def _in_parallel(folding: Folding) -> str:
    tables, blocks = sum(layer.tables for layer in folding.layers), folding.estimate.bram
    return f"all in parallel, {tables} neurons in {blocks} block RAMs" if tables else "all in parallel"
