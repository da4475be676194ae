from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from toolchain.can.data.frames import Frames, concatenate, one_capture
from toolchain.can.data.windows import ENCODINGS, WindowEncoder, window_ends
from toolchain.can.live.batch import EMPTY
from toolchain.can.live.windows import WindowStream
from toolchain.errors import ConfigError


def traffic(count: int, seed: int) -> Frames:
    """Few identifiers, some extended, so that their ages differ and some are older than a window."""
    rng = np.random.default_rng(seed)
    identifier = np.where(rng.random(count) < 0.5, 0x123, rng.integers(0, 1 << 29, count) % 4000).astype(np.uint32)
    payload = rng.integers(0, 256, (count, 8)).astype(np.uint8)
    length = rng.integers(0, 9, count).astype(np.uint8)
    payload[np.arange(8) >= length[:, None]] = 0
    return one_capture("c", np.sort(rng.random(count)), identifier, length, payload, np.zeros(count, np.uint8))


def in_batches(stream: WindowStream, table: Frames, seed: int, largest: int) -> np.ndarray:
    rng, start, parts = np.random.default_rng(seed), 0, []
    while start < len(table):
        stop = start + int(rng.integers(0, largest))
        parts.append(stream.push(table.slice(start, stop)))
        start = stop
    return np.concatenate(parts)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("window", "largest"), [(1, 3), (4, 3), (37, 20), (37, 900), (128, 2000)])
def test_a_whole_capture_gives_the_vectors_of_training(encoding: str, window: int, largest: int) -> None:
    table = traffic(1500, seed=window)
    expected = ENCODINGS[encoding].encode(table, window_ends(table, window), window)
    found = in_batches(WindowStream(encoding, window), table, 1, largest)
    assert found.shape == expected.shape == (1500 - window + 1, expected.shape[1])
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_frame_by_frame_it_equals_the_encoder_of_a_live_bus(encoding: str) -> None:
    table, single, stream = traffic(60, seed=9), WindowEncoder(encoding, 16), WindowStream(encoding, 16)
    for row in range(len(table)):
        one, many = single.push(table.frame(row)), stream.push(table.slice(row, row + 1))
        assert (one is None) == (len(many) == 0)
        assert one is None or np.array_equal(one, many[0])


def test_windows_begin_anew_after_a_restart() -> None:
    stream, table = WindowStream("bits", 4), traffic(10, seed=2)
    assert len(stream.push(table)) == 7
    stream.restart()
    assert len(stream.push(table.slice(0, 3))) == 0
    assert len(stream.push(EMPTY)) == 0
    assert len(stream.push(table.slice(3, 4))) == 1


def test_which_capture_frames_are_of_makes_no_difference() -> None:
    table = traffic(8, seed=3)
    other = concatenate([traffic(2, seed=4), replace(table, captures=("x",))]).slice(2, 10)
    assert np.array_equal(WindowStream("bits", 4).push(other), WindowStream("bits", 4).push(table))


def test_an_unknown_encoding_is_named() -> None:
    with pytest.raises(ConfigError, match="morse"):
        WindowStream("morse", 4)
