"""Network inputs from windows of consecutive CAN frames.

A window's label is the label of its newest frame: the network judges each frame as it arrives, so a
live detector names the very frame that was injected, and no frame is judged by what follows it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.can.data.frames import PAYLOAD_BYTES, Bytes, Frame, Frames, Index, from_frames
from toolchain.errors import ConfigError

IDENTIFIER_BITS = 11
LENGTH_BITS = 4
PAYLOAD_BITS = 8 * PAYLOAD_BYTES
FRAME_BITS = IDENTIFIER_BITS + LENGTH_BITS + PAYLOAD_BITS
FRAME_BYTES = 2 + PAYLOAD_BYTES

_LOW_IDENTIFIER = (1 << IDENTIFIER_BITS) - 1


class Encoding(ABC):
    """How a window becomes a vector; extended identifiers count with their low 11 bits.

    Attributes:
        name: as recipes write it.
        input_type: qonnx DataType of the vector's elements.
    """

    name: str
    input_type: str

    @abstractmethod
    def inputs(self, window: int) -> int:
        """Elements of the vector of a window of so many frames."""

    @abstractmethod
    def encode(self, frames: Frames, newest: Index, window: int) -> Bytes:
        """Vectors, uint8 (m, inputs), of the windows that end in the frames `newest`, (m,).

        Each newest frame has at least ``window - 1`` frames of its own capture before it.
        """


class BitsEncoding(Encoding):
    """Per frame, newest first: 11 identifier bits, 4 length bits, 64 payload bits, each LSB first.

    Payload byte 0 comes first; the bits of absent bytes are zero.
    """

    name = "bits"
    input_type = "BINARY"

    def inputs(self, window: int) -> int:
        """79 per frame."""
        return window * FRAME_BITS

    def encode(self, frames: Frames, newest: Index, window: int) -> Bytes:
        """Vectors of 0 and 1, see `Encoding.encode`."""
        return np.concatenate([frame_bits(frames, newest - age) for age in range(window)], axis=1)


class BytesEncoding(Encoding):
    """Per frame, newest first: 2 identifier bytes (high, low) and 8 payload bytes, as published.

    Source: S. Khandelwal, S. Shreejith, "Exploring highly quantised neural networks for intrusion
    detection in automotive CAN", FPL 2023.
    """

    name = "bytes"
    input_type = "UINT8"

    def inputs(self, window: int) -> int:
        """10 per frame."""
        return window * FRAME_BYTES

    def encode(self, frames: Frames, newest: Index, window: int) -> Bytes:
        """Vectors of bytes, see `Encoding.encode`."""
        return np.concatenate([_frame_bytes(frames, newest - age) for age in range(window)], axis=1)


class ContextEncoding(Encoding):
    """The newest frame, what changed since the last one of its identifier, and what came before.

    79 bits of the newest frame; 64 payload bits exclusive-or those of the window's previous frame
    of the same identifier (zero where there is none); how many frames ago that was, as a
    thermometer code of the limits 2, 4, 8, ... up to the window (all ones where there is none);
    the 11 identifier bits of the three frames before, latest first. A replayed frame has a genuine
    payload, but seldom comes where its identifier is due: this is what shows it.
    """

    name = "context"
    input_type = "BINARY"

    def inputs(self, window: int) -> int:
        """143 bits, one per limit of the age, and 11 for each of three frames before."""
        before = IDENTIFIER_BITS * _frames_before(window)
        return FRAME_BITS + PAYLOAD_BITS + len(_age_limits(window)) + before

    def encode(self, frames: Frames, newest: Index, window: int) -> Bytes:
        """Vectors of 0 and 1, see `Encoding.encode`."""
        if not len(newest):
            return np.zeros((0, self.inputs(window)), np.uint8)
        start = int(newest.min()) - window + 1
        part, at = frames.slice(start, int(newest.max()) + 1), newest - start
        age = np.minimum(_age_of_previous(part)[at], window)
        known = age < window
        change = part.payload[at] ^ part.payload[at - np.where(known, age, 0)]
        changed = np.unpackbits(change, axis=1, bitorder="little")
        older = (age[:, None] >= _age_limits(window)).astype(np.uint8)
        ages = range(1, 1 + _frames_before(window))
        before = [frame_bits(part, at - back)[:, :IDENTIFIER_BITS] for back in ages]
        return np.concatenate([frame_bits(part, at), changed, older, *before], axis=1)


def _frames_before(window: int) -> int:
    return min(3, window - 1)


def _age_limits(window: int) -> Index:
    """Powers of two from 2 to the window; an age of 1 is the absence of all bits."""
    return np.array([1 << k for k in range(1, window.bit_length())], np.int64)


def _age_of_previous(frames: Frames) -> Index:
    """How many frames ago each frame's identifier was last seen; huge where never."""
    identifier = frames.identifier & _LOW_IDENTIFIER
    order = np.argsort(identifier, kind="stable")
    same = identifier[order][1:] == identifier[order][:-1]
    age = np.full(len(frames), np.iinfo(np.int64).max, np.int64)
    age[order[1:][same]] = np.diff(order)[same]
    return age


