"""The clocks of an open board: its crystal's own, and what the FPGA's PLL makes of it."""

from __future__ import annotations

from toolchain.board import OpenBoard
from toolchain.device.link.protocol import LEAST_CYCLES_PER_BIT
from toolchain.errors import ConfigError
from toolchain.fpga import family_of
from toolchain.fpga.pll import MHZ, Dividers, Pll, dividers, nearest


def hertz(mhz: float) -> int:
    """Whole Hz."""
    return round(mhz * MHZ)


def shown(hz: int) -> str:
    """A clock in MHz, to the Hz."""
    return f"{hz / MHZ:.12g} MHz"


def crystal_hz(board: OpenBoard) -> int:
    """The oscillator's frequency in Hz."""
    return hertz(board.clock.mhz)


def choices_hz(board: OpenBoard) -> tuple[int, ...]:
    """The clocks that a build may choose from in Hz, ascending; the crystal's is the first.

    Raises:
        ConfigError: `clock.choices` of the board names one that its PLL cannot make, or one below the crystal's.
    """
    own = crystal_hz(board)
    chosen = sorted({own, *map(hertz, board.clock.choices)})
    where = f"boards/{board.name}/board.yaml: clock.choices"
    if chosen[0] < own:
        raise ConfigError(f"{where}: {shown(chosen[0])}: should be above the crystal's {shown(own)}")
    for hz in chosen:
        must_be_had(board, hz, where)
    return tuple(chosen)


def setting(board: OpenBoard, hz: int) -> Dividers | None:
    """How the PLL makes a clock that can be had; None where it is the crystal's own."""
    pll = pll_of(board)
    return None if pll is None or hz == crystal_hz(board) else dividers(pll, crystal_hz(board), hz)


def must_be_had(board: OpenBoard, hz: int, where: str = "CLOCK") -> None:
    """Refuse a clock that the board cannot have.

    Raises:
        ConfigError: it is neither the crystal's nor can the PLL make it, with the nearest that can be had; or the host
            link has too few clocks a bit.
    """
    own, pll, least = crystal_hz(board), pll_of(board), LEAST_CYCLES_PER_BIT * board.host_link.baud
    if hz < least:
        baud = board.host_link.baud
        raise ConfigError(f"{where}: {shown(hz)}: the host link of {baud} baud needs {shown(least)} or more")
    if hz == own:
        return
    if pll is None:
        raise ConfigError(
            f"{where}: {shown(hz)}: board {board.name} has no PLL that our tools set; leave it at its crystal's "
            f"{shown(own)}"
        )
    if dividers(pll, own, hz) is None:
        near = min(own, nearest(pll, own, hz) or own, key=lambda other: abs(other - hz))
        raise ConfigError(
            f"{where}: {shown(hz)}: the {pll.cell} of board {board.name} cannot make it of {shown(own)}; the nearest "
            f"that can be had is {near / MHZ:.12g}"
        )


def pll_of(board: OpenBoard) -> Pll | None:
    """The PLL of a board's device."""
    return family_of(board.fpga).pll(board.fpga)
