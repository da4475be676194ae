"""Counting by buckets and by lines says what counting one by one says."""

from __future__ import annotations

import numpy as np
import pytest

from tests.properties import given, st
from toolchain.graph.ops import Threshold, Uniform
from toolchain.graph.ops.counting import Counter, line


def _plain(table: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return (rows[..., None] >= table).sum(axis=-1)


@given(st.integers(0, 2**31), st.sampled_from([1, 3]), st.integers(1, 60), st.sampled_from([3, 300, 10**6, 2**40]))
def test_any_table(seed: int, channels: int, levels: int, reach: int) -> None:
    random = np.random.default_rng(seed)
    table = np.sort(random.integers(-reach, reach, (channels, levels)), axis=1)
    # Always and never reached ones lie on top of one another.
    table[:, : levels // 4] = -reach
    edges = np.concatenate([table, table - 1, table + 1], axis=1).T
    rows = np.concatenate([edges, random.integers(-2 * reach, 2 * reach, (50, channels))])
    assert np.array_equal(Counter(table)(rows), _plain(table, rows))


@pytest.mark.parametrize("gap", [1, 7, 4096])
def test_buckets_hold_a_threshold_each(gap: int) -> None:
    table = np.arange(255)[None] * gap - 1000
    rows = np.arange(-3000, 255 * gap, max(1, gap // 50))[:, None]
    assert np.array_equal(Counter(table)(rows), _plain(table, rows))


def test_a_line_is_exact_up_to_53_bits_and_refused_beyond() -> None:
    one = np.array([1])
    assert line(np.array([[0, 2**20]]), 2**30 * one, one, 30 * one) is not None
    assert line(np.array([[0, 2**30]]), 2**30 * one, one, 30 * one) is None


@pytest.mark.parametrize("wide", [False, True])
def test_channels_without_a_line_are_counted_apart(wide: bool) -> None:
    shift = 40 if wide else 4
    table = np.array([[8, 24, 40], [0, 100, 5000], [9, 25, 41]])
    table = np.concatenate([table, np.full((3, 20), 9000)], axis=1)
    form = Uniform(np.full(3, 2 ** (shift - 4)), np.array([8, 0, 7]) << (shift - 4), np.array([shift, -1, shift]))
    rows = np.random.default_rng(0).integers(-50, 60, (500, 3)).astype(np.int32)
    wanted = _plain(np.array([[8, 24, 40, 56], [0, 100, 5000, 9000], [9, 25, 41, 57]]), rows)
    assert np.array_equal(Threshold(table, 2, -3, form).run(rows), 2 * wanted - 3)


@pytest.mark.parametrize("shift", [6, 46])
def test_negatives_have_an_offset_of_their_own(shift: int) -> None:
    """A shift of 46 is beyond what floats hold exactly."""
    unit = 2**shift
    form = Uniform(np.array([unit // 8]), np.array([20 * unit]), np.array([shift]), np.array([20 * unit - unit // 8]))
    x = np.arange(-200, 200)[:, None].astype(np.int32)
    wanted = np.clip(np.where(x < 0, (x - 1) // 8, x // 8) + 20, 0, 40)
    table = np.stack([-200 + (wanted < q).sum(axis=0) for q in range(1, 41)], axis=1)
    assert np.array_equal(Threshold(table, uniform=form).run(x), wanted)
