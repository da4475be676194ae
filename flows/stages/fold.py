"""fold: parallelism per layer for the board's budget and rate."""

from __future__ import annotations

from flows.stages import files
from flows.stages.context import Context, Outcome
from hls.chip import LINK_LUT
from hls.fold import Capacity, choose_folding
from hls.folding import Folding
from toolchain.board import Board
from toolchain.record import write_json

# Block RAM that the chip needs beside the core, for the link's buffer and the stored vectors.
_LINK_KBIT = 24


def run(context: Context) -> Outcome:
    """Write `folding.json`."""
    folding = choose_folding(
        files.network(context),
        clock_hz=files.clock_hz(context),
        target_fps=_target(context),
        capacity=capacity_of(context.board),
        strategy=context.request.strategy,
        fixed_lut=LINK_LUT,
    )
    write_json(context.out / "folding.json", folding.to_json())
    facts = {"estimate": folding.estimate, "folding": folding.to_json()}
    return Outcome(_summary(folding), facts=facts)


def _target(context: Context) -> float | None:
    fps = context.request.fps
    if fps == "max":
        return None
    return context.board.target.fps if fps is None else float(fps)


def capacity_of(board: Board) -> Capacity:
    """What a core may use of a board."""
    have, share = board.fpga.resources, board.target.share
    block = board.fpga.bram_kbit
    bram_kbit = max(0, int(have.bram * share) * block - _LINK_KBIT)
    return Capacity(int(have.lut * share), int(have.ff * share), bram_kbit, block)


def _summary(folding: Folding) -> str:
    layers = " ".join(f"{layer.pe}x{layer.simd}" for layer in folding.layers)
    cycles = folding.initiation_interval
    every = "every clock" if cycles == 1 else f"every {cycles} clocks"
    shape = "all in parallel" if folding.strategy == "unrolled" else f"PE x SIMD {layers}"
    return f"{shape}; one inference {every}, {folding.fps:,.0f}/s (estimated)"
