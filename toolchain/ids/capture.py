"""Frames of a capture, as fast as they can be judged or at the pace at which they were recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Protocol

import numpy as np

from toolchain.errors import DataError
from toolchain.ids.batch import EMPTY, Batch
from toolchain.record import sha256
from toolchain.training.can import sidecar
from toolchain.training.can.attacks import NORMAL, class_from_name, class_index
from toolchain.training.can.frames import Bytes, Frames, one_capture
from toolchain.training.can.readers import KNOWN, find_reader, read_capture
from toolchain.training.can.readers.records import Records
from toolchain.training.can.readers.source import Source as Stream
from toolchain.training.can.readers.source import list_sources

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
    """One capture of a file: a zip may hold several."""

    frames: Frames
    labelled: bool


class CaptureSource:
    """A capture in any format that training reads; see `toolchain.training.can.readers`.

    Args:
        path: a file, packed or not; or a folder.
        pace: 1 replays at the recorded pace, 2 twice as fast; None as fast as frames can be judged.

    Raises:
        DataError: no such file, or no capture in it.
    """

    def __init__(self, path: Path, pace: float | None = None, clock: Clock | None = None) -> None:
        self.name, self.notices = str(path), []  # type: tuple[str, list[str]]
        self._pace, self._clock = pace, clock or SystemClock()
        found = [(s, find_reader(s)) for s in list_sources(path) if not s.name.endswith(sidecar.SUFFIX)]
        self._streams = [(stream, reader) for stream, reader in found if reader]
        if not self._streams:
            raise DataError(f"{path}: no CAN capture; formats that can be read: {KNOWN}")
        self.hashes = frozenset(sha256(file) for file in {stream.path for stream, _ in self._streams})

    def batches(self, size: int) -> Iterator[Batch]:
        """Batches of `size` frames at most; the first of each capture is fresh.

        Raises:
            DataError: a capture is malformed; the message names the line.
        """
        for stream, reader in self._streams:
            part = self._read(stream, reader)
            yield from _replayed(part, size, self._pace, self._clock) if self._pace else _cut(part, size)

    def close(self) -> None:
        """Nothing is left open."""

    def _read(self, stream: Stream, reader: ModuleType) -> _Part:
        records = read_capture(stream, reader)
        self.notices += [f"{stream.name}: {notice}" for notice in records.notices]
        label = _labels(stream, records)
        known = np.zeros(len(records), np.uint8) if label is None else label
        columns = (records.time, records.identifier, records.length, records.payload)
        if label is None:
            self.notices.append(f"{stream.name}: no labels; accuracy is not known")
        return _Part(one_capture(stream.name, *columns, known), label is not None)


def _labels(stream: Stream, records: Records) -> Bytes | None:
    """Class of each frame from its flags and the capture's name, or from the sidecar; None where nothing tells."""
    beside = sidecar.sidecar_of(stream.path)
    if records.injected is None:
        given = stream.member is None and beside.is_file()
        return sidecar.apply(sidecar.read_sidecar(beside), records) if given else None
    # The name of the folder counts last, as it does for training.
    attack = records.attack or class_from_name(f"{stream.path.resolve().parent.name}/{stream.name}")
    if attack in (None, "normal") and records.injected.any():
        return None
    return np.where(records.injected, class_index(attack or "normal"), NORMAL).astype(np.uint8)


def _cut(part: _Part, size: int) -> Iterator[Batch]:
    for start in range(0, len(part.frames), size):
        yield Batch(part.frames.slice(start, start + size), part.labelled, fresh=start == 0)


def _replayed(part: _Part, size: int, pace: float, clock: Clock) -> Iterator[Batch]:
    """Frames when they are due; all that are due at once, `size` at most. Empty batches while none is."""
    due = np.maximum.accumulate(part.frames.time - part.frames.time[0]) / pace
    began, start = clock.now(), 0
    while start < len(due):
        passed = clock.now() - began
        ready = int(np.searchsorted(due, passed, "right"))
        if ready <= start:
            yield Batch(EMPTY, idle=(passed - float(due[start - 1])) * pace)
            clock.sleep(min(_LONGEST_SLEEP, float(due[start]) - passed))
            continue
        stop = min(ready, start + size)
        lag = passed - float(due[start])
        yield Batch(part.frames.slice(start, stop), part.labelled, start == 0, lag=lag, waiting=ready - stop)
        start = stop
