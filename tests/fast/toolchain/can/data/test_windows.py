"""Encodings, against slow ones written from their description."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fast.toolchain.can.data.conftest import random_frames
from toolchain.can.data.frames import Frames, concatenate, one_capture
from toolchain.can.data.windows import ENCODINGS, WindowEncoder, encoding_named, window_ends
from toolchain.errors import ConfigError


def bits(value: int, count: int) -> list[int]:
    return [value >> place & 1 for place in range(count)]


def frame_bits(frames: Frames, row: int) -> list[int]:
    payload = [bit for byte in frames.payload[row].tolist() for bit in bits(byte, 8)]
    return bits(int(frames.identifier[row]), 11) + bits(int(frames.length[row]), 4) + payload


def slow_bits(frames: Frames, end: int, window: int) -> list[int]:
    return [bit for age in range(window) for bit in frame_bits(frames, end - age)]


def slow_bytes(frames: Frames, end: int, window: int) -> list[int]:
    rows = [end - age for age in range(window)]
    low = [int(frames.identifier[row]) & 0x7FF for row in rows]
    return [
        value
        for row, number in zip(rows, low, strict=True)
        for value in (number >> 8, number & 255, *frames.payload[row].tolist())
    ]


def slow_context(frames: Frames, end: int, window: int) -> list[int]:
    same = [a for a in range(1, window) if frames.identifier[end - a] == frames.identifier[end]]
    age = same[0] if same else window
    other = frames.payload[end - age] if same else frames.payload[end]
    change = [bit for byte in (frames.payload[end] ^ other).tolist() for bit in bits(byte, 8)]
    limits = [limit for limit in (2, 4, 8, 16, 32, 64) if limit <= window]
    before = [b for a in (1, 2, 3) if a < window for b in frame_bits(frames, end - a)[:11]]
    return frame_bits(frames, end) + change + [int(age >= limit) for limit in limits] + before


SLOW = {"bits": slow_bits, "bytes": slow_bytes, "context": slow_context}


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("window", [1, 2, 4, 9])
def test_batch_equals_description(name, window):
    frames, encoding = random_frames(60), ENCODINGS[name]
    ends = window_ends(frames, window)
    vectors = encoding.encode(frames, ends, window)
    assert vectors.dtype == np.uint8
    assert vectors.shape == (60 - window + 1, encoding.inputs(window))
    assert vectors.tolist() == [SLOW[name](frames, end, window) for end in ends.tolist()]


@pytest.mark.parametrize("name", ENCODINGS)
def test_streaming_equals_batch(name):
    frames, window = random_frames(50), 5
    encoder = WindowEncoder(name, window)
    pushed = [encoder.push(frames.frame(row)) for row in range(len(frames))]
    assert all(vector is None for vector in pushed[: window - 1])
    batch = ENCODINGS[name].encode(frames, window_ends(frames, window), window)
    assert np.array_equal(np.stack(pushed[window - 1 :]), batch)


def test_sizes_of_the_recipes():
    assert ENCODINGS["bits"].inputs(4) == 316
    assert ENCODINGS["bytes"].inputs(4) == 40
    assert ENCODINGS["context"].inputs(32) == 79 + 64 + 5 + 33


def test_extended_identifier_counts_with_its_low_bits():
    one = np.ones(1, np.uint8)
    payload = np.zeros((1, 8), np.uint8)
    at = np.array([0])
    for name, encoding in ENCODINGS.items():
        wide, narrow = (
            encoding.encode(one_capture(name, np.zeros(1), np.array([i], np.uint32), one, payload, one), at, 1)
            for i in (0x18DAF110, 0x18DAF110 & 0x7FF)
        )
        assert np.array_equal(wide, narrow)


def test_no_window_crosses_captures():
    frames = concatenate([random_frames(10, 1), random_frames(3, 2), random_frames(12, 3)])
    assert window_ends(frames, 5).tolist() == [*range(4, 10), *range(17, 25)]


def test_no_window_in_short_capture():
    ends = window_ends(random_frames(3), 5)
    assert not len(ends)
    for encoding in ENCODINGS.values():
        assert encoding.encode(random_frames(3), ends, 5).shape == (0, encoding.inputs(5))


def test_unknown_encoding_is_named():
    with pytest.raises(ConfigError, match="'nibbles' is unknown; allowed are: bits, bytes"):
        encoding_named("nibbles")
