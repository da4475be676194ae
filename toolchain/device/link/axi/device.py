"""What the driver needs of the machine it runs on: registers, memory for DMA, and a way to load a bitstream."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

_SPIN_SECONDS = 0.002
_SLEEP_SECONDS = 0.0005


class Registers(Protocol):
    """A range of 32-bit registers; offsets in bytes, multiples of 4."""

    def read(self, offset: int) -> int:
        """Value of a register."""

    def write(self, offset: int, value: int) -> None:
        """Set a register."""


class Buffer(Protocol):
    """Memory that processor and logic both see.

    Attributes:
        address: its address as the logic sees it.
        size: bytes.
    """

    address: int
    size: int

    def write(self, data: bytes) -> None:
        """Put bytes at its start, so that the logic sees them."""

    def read(self, size: int) -> bytes:
        """Bytes from its start, as the logic wrote them."""


class Device(Protocol):
    """A board as its operating system shows it.

    Attributes:
        name: how it is reached, for people.
    """

    name: str

    def load(self, bitstream: Path) -> None:
        """Configure the logic.

        Raises:
            ToolError: it was refused.
        """

    def registers(self, base: int, span: int) -> Registers:
        """The registers at a physical address.

        Raises:
            ToolError: they cannot be reached.
        """

    def buffer(self, size: int) -> Buffer:
        """Memory for DMA, aligned to 64 bytes at least.

        Raises:
            ToolError: there is none, or too little.
        """

    def close(self) -> None:
        """Give back what was taken."""


def wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Whether something comes true within that time; asks often at first, then sleeps in between."""
    started = time.monotonic()
    while not done():
        waited = time.monotonic() - started
        if waited > seconds:
            return done()
        if waited > _SPIN_SECONDS:
            time.sleep(_SLEEP_SECONDS)
    return True
