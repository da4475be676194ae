"""The clock of a build's design: what it may be, what it has come to, and the PLL that makes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from flows.stages.context import Context
from hls.chip import PllCell
from toolchain.board import OpenBoard
from toolchain.fpga import family_of
from toolchain.fpga.clocks import choices_hz, crystal_hz, hertz, setting
from toolchain.fpga.pll import PLL_CELLS
from toolchain.results.facts import ClockFacts

T = TypeVar("T")


def clock_hz(context: Context) -> int:
    """The design's clock in Hz: what the stage `clock` came to, or on AMD's boards what the processing system gives."""
    if isinstance(context.board, OpenBoard):
        return hertz(context.facts("clock", ClockFacts).clock_mhz)
    return hertz(context.amd_board.clock.mhz)


def clocks_hz(context: Context) -> tuple[int, ...]:
    """What the clock may be in Hz, ascending: the one asked for, else the crystal's and the board's choices."""
    if context.request.clock is not None:
        return (hertz(context.request.clock),)
    return choices_hz(context.board) if isinstance(context.board, OpenBoard) else (hertz(context.amd_board.clock.mhz),)


def fold_at_slowest(
    clocks: Sequence[int],
    fps: float | None,
    fold: Callable[[int, bool], T],
    cycles: Callable[[T], int],
    *,
    strict: bool,
) -> tuple[T, int]:
    """What fits at the slowest of ascending clocks that suffices for a rate, and that clock in Hz.

    Args:
        fps: inferences per second; None: as many as fit at the first clock.
        fold: gives what fits at a clock; where its second argument says so, a rate out of reach is its error, else it
            gives the fastest.
        cycles: between inferences of what fits.
        strict: whether a rate that no clock reaches is the fastest clock's error; else what fits at the first counts.
    """
    own = clocks[0]
    if len(clocks) == 1:
        return fold(own, strict), own
    made = fold(own, False)
    hz = own if fps is None else next((hz for hz in clocks if int(hz / fps) >= cycles(made)), None)
    if hz is None:
        return (fold(clocks[-1], True), clocks[-1]) if strict else (made, own)
    return (made if hz == own else fold(hz, False)), hz


def pll_cell(context: Context, hz: int) -> PllCell | None:
    """The PLL that makes a clock; None where it is the crystal's own."""
    board = context.open_board
    if (found := setting(board, hz)) is None:
        return None
    return PllCell(family_of(board.fpga).pll_instance(board, found), PLL_CELLS)


def own_hz(context: Context) -> int:
    """The crystal's clock in Hz."""
    return crystal_hz(context.open_board)
