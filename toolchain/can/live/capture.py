"""Frames of a capture, as fast as they can be judged or at the pace at which they were recorded."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from toolchain.can.data.frames import Frames
from toolchain.can.data.readers import KNOWN, Reader, find_reader, read_capture
from toolchain.can.data.readers.records import Records
from toolchain.can.data.readers.source import Source as Stream
from toolchain.can.data.readers.source import list_sources
from toolchain.can.data.truth import buses_notice, by_bus, is_beside, known_labels
from toolchain.can.data.windows import confused
from toolchain.can.live.batch import EMPTY, Batch, Origin
from toolchain.can.live.pipe import Spool
from toolchain.errors import DataError, GateweaveError
from toolchain.files import sha256, why_absent

_LONGEST_SLEEP = 0.1


class Clock(Protocol):
    """Time that can be played in tests."""

    def now(self) -> float:
        """Seconds, monotonic."""

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""


class SystemClock:
    """The machine's own."""

    now: Callable[[], float] = staticmethod(time.monotonic)
    sleep: Callable[[float], None] = staticmethod(time.sleep)


@dataclass(frozen=True)
class _Part:
    """One bus of one capture of a file: a zip may hold several."""

    frames: Frames
    labelled: bool
    origin: Origin


class CaptureSource:
    """A capture in any format that training reads; see `toolchain.can.data.readers`.

    Args:
        path: a file, packed or not; a pipe, which is read to its end first; or a folder.
        pace: 1 replays at the recorded pace, 2 twice as fast; None as fast as frames can be judged.
        bus: watch only this bus of each capture; None all, one after the other.

    Raises:
        DataError: no such file, or no capture in it.
    """

    def __init__(
        self, path: Path, pace: float | None = None, clock: Clock | None = None, bus: str | None = None
    ) -> None:
        self.name, self.notices = str(path), []  # type: tuple[str, list[str]]
        self._pace, self._clock, self._bus = pace, clock or SystemClock(), bus
        self.doing = f"reading {path}"
        if not path.exists():
            raise DataError(f"--capture {path}: {why_absent(path, 'file')}")
        self._spool = Spool(path)
        try:
            self._streams = _streams(self._spool.path)
        except GateweaveError:
            self._spool.close()
            raise
        if not self._streams:
            self._spool.close()
            raise DataError(f"{path}: no CAN capture; formats that can be read: {KNOWN}")
        self.hashes = frozenset(sha256(file) for file in {stream.path for stream, _ in self._streams})

    def batches(self, size: int) -> Iterator[Batch]:
        """Batches of `size` frames at most; the first of each capture, and of each of its buses, is fresh.

        Raises:
            DataError: a capture is malformed; the message names the line.
        """
        for stream, reader in self._streams:
            for part in self._read(stream, reader):
                yield from _replayed(part, size, self._pace, self._clock) if self._pace else _cut(part, size)

    def close(self) -> None:
        """Remove the copy of a pipe."""
        self._spool.close()

    def _read(self, stream: Stream, reader: Reader) -> list[_Part]:
        records = read_capture(stream, reader, lambda count: self._reading(stream, count))
        index = self._chosen(stream, records)
        if self._pace and not records.timed:
            raise DataError(f"{stream.label}: has no times that --pace could keep to; leave --pace out")
        # The name of the folder counts last, as it does for training.
        label = known_labels(stream, records, Path(os.path.realpath(stream.path)).parent.name)
        unknown = [] if label is not None else ["no labels; accuracy is not known"]
        said = (*records.notices, *buses_notice(records, self._bus), *confused(records.identifier), *unknown)
        self.notices += [f"{stream.name}: {notice}" for notice in said]
        labels = np.zeros(len(records), np.uint8) if label is None else label
        capture = stream.name if len(self._streams) > 1 else None
        buses = zip(by_bus(stream.name, records, labels)[index], records.buses[index], strict=True)
        return [_Part(frames, label is not None, Origin(bus or None, capture)) for frames, bus in buses]

    def _reading(self, stream: Stream, count: int) -> None:
        self.doing = f"reading {stream.name}: {count >> 20:,} MiB"

    def _chosen(self, stream: Stream, records: Records) -> slice:
        """Which of the buses are watched."""
        if self._bus is None:
            return slice(None)
        if self._bus not in records.buses:
            there = ", ".join(bus or "one without a name" for bus in records.buses[:8])
            raise DataError(f"{stream.label}: no bus '{self._bus}'; its buses: {there}")
        index = records.buses.index(self._bus)
        return slice(index, index + 1)


def _streams(path: Path) -> list[tuple[Stream, Reader]]:
    """The captures below a path."""
    found = [(s, find_reader(s)) for s in list_sources(path) if not is_beside(s.name)]
    return [(stream, reader) for stream, reader in found if reader]


def _cut(part: _Part, size: int) -> Iterator[Batch]:
    for start in range(0, len(part.frames), size):
        yield Batch(part.frames.slice(start, start + size), part.labelled, fresh=start == 0, origin=part.origin)


def _replayed(part: _Part, size: int, pace: float, clock: Clock) -> Iterator[Batch]:
    """Frames when they are due; all that are due at once, `size` at most. Empty batches while none is."""
    due = np.maximum.accumulate(part.frames.time - part.frames.time[0]) / pace
    began, start = clock.now(), 0
    while start < len(due):
        passed = clock.now() - began
        ready = int(np.searchsorted(due, passed, "right"))
        if ready <= start:
            yield Batch(EMPTY, idle=(passed - float(due[start - 1])) * pace, origin=part.origin)
            clock.sleep(min(_LONGEST_SLEEP, float(due[start]) - passed))
            continue
        stop = min(ready, start + size)
        lag = passed - float(due[start])
        frames, origin = part.frames.slice(start, stop), part.origin
        yield Batch(frames, part.labelled, start == 0, lag=lag, waiting=ready - stop, origin=origin)
        start = stop
