"""Fixed-point arithmetic beside the real numbers that it stands for, and its rounding at halves."""

from __future__ import annotations

import numpy as np
import pytest

from toolchain.errors import ModelError
from toolchain.graph.fixed_point import (
    exp_of_negative,
    high_product,
    multiplier_of,
    multiply,
    reciprocal,
    rounded_shift,
)


@pytest.mark.parametrize("real", [0.75, 1.0, 3.1e-5, 2.0**-20, 1234.5, 1 - 2.0**-40])
def test_a_multiplier_is_the_nearest(real: float) -> None:
    multiplier, shift = multiplier_of(real)
    assert 2**30 <= multiplier < 2**31
    assert abs(multiplier * 2.0 ** (shift - 31) / real - 1) <= 2.0**-31


@pytest.mark.parametrize("real", [-0.1, float("nan"), float("inf"), 2.0**40])
def test_what_is_no_factor_is_refused(real: float) -> None:
    with pytest.raises(ModelError, match="between scales"):
        multiplier_of(real)
    assert multiplier_of(0.0) == multiplier_of(1e-30) == (0, 0)


def test_halves_go_away_from_zero() -> None:
    x = np.array([-5, -3, -1, 1, 3, 5])
    assert rounded_shift(x, 1).tolist() == [-3, -2, -1, 1, 2, 3]
    assert high_product(x, 2**30).tolist() == [-2, -1, 0, 1, 2, 3]
    assert multiply(x, 2**30, 3).tolist() == (x * 4).tolist()


def test_a_product_of_the_least_numbers_saturates() -> None:
    assert high_product(np.array([-(2**31)]), -(2**31)).tolist() == [2**31 - 1]


@pytest.mark.parametrize("bits", [0, 2, 5])
def test_an_exponential(bits: int) -> None:
    x = -np.linspace(0, 2**bits, 5000, endpoint=False)
    raw = (x * 2.0 ** (31 - bits)).astype(np.int64)
    found = exp_of_negative(raw, bits) / 2.0**31
    assert np.abs(found - np.exp(raw / 2.0 ** (31 - bits))).max() < 3e-7


def test_a_reciprocal() -> None:
    x = np.linspace(1, 2000, 5000)
    inverse, excess = reciprocal((x * 2**19).astype(np.int64), 12)
    assert np.abs(inverse / 2.0**31 / 2.0**excess * x - 1).max() < 1e-5
