"""Serial ports by termios: which one is the board's, opening it, and what a port that goes away means.

Standard library only, Python 3.8 or newer: a package's driver brings it along.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import struct
import termios
import time
from contextlib import suppress
from pathlib import Path

from toolchain.device.link.board import must_be
from toolchain.device.link.patience import Patience
from toolchain.device.link.serial_link import SerialBoard
from toolchain.device.packed import PackedIdentity
from toolchain.errors import ConfigError, ToolError

# A zero byte at an eighth of the rate holds the line low for 72 bit times.
_BREAK_SLOWDOWN = 8
# Long enough for a busy machine to see the rate change where the port is a pseudo-terminal.
_BREAK_SECONDS = 0.1
_PORTION = 1 << 16

# Linux's termios2 (asm-generic/termbits.h) takes any rate: four words of flags, line, 19 characters, two rates.
_TERMIOS2 = struct.Struct("@4I20s2I")
_TCGETS2, _TCSETS2 = 0x802C542A, 0x402C542B
_RATE_BITS, _ANY_RATE = 0o010017, 0o010000
# struct serial_struct of linux/serial.h: `flags` is its fifth word.
_TIOCGSERIAL, _TIOCSSERIAL, _LOW_LATENCY, _FLAGS = 0x541E, 0x541F, 0x2000, struct.Struct("@i")
_FLAGS_AT, _SERIAL_BYTES = 16, 128

_TTYS = Path("/sys/class/tty")


class SerialPort:
    """A port of the operating system, alone on it.

    Args:
        name: of its device, such as /dev/ttyUSB0.
        baud: bits per second.
        patience: how long it waits for the other end to take bytes.

    Raises:
        ToolError: it cannot be opened.
    """

    def __init__(self, name: str, baud: int, patience: Patience | None = None) -> None:
        self.name, self.baud = name, baud
        self._write_seconds = (patience or Patience()).write
        self._file = -1
        try:
            self._file = os.open(name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _make_raw(self._file)
            _set_rate(self._file, baud)
            termios.tcflush(self._file, termios.TCIFLUSH)
        except (OSError, termios.error, ValueError, struct.error) as error:
            self.close()
            raise ToolError(f"{name}: {_why_closed(error)}") from error
        with suppress(OSError):
            # FTDI adapters then hold bytes back for 1 ms and not for 16; other ports have no such mode.
            _set_low_latency(self._file)

    def write(self, data: bytes) -> None:
        """Send bytes without gaps."""
        rest = memoryview(data)
        try:
            while rest:
                if not select.select([], [self._file], [], self._write_seconds)[1]:
                    raise ToolError(f"{self.name}: the port takes no bytes; does anything listen at its other end?")
                rest = rest[os.write(self._file, rest) :]
        except (OSError, ValueError) as error:
            raise self._gone(error) from error

    def read(self, seconds: float) -> bytes:
        """What has come; waits that long for a first byte."""
        try:
            if not select.select([self._file], [], [], seconds)[0]:
                return b""
            data = os.read(self._file, _PORTION)
        except (OSError, ValueError) as error:
            raise self._gone(error) from error
        if not data:
            raise self._gone("end of file")
        return data

    def send_break(self) -> None:
        """Hold the line low by a slow zero byte: adapters that cannot send a break can do that, and so can a
        pseudo-terminal, whose rate the virtual board sees.
        """
        try:
            termios.tcdrain(self._file)
            _set_rate(self._file, max(self.baud // _BREAK_SLOWDOWN, 300))
            self.write(b"\0")
            termios.tcdrain(self._file)
            time.sleep(_BREAK_SECONDS)
            _set_rate(self._file, self.baud)
        except (OSError, termios.error) as error:
            raise self._gone(error) from error

    def close(self) -> None:
        """Give the port back."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _gone(self, error: object) -> ToolError:
        return ToolError(f"{self.name}: the port failed ({_words(error)}); was the board unplugged?")


