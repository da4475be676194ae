from __future__ import annotations

import numpy as np
import pytest

from tests.fast.toolchain.can.data.conftest import random_frames
from toolchain.can.data.frames import Frames, concatenate
from toolchain.can.data.splits import NONE, blocked_split
from toolchain.can.data.windows import window_ends
from toolchain.training.splits import random_split

WINDOW = 4


@pytest.fixture(scope="module")
def frames() -> Frames:
    return concatenate([random_frames(4000, k, f"c{k}", attack=k) for k in (1, 2, 3)])


def test_random_split_deals_in_shares_by_seed():
    part = random_split(10_000, 7)
    assert np.bincount(part).tolist() == [7000, 1500, 1500]
    assert np.array_equal(part, random_split(10_000, 7))
    assert not np.array_equal(part, random_split(10_000, 8))


def test_no_frame_is_seen_by_two_parts(frames):
    ends = window_ends(frames, WINDOW)
    part = blocked_split(frames, ends, WINDOW, seed=1)
    seen = [set((ends[part == p][:, None] - np.arange(WINDOW)).ravel().tolist()) for p in range(3)]
    assert all(seen)
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[2]
    assert not seen[1] & seen[2]
    dropped = (part == NONE).sum()
    assert 0 < dropped <= 3 * 19 * (WINDOW - 1)


def test_every_class_is_in_every_part_in_about_its_share(frames):
    ends = window_ends(frames, WINDOW)
    part = blocked_split(frames, ends, WINDOW, seed=1)
    for label in range(4):
        shares = np.bincount(part[frames.label[ends] == label], minlength=NONE + 1)[:3]
        assert np.allclose(shares / shares.sum(), [0.7, 0.15, 0.15], atol=0.05)


def test_bursts_are_shared_out():
    table = random_frames(6000)
    table.label[:] = 0
    for start in (200, 2900, 4400, 5300):
        table.label[start : start + 320] = 2
    ends = window_ends(table, WINDOW)
    part = blocked_split(table, ends, WINDOW, seed=3)
    assert all((table.label[ends[part == p]] == 2).any() for p in range(3))


def test_captures_of_one_drive_are_cut_at_the_same_frames():
    drive = random_frames(4000)
    drive.label[:] = 0
    burst = random_frames(500, 9)
    burst.label[:] = 1
    attacked = concatenate([drive.slice(0, 1000), burst, drive.slice(1000, 4000)])
    attacked.capture[:] = 0
    attacked = Frames(*list(vars(attacked).values())[:-1], ("attacked",))
    both = concatenate([drive, attacked])
    part = blocked_split(both, window_ends(both, 1), 1, seed=1)
    genuine = both.label[4000:] == 0
    assert np.array_equal(part[:4000], part[4000:][genuine])


def test_short_capture_trains_only():
    table = random_frames(20)
    part = blocked_split(table, window_ends(table, WINDOW), WINDOW, seed=1)
    assert set(part.tolist()) == {0}


def test_capture_of_injected_frames_only_is_cut_too():
    table = random_frames(1000)
    table.label[:] = 1
    part = blocked_split(table, window_ends(table, WINDOW), WINDOW, seed=1)
    assert {0, 1, 2} <= set(part.tolist())
