"""The uniform form is the thresholds themselves, on every value that can come in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain.errors import ModelError
from toolchain.graph.fixed_point import multiply
from toolchain.graph.ops import Threshold, Uniform
from toolchain.graph.thresholds import bisect_thresholds
from toolchain.graph.types import TensorType
from toolchain.graph.uniform import with_uniform


def _table(scales: np.ndarray, offsets: np.ndarray, low: int, high: int, levels: int) -> np.ndarray:
    """Thresholds of ``clip(rint(x * scale) + offset, 0, levels)``."""
    x = np.arange(low, high + 1)
    codes = np.clip(np.rint(x[:, None] * scales) + offsets, 0, levels)
    return np.stack([low + (codes < q).sum(axis=0) for q in range(1, levels + 1)], axis=1)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 255), st.integers(4, 5000))
def test_a_scaled_rounding_is_found_and_is_exact(seed: int, levels: int, reach: int) -> None:
    random = np.random.default_rng(seed)
    channels = 4
    scales = random.uniform(0.2, 3, channels) * levels / reach
    table = _table(scales, random.integers(-20, 20, channels), -reach, reach, levels)
    op = Threshold(table)
    kind = TensorType((channels,), -reach, reach)
    found = with_uniform(op, kind)
    x = np.broadcast_to(np.arange(-reach, reach + 1)[:, None], (2 * reach + 1, channels))
    assert np.array_equal(found.run(x), op.run(x))
    assert found.uniform is not None
    assert found.uniform.found.mean() >= 0.75


def test_what_is_no_scaling_keeps_its_thresholds() -> None:
    op = Threshold(np.array([[0, 1, 100, 101, 5000], [0, 10, 20, 30, 40]]))
    found = with_uniform(op, TensorType((2,), -9000, 9000))
    assert found.uniform is not None
    assert found.uniform.found.tolist() == [False, True]
    x = np.broadcast_to(np.arange(-9000, 9001)[:, None], (18001, 2))
    assert np.array_equal(found.run(x), op.run(x))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 4), st.sampled_from([1, 4]))
def test_rounding_twice_away_from_zero_has_an_offset_of_negatives(seed: int, shift: int, tables: int) -> None:
    """As TFLite rescales: a product is rounded, then its shift."""
    random = np.random.default_rng(seed)
    multipliers = random.integers(2**30, 2**31, 4) if tables == 4 else np.full(4, random.integers(2**30, 2**31))
    x = np.broadcast_to(np.arange(-2000, 2001)[:, None], (4001, 4))
    codes = np.clip(multiply(x, multipliers, -shift) + random.integers(-40, 40), -128, 127) + 128
    table = np.stack([np.searchsorted(c, np.arange(1, 256)) - 2000 for c in codes.T])[:tables]
    found = with_uniform(Threshold(table, 1, -128), TensorType((4,), -2000, 2000))
    assert np.array_equal(found.run(x), codes - 128)
    assert found.uniform is not None
    assert found.uniform.found.mean() >= 0.75
    assert found.result(TensorType((4,), -2000, 2000)).shape == (4,)


def test_a_form_with_a_wrong_offset_of_negatives_is_refused() -> None:
    table = np.array([[-25, -15, -5, 5, 15, 25]])
    good = Uniform(np.array([1]), np.array([35]), np.array([0]), np.array([35]))
    wrong = Uniform(np.array([205]), np.array([7168]), np.array([11]), np.array([900]))
    assert good.parts["negative"].tolist() == [35]
    with pytest.raises(ModelError, match="its uniform form gives other codes"):
        Threshold(table, uniform=wrong).result(TensorType((1,), -100, 100))


@pytest.mark.parametrize("at", [-100, 101])
def test_a_channel_that_never_changes_has_a_form(at: int) -> None:
    op = Threshold(np.full((1, 3), at))
    found = with_uniform(op, TensorType((1,), -100, 100))
    assert found.uniform is not None
    assert found.uniform.found.all()
    x = np.arange(-100, 101)[:, None]
    assert np.array_equal(found.run(x), op.run(x))


@pytest.mark.parametrize("at", [0, 3, 16])
def test_a_product_and_shift_that_both_round_are_one_line(at: int) -> None:
    """As TFLite rescales accumulators of many bits: multipliers of 31 bits, found in every channel."""
    random = np.random.default_rng(at)
    multipliers, reach = random.integers(2**30, 2**31, 16)[:, None], 255 << at
    shift = -(at + 1)

    def codes(x: np.ndarray) -> np.ndarray:
        return np.clip(multiply(x, multipliers, shift), -128, 127) + 128

    kind = TensorType((16,), -reach, reach)
    table = bisect_thresholds(codes, kind.low, kind.high, 255)
    found = with_uniform(Threshold(table), kind)
    assert found.uniform is not None
    assert found.uniform.found.all()
    x = random.integers(-reach, reach + 1, (16, 3000))
    assert np.array_equal(found.run(x.T), codes(x).T)
