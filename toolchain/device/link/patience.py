"""How long the driver of a serial board waits, and for what.

Standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

from dataclasses import dataclass

# Clocks a second of a large simulated chip, and of a byte on the line; a pseudo-terminal is full of such bytes.
_SIMULATED_CLOCKS, _BYTE_CLOCKS, _SIMULATED_WRITE = 20_000, 250, 120.0

# Cycles of an instruction on average, at most: memories wait.
_CYCLES = 8


@dataclass(frozen=True)
class Patience:
    """How long the driver waits, in seconds; the defaults suit USB adapters, which hold bytes back for 16 ms.

    Attributes:
        reply: for the next byte of a reply.
        byte: longer than that, for each byte of a request.
        write: until one more byte is taken; after that nothing reads at the other end.
        quiet: silence after which nothing is on its way any more, and the board's time-out has passed.
        tries: how often in a row nothing is answered before the driver gives up.
        stall: until a board of the streamed form takes or gives another part.
    """

    reply: float = 0.25
    quiet: float = 0.05
    tries: int = 8
    byte: float = 0.0
    write: float = 10.0
    stall: float = 60.0


def simulated(latency_cycles: int | None = None) -> Patience:
    """For a simulated chip, which is slower than a real one by far: as many cycles as one inference takes."""
    return Patience(
        reply=2.0 + (latency_cycles or 0) / _SIMULATED_CLOCKS,
        quiet=0.4,
        byte=_BYTE_CLOCKS / _SIMULATED_CLOCKS,
        write=_SIMULATED_WRITE,
        stall=_SIMULATED_WRITE + (latency_cycles or 0) / _SIMULATED_CLOCKS,
    )


def for_processor(instructions: float | None, clock_hz: int | None) -> Patience | None:
    """For a processor, whose inference may take longer than a chip's; None where there is none."""
    if not instructions or not clock_hz:
        return None
    return Patience(reply=Patience.reply + _CYCLES * instructions / clock_hz)
