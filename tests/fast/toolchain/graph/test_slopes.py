"""The interval of slopes holds all that fit and no other, against trying them one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain.errors import ModelError
from toolchain.graph.slopes import Points, slopes

SHIFTS = range(5)
MULTIPLIERS = range(260)


def _fits(reach: Points, below: Points, halves: int, multiplier: int, shift: int) -> bool:
    """Whether every half of one channel has a whole offset."""
    for half in range(halves):
        least = [(q << shift) - v * multiplier for v, q, b in zip(*(part[half] for part in reach), strict=True) if b]
        most = [(q << shift) - 1 - v * multiplier for v, q, b in zip(*(part[half] for part in below), strict=True) if b]
        if least and most and max(least) > min(most):
            return False
    return True


def _points(random: np.random.Generator, rows: int, levels: int) -> tuple[Points, Points]:
    """Near a line, so that some fit."""
    code = np.broadcast_to(np.arange(1, levels + 1), (rows, levels))
    slope = random.choice([0.3, 1, 3, 8])
    edge = np.sort(np.rint(code / slope + random.integers(0, 2, code.shape) + random.integers(-20, 20)), axis=1)
    reach = Points(edge.astype(np.int64), code, random.random(code.shape) < 0.9)
    return reach, Points(edge.astype(np.int64) - 1, code, random.random(code.shape) < 0.9)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 6), st.sampled_from([1, 2]))
def test_a_multiplier_fits_where_one_is_said_to_be(seed: int, levels: int, halves: int) -> None:
    reach, below = _points(np.random.default_rng(seed), halves, levels)
    wanted = slopes(reach, below, halves)
    for shift in SHIFTS:
        (least,), (most,) = wanted.multipliers(shift)
        tried = [m for m in MULTIPLIERS if _fits(reach, below, halves, m, shift)]
        assert tried == [m for m in MULTIPLIERS if least <= m <= most], shift


def test_values_beyond_what_64_bits_hold_are_refused() -> None:
    code = np.array([[1, 2**20]])
    reach = Points(np.array([[0, 2**45]]), code, np.ones((1, 2), np.bool_))
    with pytest.raises(ModelError, match="span 35,"):
        slopes(reach, reach)
