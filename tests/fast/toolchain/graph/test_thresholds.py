"""Thresholds found by walking an accumulator's whole range."""

from __future__ import annotations

import numpy as np
import pytest

from toolchain.errors import ModelError
from toolchain.graph.dense import DenseLayer, Integers
from toolchain.graph.thresholds import MAX_RANGE, bisect_thresholds, find_thresholds


def clipped(values: Integers) -> Integers:
    """Channel 0 rises by one each 10, channel 1 falls, channel 2 is always at the top, channel 3 never leaves 0."""
    rising = np.clip(values // 10, 0, 3)
    return np.stack([rising, np.clip(-values // 10, 0, 3), np.full_like(values, 3), np.zeros_like(values)], axis=1)


def test_every_value_of_the_range_gets_its_code() -> None:
    low, high = np.array([-40, -40, -7, -7]), np.array([40, 40, 7, 7])
    thresholds, falling = find_thresholds("layer", clipped, low, high, 3)
    assert falling.tolist() == [False, True, False, False]
    for channel in range(4):
        values = np.arange(low[channel], high[channel] + 1)
        signed = -values if falling[channel] else values
        counts = (signed[:, None] >= thresholds[channel]).sum(axis=1)
        assert np.array_equal(counts, clipped(values)[:, channel])


def test_always_and_never_reached_stand_at_the_ends() -> None:
    thresholds, _ = find_thresholds("layer", clipped, np.full(4, -7), np.full(4, 7), 3)
    assert thresholds[2].tolist() == [-7, -7, -7]
    assert thresholds[3].tolist() == [8, 8, 8]


def test_hump_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match=r"layer: the activation of channel 0 is not monotone"):
        find_thresholds("layer", lambda v: np.abs(v)[:, None], np.array([-3]), np.array([3]), 3)


def test_endless_range_is_refused() -> None:
    with pytest.raises(ModelError, match="narrow the types"):
        find_thresholds("layer", clipped, np.array([0]), np.array([MAX_RANGE + 1]), 3)


def test_accumulator_range_is_reached() -> None:
    weights = np.array([[1, -2], [0, 1], [-1, 1]])
    layer = DenseLayer("layer", weights, "UINT2", "INT32")
    grid = np.stack(np.meshgrid(*[np.arange(4)] * 3), axis=-1).reshape(-1, 3)
    results = grid @ weights
    low, high = layer.accumulator_range()
    assert np.array_equal(low, results.min(axis=0))
    assert np.array_equal(high, results.max(axis=0))


BENDS = {
    "straight": lambda y: y,
    "leaky": lambda y: np.where(y < 0, y / 8, y),
    "root": lambda y: np.sign(y) * np.sqrt(np.abs(y)),
    "stairs": lambda y: 4 * np.floor(y / 4),
    "flat": np.zeros_like,
}


@pytest.mark.parametrize("levels", [1, 15, 200])
@pytest.mark.parametrize("bend", BENDS)
def test_bisection_finds_what_the_walk_finds(bend: str, levels: int) -> None:
    random = np.random.default_rng(3)
    scale, offset = random.uniform(0.001, 0.3, 5), random.uniform(-9, 9, 5)
    low, high = np.full(5, -3000), np.array([3000, 2000, -2999, 10, 2999])

    def by_row(values: np.ndarray) -> np.ndarray:
        return np.clip(np.rint(BENDS[bend](values * scale[:, None]) + offset[:, None]), 0, levels).astype(np.int64)

    walked, falling = find_thresholds("layer", lambda v: by_row(np.tile(v, (5, 1))).T, low, high, levels)
    assert not falling.any()
    assert np.array_equal(bisect_thresholds(by_row, low, high, levels), walked)


def test_bisection_asks_for_so_many_codes_at_once() -> None:
    asked = []

    def by_row(values: np.ndarray) -> np.ndarray:
        asked.append(values.size)
        return np.clip(values // 2**20, 0, 2**16 - 1)

    table = bisect_thresholds(by_row, np.zeros(40, np.int64), np.full(40, 2**40), 2**16 - 1)
    assert np.array_equal(table, np.broadcast_to(np.arange(1, 2**16) * 2**20, table.shape))
    assert max(asked) <= 2**20