def _why_closed(error: Exception) -> str:
    """Why a port cannot be opened, and the mend."""
    if error.args[:1] in ((errno.ENOTTY,), (errno.ENODEV,), (errno.EISDIR,)):
        return "is no serial port; name the board's, such as /dev/ttyUSB0"
    return (
        f"cannot be opened ({_words(error)}); is the board connected, may you use its port (group dialout), and does "
        "no other program?"
    )


def _words(error: object) -> str:
    """What the system said: an error of termios has it in a tuple, behind a number."""
    if isinstance(error, (OSError, termios.error)) and len(error.args) > 1:
        return str(error.args[1])
    return str(error)


def _make_raw(file: int) -> None:
    """8 data bits, no parity, 1 stop bit, no flow control, and no byte that means anything."""
    mode = termios.tcgetattr(file)
    mode[0] = mode[1] = mode[3] = 0
    cleared = termios.CSIZE | termios.PARENB | termios.CSTOPB | termios.CRTSCTS
    mode[2] = mode[2] & ~cleared | termios.CS8 | termios.CREAD | termios.CLOCAL
    mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
    termios.tcsetattr(file, termios.TCSANOW, mode)


def _set_rate(file: int, baud: int) -> None:
    """Any rate, also those that termios has no name for."""
    flags = list(_TERMIOS2.unpack(fcntl.ioctl(file, _TCGETS2, bytes(_TERMIOS2.size))))
    # The rate to receive at follows the one to send at where its own bits are zero.
    flags[2] = flags[2] & ~(_RATE_BITS | _RATE_BITS << 16) | _ANY_RATE
    flags[5] = flags[6] = baud
    fcntl.ioctl(file, _TCSETS2, _TERMIOS2.pack(*flags))


def _set_low_latency(file: int) -> None:
    told = bytearray(fcntl.ioctl(file, _TIOCGSERIAL, bytes(_SERIAL_BYTES)))
    (flags,) = _FLAGS.unpack_from(told, _FLAGS_AT)
    _FLAGS.pack_into(told, _FLAGS_AT, flags | _LOW_LATENCY)
    fcntl.ioctl(file, _TIOCSSERIAL, bytes(told))


def open_serial(
    name: str, baud: int, packed: PackedIdentity | None = None, patience: Patience | None = None
) -> SerialBoard:
    """The board at a port.

    Args:
        packed: the manifest's `identity`; another model or build is refused.

    Raises:
        ToolError: the port cannot be opened, or nothing answers there.
        VerificationError: another model or build answers.
    """
    port = SerialPort(name, baud, patience)
    try:
        board = SerialBoard(port, patience)
        if packed is not None:
            must_be(board.identify(), packed, name)
    except BaseException:
        port.close()
        raise
    return board


def find_port(ttys: Path = _TTYS) -> str:
    """The device of the one USB serial adapter; where it has several ports, the last, which our boards' UARTs are on.

    Args:
        ttys: where Linux lists terminals.

    Raises:
        ConfigError: there is none, or there are several adapters.
    """
    adapters: dict[str, list[str]] = {}
    for port in sorted(ttys.glob("*/device")):
        adapter = _adapter(port.resolve())
        if adapter:
            adapters.setdefault(adapter, []).append(f"/dev/{port.parent.name}")
    if not adapters:
        raise ConfigError(
            "no USB serial port is there; connect the board, or name its port with PORT=/dev/tty... (--port)"
        )
    if len(adapters) > 1:
        names = ", ".join(sorted(name for devices in adapters.values() for name in devices))
        raise ConfigError(f"several USB serial adapters are connected ({names}); choose with PORT= (--port)")
    [devices] = adapters.values()
    return max(devices, key=lambda name: (len(name), name))


def _adapter(device: Path) -> str:
    """The USB device around a terminal; empty where there is none."""
    return next((str(folder) for folder in (device, *device.parents) if (folder / "idVendor").is_file()), "")
