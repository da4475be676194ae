"""What a power sensor is to the agent, and how a number is read from a file that stays open."""

from __future__ import annotations

import errno
import math
import os
import re
import stat
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Run(Protocol):
    """Runs commands."""

    def __call__(self, words: Sequence[str], /) -> str | None:
        """The command's output, or None where it is missing or fails."""


MEASURED, ESTIMATED = "measured", "estimated"
POWER, ENERGY = "power", "energy"
INPUT, RAIL, PACKAGE = "input", "rail", "package"

MOST_WATT, MOST_VOLT, MOST_AMPERE = 1000.0, 100.0, 100.0
"""What a sensor of these boards can show; more than that is nonsense."""
MOST_JOULE = 1e12
"""What an energy counter can have counted: 1 kW for 30 years."""
MOST_LAG_S = 20.0
"""The longest time that a sensor can average over: an INA226 at its slowest takes 17 s."""

# Nothing that a sensor's file says is longer.
_MOST_BYTES = 4096
_NUMBER = re.compile(rb"\s*[-+]?\d+(\.\d*)?([eE][-+]?\d+)?\s*", re.ASCII)


class SensorError(Exception):
    """A sensor that cannot be read."""


class NonsenseError(SensorError):
    """A sensor that answers with what cannot be a power or an energy."""


@dataclass(frozen=True)
class Lost:
    """A sensor that is there and cannot be read.

    Attributes:
        name: as a source's.
        scope: as a source's; None where it is not known, as without a label: it may be the board's input.
        why: what stands in the way.
        needed: whether the board's figure lacks it.
    """

    name: str
    scope: str | None
    why: str
    needed: bool = False


@dataclass(frozen=True)
class Traits:
    """What a source declares of itself.

    Attributes:
        name: unique among the sources of one measurement.
        rail: what the figure covers, in words.
        scope: `input` (all the board draws), `rail` (one of several), or `package` (a processor alone).
        kind: `measured`, or `estimated` where a model is behind the figure.
        quantity: `power` (reads W) or `energy` (a counter, reads J).
        time_constant_s: seconds over which one reading averages; the refresh is probed besides.
        resolution: smallest step, W or J.
        wrap_j: what an energy counter starts again at, or 0.
        in_total: whether the board's figure is the sum of this and the other sources that say so.
        path: where it was found.
    """

    name: str
    rail: str
    scope: str
    kind: str
    quantity: str
    time_constant_s: float
    resolution: float
    path: str
    wrap_j: float = 0.0
    in_total: bool = False


class Source:
    """A sensor: its traits, and a reading in W or J.

    Args:
        traits: what it declares.
        read: takes one reading; raises `SensorError`.
        close: lets go of what `read` holds.
    """

    def __init__(self, traits: Traits, read: Callable[[], float], close: Callable[[], None] = lambda: None) -> None:
        self.traits, self._read, self.close = traits, read, close

    def read(self) -> float:
        """One reading.

        Raises:
            SensorError: it has vanished.
            NonsenseError: it is no number, more than can be, or negative by more than noise and offset may make it.
        """
        traits = self.traits
        unit, most = ("J", traits.wrap_j or MOST_JOULE) if traits.quantity == ENERGY else ("W", MOST_WATT)
        return within(self._read(), -4 * traits.resolution, most, unit)


def within(value: float, least: float, most: float, unit: str) -> float:
    """The value itself.

    Raises:
        NonsenseError: it is no number, or outside these bounds.
    """
    if not math.isfinite(value) or not least <= value <= most:
        raise NonsenseError(f"{value:g} {unit}, should be {max(least, 0.0):g} to {most:g}")
    return value


def product(volt: float, ampere: float) -> float:
    """W of a voltage and a current.

    Raises:
        NonsenseError: one of them cannot be. A supply is never negative; what flows back is, and the product shows it.
    """
    return within(volt, 0.0, MOST_VOLT, "V") * within(ampere, -MOST_AMPERE, MOST_AMPERE, "A")


class NumberFile:
    """A number in a file of sysfs, which stays open: a read is one system call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def read(self) -> float:
        """The number now.

        Raises:
            SensorError: the file cannot be read, or is a pipe or a device.
            NonsenseError: its text is no number.
        """
        try:
            if self._handle is None:
                self._handle = open_plain(self._path)
            raw = os.pread(self._handle, 64, 0)
        except OSError as error:
            self.close()
            raise SensorError(f"{self._path}: {error.strerror}") from error
        if not _NUMBER.fullmatch(raw) or len(raw) == 64:
            raise NonsenseError(repr(raw.decode("ascii", "replace").strip()[:32]))
        return float(raw)

    def close(self) -> None:
        """Let go of the file; the next read opens it again."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def open_plain(path: Path) -> int:
    """A descriptor of a file of sysfs, or of one that stands in for it.

    To open a pipe would wait for its writer, and to open a device may start it, such as a watchdog.

    Raises:
        OSError: it cannot be opened, or is no plain file.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(errno.EINVAL, "is no plain file")
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)


def file_text(path: Path) -> str:
    """Stripped text of a small file; empty where the file is.

    Raises:
        SensorError: it cannot be read.
    """
    try:
        handle = open_plain(path)
        try:
            raw = os.read(handle, _MOST_BYTES)
        finally:
            os.close(handle)
    except (OSError, ValueError) as error:
        raise SensorError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    text = raw.decode("utf-8", "replace").strip("\0\n ")
    # On one line: it becomes part of a name.
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def label_text(path: Path) -> str | None:
    """Text of a file that need not be there: None without it, or where it is empty.

    Raises:
        SensorError: it is there and cannot be read.
    """
    return (file_text(path) or None) if os.path.lexists(path) else None


def read_text(path: Path) -> str | None:
    """Stripped text of a small file, or None where it cannot be read."""
    try:
        return file_text(path) or None
    except SensorError:
        return None


def read_number(path: Path, least: float = -1e15, most: float = 1e15) -> float | None:
    """Number in a small file, or None where there is none within these bounds."""
    try:
        number = float(read_text(path) or "nan")
    except ValueError:
        return None
    return number if least <= number <= most else None


def entries(folder: Path, pattern: str) -> list[Path]:
    """What matches below a folder, in order; nothing where it cannot be searched."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


def run_command(words: Sequence[str]) -> str | None:
    """Run a command for up to five seconds; its output, or None where it is missing or fails."""
    try:
        done = subprocess.run(
            list(words),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")
