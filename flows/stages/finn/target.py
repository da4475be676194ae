"""What FINN aims at on a board."""

from __future__ import annotations

from flows.stages.context import Context
from flows.stages.rtl.folding import target_fps
from toolchain.finn.finish import FinishSpec
from toolchain.finn.mapping import MapTarget


def finish_spec(context: Context) -> FinishSpec:
    """What is to be made of the mapped model."""
    board, request = context.amd_board, context.request
    name, finn_board = f"{board.name}-{request.model}", board.processing_system.finn
    return FinishSpec(name, finn_board, board.fpga.part, clock_ns(context))


def clock_ns(context: Context) -> float:
    """Period of the board's clock in nanoseconds."""
    return 1000 / context.amd_board.clock.mhz


def map_target(context: Context) -> MapTarget:
    """The board as FINN's front end wants to know it."""
    board = context.amd_board
    return MapTarget(
        part=board.fpga.part,
        resources=board.fpga.resources.model_dump(),
        clock_mhz=board.clock.mhz,
        fps=target_fps(context),
        share=board.target.share,
    )
