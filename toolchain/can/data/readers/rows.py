"""Frames that a reader finds one by one become the columns of `Records`."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from toolchain.can.data.attacks import NORMAL
from toolchain.can.data.frames import PAYLOAD_BYTES, Bytes, Index
from toolchain.can.data.readers.limits import MOST_CHANNELS, MOST_FRAMES
from toolchain.can.data.readers.records import Records
from toolchain.can.data.readers.skipped import Skipped
from toolchain.can.data.readers.source import Source
from toolchain.can.data.readers.text import LARGEST_DLC

# linux/can.h: marks an error frame where an identifier comes with its flags.
ERROR_FLAG = 0x20000000

# Of frames without a time: so far apart, in seconds.
UNTIMED_SECONDS = 0.001

_CHUNK = 1 << 16

# Time, identifier, data, line, bus.
_Row = tuple[float, int, bytes, int, int]


@dataclass
class Rows:
    """Collects; a chunk of rows at a time becomes arrays, so that millions of frames need little memory.

    Attributes:
        skipped: what was no data frame of classic CAN.
        notices: further ones.
        timed: see `Records`.
    """

    source: Source
    skipped: Skipped = field(default_factory=Skipped)
    notices: list[str] = field(default_factory=list)
    timed: bool = True

    def __post_init__(self) -> None:
        self._rows: list[_Row] = []
        self._flags: list[int] = []
        self._parts: list[tuple[NDArray[np.generic], ...]] = []
        self._labels: list[Bytes] = []
        self._buses: dict[bytes, int] = {}
        self._count = 0

    def add(self, time: float, identifier: int, data: bytes, line: int, bus: bytes = b"") -> None:
        """One data frame; more than 8 bytes are CAN-FD, and skipped."""
        if len(data) > PAYLOAD_BYTES:
            self.skipped["long"] += 1
            return
        index = self._buses.get(bus)
        if index is None:
            index = self._new_bus(bus, line)
        self._rows.append((time, identifier, data, line, index))
        if len(self._rows) == _CHUNK:
            self._flush()

    def add_labelled(self, label: int, time: float, identifier: int, data: bytes, line: int, bus: bytes = b"") -> None:
        """One data frame of a known class (or `UNNAMED`); all frames of a capture have one, or none has."""
        if len(data) <= PAYLOAD_BYTES:
            self._flags.append(label)
        self.add(time, identifier, data, line, bus)

    def __len__(self) -> int:
        """Frames so far."""
        return self._count + len(self._rows)

    def records(self) -> Records:
        """All frames so far."""
        self._flush()
        columns = [np.concatenate(column) for column in zip(*self._parts, strict=True)]
        time, identifier, length, payload, line, bus = columns
        label, injected = self._truth()
        return Records(
            time.astype(np.float64, copy=False),
            identifier.astype(np.uint32, copy=False),
            length.astype(np.uint8, copy=False),
            payload.astype(np.uint8, copy=False),
            injected,
            line.astype(np.int64, copy=False),
            notices=(*self.skipped.notices(), *self.notices),
            label=label,
            bus=bus.astype(np.uint8, copy=False),
            buses=tuple(name.decode("utf-8", "backslashreplace") for name in self._buses) or ("",),
            timed=self.timed,
        )

    def _truth(self) -> tuple[Bytes | None, NDArray[np.bool_] | None]:
        if not self._labels:
            return None, None
        label = np.concatenate(self._labels)
        injected = label == UNNAMED
        return np.where(injected, NORMAL, label).astype(np.uint8), injected

    def _new_bus(self, name: bytes, line: int) -> int:
        if len(self._buses) == MOST_CHANNELS:
            self.source.fail(line, f"more than {MOST_CHANNELS} buses in one capture; is it damaged?")
        return self._buses.setdefault(name, len(self._buses))

    def _flush(self) -> None:
        rows, self._rows = self._rows, []
        self._count += len(rows)
        must_be_bounded(self._count, self.source)
        times, identifiers, data, lines, buses = zip(*rows, strict=True) if rows else repeat((), 5)
        payload = b"".join([bytes(d).ljust(PAYLOAD_BYTES, b"\0") for d in data])
        line = np.array(lines, np.int64)
        must_be_29_bits(np.array(identifiers, np.int64), line, self.source)
        self._parts.append(
            (
                np.array(times, np.float64),
                np.array(identifiers, np.uint32),
                np.array([len(d) for d in data], np.uint8),
                np.frombuffer(payload, np.uint8).reshape(-1, PAYLOAD_BYTES),
                line,
                np.array(buses, np.uint8),
            )
        )
        if self._flags:
            self._labels.append(np.array(self._flags, np.uint8))
            self._flags = []


# In place of a class: an injected frame of an attack that the capture's name tells.
UNNAMED = 255


def must_be_bounded(frames: int, source: Source) -> None:
    """Refuse a capture of too many frames.

    Raises:
        DataError: it is one.
    """
    if frames > MOST_FRAMES:
        source.fail(1, f"more than {MOST_FRAMES:,} frames; cut the capture into several")


def must_be_29_bits(identifier: Index | NDArray[np.uint32], line: Index, source: Source) -> None:
    """Refuse an identifier that no CAN frame has.

    Raises:
        DataError: it is one; the message names its line.
    """
    wide = (identifier < 0) | (identifier >> 29 != 0)
    if wide.any():
        row = int(np.argmax(wide))
        source.fail(int(line[row]), f"identifier {int(identifier[row]):#x} has more than 29 bits")


def data_length(dlc: int, source: Source, line: int) -> int:
    """Data bytes of a classic frame: its data length code, 9 to 15 being 8.

    Raises:
        DataError: no frame has such a code.
    """
    if not 0 <= dlc <= LARGEST_DLC:
        source.fail(line, f"DLC {dlc} is not 0..{LARGEST_DLC}: no CAN frame")
    return min(dlc, PAYLOAD_BYTES)
