"""The line between a pseudo-terminal, which a driver opens, and the UART of an emulated machine.

An emulator's UART knows no break: a byte that comes at less than a fifth of the baud, which holds the line low as a
break does, goes to the program as an escape; `c/machines/bridge.h` reads it.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import threading
import tty
from typing import IO

ESCAPE, ITSELF, BREAK = b"\xdb", b"\xdb\x00", b"\xdb\x01"
_PORTION = 1 << 12
_BREAK_SHARE = 5
# struct termios2 of Linux (asm-generic/termbits.h): the last word is the rate of what is sent.
_TERMIOS2, _TCGETS2 = struct.Struct("@4I20s2I"), 0x802C542A


class Bridge:
    """Carries bytes both ways until it is closed.

    Args:
        to_machine, from_machine: the machine's UART.
        baud: of the host link.

    Attributes:
        port: the pseudo-terminal.
        breaks: how many came.
    """

    def __init__(self, to_machine: IO[bytes], from_machine: IO[bytes], baud: int) -> None:
        self._machine = to_machine.fileno(), from_machine.fileno()
        self._baud, self.breaks = baud, 0
        # The driver's end is held open, so that a driver that closes it does not end the line.
        self._line, self._held = os.openpty()
        tty.setraw(self._held)
        self.port = os.ttyname(self._held)
        self._wake = os.pipe()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the line."""
        os.write(self._wake[1], b"x")
        self._thread.join()
        for file in (self._line, self._held, *self._wake):
            os.close(file)

    def _carry(self) -> None:
        to_machine, from_machine = self._machine
        while True:
            ready, _, _ = select.select([self._line, from_machine, self._wake[0]], [], [])
            if self._wake[0] in ready:
                return
            if from_machine in ready:
                if not (data := os.read(from_machine, _PORTION)):
                    return
                os.write(self._line, data)
            if self._line in ready and not _written(to_machine, self._told(os.read(self._line, _PORTION))):
                return

    def _told(self, data: bytes) -> bytes:
        """What came from the host, as the machine is told it."""
        if _rate(self._held) * _BREAK_SHARE < self._baud:
            self.breaks += 1
            return BREAK
        return data.replace(ESCAPE, ITSELF)


def _written(file: int, data: bytes) -> bool:
    """Whether all was written; a machine that ended takes nothing."""
    try:
        while data:
            data = data[os.write(file, data) :]
    except BrokenPipeError:
        return False
    return True


def _rate(file: int) -> int:
    """Bits per second that a terminal is set to."""
    flags = fcntl.ioctl(file, _TCGETS2, bytes(_TERMIOS2.size))
    return int(_TERMIOS2.unpack(flags)[-1])