def frame_bits(frames: Frames, at: Index) -> Bytes:
    """The 79 bits of each frame, uint8 (m, 79)."""
    head = np.empty((len(at), 4), np.uint8)
    identifier = frames.identifier[at] & _LOW_IDENTIFIER
    head[:, 0], head[:, 1] = identifier & 0xFF, identifier >> 8
    head[:, 2], head[:, 3] = frames.length[at], 0
    bits = np.unpackbits(head, axis=1, bitorder="little")
    payload = np.unpackbits(frames.payload[at], axis=1, bitorder="little")
    return np.concatenate([bits[:, :IDENTIFIER_BITS], bits[:, 16 : 16 + LENGTH_BITS], payload], 1)


def _frame_bytes(frames: Frames, at: Index) -> Bytes:
    identifier = (frames.identifier[at] & _LOW_IDENTIFIER).astype(">u2")
    return np.concatenate([identifier.view(np.uint8).reshape(-1, 2), frames.payload[at]], axis=1)


def confused(identifier: NDArray[np.uint32]) -> list[str]:
    """A notice where different identifiers, (n,), are one to the network."""
    if not len(identifier) or int(identifier.max()) <= _LOW_IDENTIFIER:
        return []
    distinct = np.unique(identifier)
    seen = len(np.unique(distinct & _LOW_IDENTIFIER))
    if seen == len(distinct):
        return []
    bits = f"only the low {IDENTIFIER_BITS} bits of an identifier"
    return [f"{len(distinct):,} identifiers are {seen:,} to the network, which sees {bits}"]


ENCODINGS: dict[str, Encoding] = {
    encoding.name: encoding for encoding in (BitsEncoding(), BytesEncoding(), ContextEncoding())
}


def encoding_named(name: Any) -> Encoding:
    """An encoding by name.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in ENCODINGS:
        raise ConfigError(f"encoding '{name}' is unknown; allowed are: {', '.join(ENCODINGS)}")
    return ENCODINGS[name]


class WindowEncoder:
    """The same vectors from a live bus, one frame at a time."""

    def __init__(self, encoding: str, window: int) -> None:
        self._encoding = encoding_named(encoding)
        self._frames: deque[Frame] = deque(maxlen=window)

    def push(self, frame: Frame) -> NDArray[np.uint8] | None:
        """Take one frame; the vector (inputs,) of the window it ends, or None until one is full."""
        self._frames.append(frame)
        window = self._frames.maxlen or 0
        if len(self._frames) < window:
            return None
        newest = np.array([window - 1], np.int64)
        vectors = self._encoding.encode(from_frames(self._frames), newest, window)
        return vectors.reshape(-1)


def window_ends(frames: Frames, window: int) -> Index:
    """The newest frame of every window that stays within one capture, ascending."""
    spans = [np.arange(start + window - 1, stop) for start, stop in frames.spans()]
    return np.concatenate([np.zeros(0, np.int64), *spans])
