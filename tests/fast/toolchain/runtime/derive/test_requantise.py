"""One rounded multiplication is found where thresholds come from one, and holds on every sum."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from toolchain.graph.thresholds import bisect_thresholds
from toolchain.runtime.derive.requantise import steps


def _counts(sums: NDArray[np.int64], scale: NDArray[np.float32], zero: int, levels: int) -> NDArray[np.int64]:
    return np.clip(np.rint(sums.astype(np.float32) * scale[:, None]).astype(np.int64) + zero, 0, levels)


@pytest.mark.parametrize(("levels", "zero"), [(255, 0), (255, 117), (15, 7), (3, 0), (1, 0)])
def test_what_a_kernel_says_is_found_again(levels: int, zero: int) -> None:
    random = np.random.default_rng(levels + zero)
    high = random.integers(3_000, 100_000, 6)
    scale = (levels / high * random.uniform(0.3, 3, 6)).astype(np.float32)
    table = bisect_thresholds(lambda sums: _counts(sums, scale, zero, levels), -high, high, levels)
    found = steps(table, -high, high)
    assert found.found.all()
    for channel in range(6):
        sums = np.arange(-high[channel], high[channel] + 1)
        moved = (sums + found.offset[channel])[None]
        got = _counts(moved, found.scale[channel : channel + 1], found.zero, levels)[0]
        assert np.array_equal(got, (sums[:, None] >= table[channel]).sum(axis=1))


def test_a_power_of_two_is_preferred() -> None:
    table = np.array([[3, 6, 11], [0, 3, 8]])
    found = steps(table, np.array([-20, -20]), np.array([20, 20]))
    assert found.found.all()
    assert found.powers


def test_uneven_thresholds_have_no_such_form() -> None:
    found = steps(np.array([[-3, 0, 50], [-3, 0, 3]]), np.array([-100, -100]), np.array([100, 100]))
    assert found.found.tolist() == [False, True]


def test_channels_that_never_change() -> None:
    found = steps(np.array([[-100, -100], [101, 101]]), np.array([-100, -100]), np.array([100, 100]))
    assert found.found.all()
