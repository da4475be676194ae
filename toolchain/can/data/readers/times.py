"""Times that count from the entry before become times since the beginning; times that cannot be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from toolchain.can.data.frames import Index
from toolchain.can.data.readers.records import Records
from toolchain.can.data.readers.source import Source

_NANOSECONDS = 1e9

# 317 years: further from zero is no time in seconds. Its nanoseconds fit in 64 bits.
_FURTHEST_SECONDS = 1e10


def added_up(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Running sum of times in seconds, (n,), without the errors that a sum of floats gathers."""
    rough = np.cumsum(distances)
    if not (np.abs(rough) < _FURTHEST_SECONDS / 2).all():
        return rough
    return np.cumsum(np.rint(distances * _NANOSECONDS).astype(np.int64)) / _NANOSECONDS


def distances_added(records: Records, notice: str) -> Records:
    """The records with their times added up, and a notice that says so."""
    return replace(records, time=added_up(records.time), notices=(*records.notices, notice))


def no_seconds(text: bytes) -> str:
    """What is said of a text that should be a time in seconds."""
    return f"the time '{text[:32].decode('utf-8', 'backslashreplace')}' is no number of seconds"


def must_be_seconds(time: NDArray[np.float64], line: Index, source: Source) -> None:
    """Refuse times that are no numbers of seconds.

    Raises:
        DataError: one is; the message names its line.
    """
    ok = np.abs(time) < _FURTHEST_SECONDS
    if not ok.all():
        row = int(np.argmin(ok))
        source.fail(int(line[row]), f"the time {time[row]:g} is no number of seconds")


def backward(records: Records) -> list[str]:
    """A notice where times go back."""
    steps = np.flatnonzero(np.diff(records.time) < 0)
    if not len(steps):
        return []
    line = int(records.line[steps[0] + 1])
    return [f"times go back {len(steps):,} times, first at line {line:,}; the frames keep their order in the file"]
