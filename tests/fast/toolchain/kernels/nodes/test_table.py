"""A table that is a rounded line gives exactly its values as one; no other table becomes one."""

from __future__ import annotations

import numpy as np
import pytest

from toolchain.kernels.nodes.table import Line, line_through


def _along(line: Line, low: int, count: int) -> np.ndarray:
    x = np.arange(low, low + count)
    offset = np.where(x < line.pivot, line.below, line.offset)
    bent = line.part * x + offset
    assert np.abs(bent).max() < 2**31
    return line.whole * x + line.base + (bent >> 22)


@pytest.mark.parametrize("slope", [0, 0.25, 198220.394867, -7.3, 524288, 1 / 3, -0.5])
@pytest.mark.parametrize(("low", "count"), [(-128, 256), (0, 256), (-5, 9)])
@pytest.mark.parametrize("away", [True, False])
def test_rounded_lines(slope: float, low: int, count: int, away: bool) -> None:
    exact = slope * (np.arange(low, low + count) - 17)
    values = (np.sign(exact) * np.floor(np.abs(exact) + 0.5) if away else np.floor(exact + 0.5)).astype(np.int64)
    line = line_through(values, low)
    assert line is not None
    np.testing.assert_array_equal(_along(line, low, count), values)


@pytest.mark.parametrize(
    "values",
    [
        [0, 0, 5, 5],
        [1, -1, 1, 1],
        [0, 1, 2, 9],
        [4],
        [0, 2**29],
        list(range(300)),
        np.random.default_rng(0).integers(0, 9, 40),
    ],
)
def test_what_is_no_line_is_looked_up(values: list[int]) -> None:
    assert line_through(np.asarray(values, np.int64), -2) is None
