"""What a power sensor is to the agent, and how a number is read from a file that stays open."""

from __future__ import annotations

import math
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol


class Run(Protocol):
    """Runs commands."""

    def __call__(self, words: Sequence[str], /) -> str | None:
        """The command's output, or None where it is missing or fails."""



MEASURED, ESTIMATED = "measured", "estimated"
POWER, ENERGY = "power", "energy"
INPUT, RAIL, PACKAGE = "input", "rail", "package"


class SensorError(Exception):
    """A sensor that cannot be read."""


class NonsenseError(SensorError):
    """A sensor that answers with what cannot be a power or an energy."""


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

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, read back by `Traits(**json)`."""
        return asdict(self)


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
            NonsenseError: it is no number, or negative by more than noise and offset may make it.
        """
        value = self._read()
        if not math.isfinite(value) or value < -4 * self.traits.resolution:
            raise NonsenseError(f"{value:g} {'J' if self.traits.quantity == ENERGY else 'W'}")
        return value


class NumberFile:
    """A number in a file of sysfs, which stays open: a read is one system call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def read(self) -> float:
        """The number now.

        Raises:
            SensorError: the file cannot be read.
            NonsenseError: its text is no number.
        """
        try:
            if self._handle is None:
                self._handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            raw = os.pread(self._handle, 64, 0)
        except OSError as error:
            self.close()
            raise SensorError(f"{self._path}: {error.strerror}") from error
        try:
            return float(raw)
        except ValueError:
            raise NonsenseError(repr(raw[:32])) from None

    def close(self) -> None:
        """Let go of the file; the next read opens it again."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def read_text(path: Path) -> str | None:
    """Stripped text of a small file, or None where it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8", "replace").strip("\0\n ") or None
    except OSError:
        return None


def read_number(path: Path) -> float | None:
    """Number in a small file, or None where there is none."""
    try:
        number = float(read_text(path) or "nan")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


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
