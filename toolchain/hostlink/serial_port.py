"""Serial ports by pyserial: which one is the board's, opening it, and what a port that goes away means."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import serial
from serial.tools import list_ports

from toolchain.errors import ConfigError, ToolError
from toolchain.hostlink.serial_link import Patience, SerialBoard, must_be

# A zero byte at an eighth of the rate holds the line low for 72 bit times.
_BREAK_SLOWDOWN = 8
# Long enough for a busy machine to see the rate change where the port is a pseudo-terminal.
_BREAK_SECONDS = 0.1


class SerialPort:
    """A port of the operating system, alone on it.

    Args:
        name: of its device, such as /dev/ttyUSB0.
        baud: bits per second.

    Raises:
        ToolError: it cannot be opened.
    """

    def __init__(self, name: str, baud: int) -> None:
        self.name, self.baud = name, baud
        try:
            self._serial = serial.Serial(name, baud, timeout=0, exclusive=True)
        except (serial.SerialException, ValueError) as error:
            raise ToolError(
                f"{name}: cannot be opened ({error}); is the board connected, may you use its port (group dialout), "
                f"and does no other program?"
            ) from error
        with suppress(ValueError, NotImplementedError, OSError):
            # FTDI adapters then hold bytes back for 1 ms and not for 16; other ports have no such mode.
            self._serial.set_low_latency_mode(True)

    def write(self, data: bytes) -> None:
        """Send bytes without gaps."""
        try:
            self._serial.write(data)
        except (serial.SerialException, OSError) as error:
            raise self._gone(error) from error

    def read(self, seconds: float) -> bytes:
        """What has come; waits that long for a first byte."""
        try:
            self._serial.timeout = seconds
            data: bytes = self._serial.read(1)
            return data + self._serial.read(self._serial.in_waiting) if data else data
        except (serial.SerialException, OSError) as error:
            raise self._gone(error) from error

    def send_break(self) -> None:
        """Hold the line low by a slow zero byte: adapters that cannot send a break can do that, and so can a
        pseudo-terminal, whose rate the virtual board sees.
        """
        try:
            self._serial.flush()
            self._serial.baudrate = max(self.baud // _BREAK_SLOWDOWN, 300)
            self._serial.write(b"\0")
            self._serial.flush()
            time.sleep(_BREAK_SECONDS)
            self._serial.baudrate = self.baud
        except (serial.SerialException, ValueError, OSError) as error:
            raise self._gone(error) from error

    def close(self) -> None:
        """Give the port back."""
        self._serial.close()

    def _gone(self, error: Exception) -> ToolError:
        return ToolError(f"{self.name}: the port failed ({error}); was the board unplugged?")


def open_serial(
    name: str, baud: int, packed: Mapping[str, str] | None = None, patience: Patience | None = None
) -> SerialBoard:
    """The board at a port.

    Args:
        packed: the manifest's `identity`; another model or build is refused.

    Raises:
        ToolError: the port cannot be opened, or nothing answers there.
        VerificationError: another model or build answers.
    """
    port = SerialPort(name, baud)
    try:
        board = SerialBoard(port, patience)
        if packed is not None:
            must_be(board.identify(), packed, name)
    except BaseException:
        port.close()
        raise
    return board


def find_port(ports: Iterable[Any] | None = None) -> str:
    """The device of the one USB serial adapter; where it has several ports, the last, which our boards' UARTs are on.

    Args:
        ports: what pyserial lists; None asks it.

    Raises:
        ConfigError: there is none, or there are several adapters.
    """
    listed = [p for p in (list_ports.comports() if ports is None else ports) if p.vid is not None]
    adapters: dict[str, list[str]] = {}
    for port in listed:
        where = (port.location or port.device).split(":")[0]
        adapters.setdefault(where, []).append(port.device)
    if not adapters:
        raise ConfigError(
            "no USB serial port is there; connect the board, or name its port with PORT=/dev/tty... (--port)"
        )
    if len(adapters) > 1:
        names = ", ".join(sorted(port.device for port in listed))
        raise ConfigError(f"several USB serial adapters are connected ({names}); choose with PORT= (--port)")
    [devices] = adapters.values()
    return max(devices, key=lambda name: (len(name), name))
