"""Frames as columns: the one table that readers and the synthetic car fill."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]

# Data bytes of a classic CAN frame.
PAYLOAD_BYTES = 8


@dataclass(frozen=True)
class Frame:
    """One frame as a live bus delivers it; `payload` holds `length` bytes."""

    identifier: int
    length: int
    payload: bytes


@dataclass(frozen=True)
class Frames:
    """n frames, capture after capture, each capture in its order on the bus.

    Attributes:
        time: seconds, float64 (n,); the origin is the capture's own.
        identifier: uint32 (n,), 11 or 29 bits.
        length: data length code, uint8 (n,), 0..8.
        payload: uint8 (n, 8), zero beyond `length`.
        label: index into `attacks.CLASSES`, uint8 (n,).
        capture: index into `captures`, uint16 (n,), ascending.
        captures: names of the captures.
    """

    time: NDArray[np.float64]
    identifier: NDArray[np.uint32]
    length: Bytes
    payload: Bytes
    label: Bytes
    capture: NDArray[np.uint16]
    captures: tuple[str, ...]

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.time)

    def slice(self, start: int, stop: int) -> Frames:
        """Frames ``start`` to ``stop - 1``, as views."""
        part = slice(start, stop)
        return Frames(
            self.time[part],
            self.identifier[part],
            self.length[part],
            self.payload[part],
            self.label[part],
            self.capture[part],
            self.captures,
        )

    def frame(self, index: int) -> Frame:
        """One frame, as `WindowEncoder.push` takes it."""
        length = int(self.length[index])
        return Frame(int(self.identifier[index]), length, self.payload[index, :length].tobytes())

    def spans(self) -> list[tuple[int, int]]:
        """First frame and one past the last frame of each capture."""
        bounds = np.searchsorted(self.capture, np.arange(len(self.captures) + 1))
        return [(int(a), int(b)) for a, b in pairwise(bounds)]


def one_capture(
    name: str,
    time: NDArray[np.float64],
    identifier: NDArray[np.uint32],
    length: Bytes,
    payload: Bytes,
    label: Bytes,
) -> Frames:
    """Frames of a single capture."""
    capture = np.zeros(len(time), np.uint16)
    return Frames(time, identifier, length, payload, label, capture, (name,))


def concatenate(tables: Sequence[Frames]) -> Frames:
    """All tables, one after the other, with their captures renumbered."""
    offsets = np.cumsum([0] + [len(t.captures) for t in tables])[:-1]
    captures = [t.capture + np.uint16(o) for t, o in zip(tables, offsets, strict=True)]
    names = tuple(name for t in tables for name in t.captures)
    return Frames(
        np.concatenate([t.time for t in tables]),
        np.concatenate([t.identifier for t in tables]),
        np.concatenate([t.length for t in tables]),
        np.concatenate([t.payload for t in tables]),
        np.concatenate([t.label for t in tables]),
        np.concatenate(captures),
        names,
    )


def from_frames(frames: Collection[Frame]) -> Frames:
    """A table of single frames, all of one nameless capture, at time zero, labelled normal."""
    count = len(frames)
    payload = np.zeros((count, PAYLOAD_BYTES), np.uint8)
    for row, frame in zip(payload, frames, strict=True):
        row[: frame.length] = np.frombuffer(frame.payload, np.uint8)[: frame.length]
    identifier = np.array([f.identifier for f in frames], np.uint32)
    length = np.array([f.length for f in frames], np.uint8)
    zeros = np.zeros(count, np.uint8)
    return one_capture("", np.zeros(count), identifier, length, payload, zeros)
