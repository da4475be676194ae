"""A threshold's form for many values at once counts as the thresholds do, or there is none."""

from __future__ import annotations

import numpy as np
import pytest

from toolchain.graph.ops import Threshold, Uniform
from toolchain.kernels.scaling import Scaling, scaling


def _threshold(multiplier: int, shift: int, offset: int, negative: int | None, *, step: int = 1) -> Threshold:
    """The form, and another channel that is always at its least code."""
    form = Uniform(
        np.array([multiplier, 0]),
        np.array([offset, -3]),
        np.array([shift, 0]),
        None if negative is None else np.array([negative, -3]),
    )
    return Threshold(np.zeros((2, 9), np.int64), step=step, least=-4, uniform=form)


def _codes(form: Scaling, x: np.ndarray) -> np.ndarray:
    offset = form.offset if form.negative is None else np.where(x < 0, form.negative, form.offset)
    return np.clip((x * form.multiplier + offset) >> form.shift, form.low, form.high)


@pytest.mark.parametrize(
    ("multiplier", "shift", "halves"), [(3, 4, True), (2**30, 33, True), (5, 2, False), (2**31 - 1, 40, True)]
)
@pytest.mark.parametrize("negative", [None, 52])
def test_codes_are_those_of_the_node(multiplier: int, shift: int, halves: bool, negative: int | None) -> None:
    op = _threshold(multiplier, shift, 55, negative)
    form = scaling(op, 2, 4000)
    assert form is not None and form.halves == halves
    x = np.arange(-4000, 4001)[:, None]
    own = np.where(x < 0, 55 if negative is None else negative, 55)
    expected = np.clip((x[:, 0] * multiplier + own[:, 0]) >> shift, 0, 9) - 4
    np.testing.assert_array_equal(_codes(form, x), np.stack([expected, np.full(8001, -4)], axis=1))


def test_offsets_far_apart_are_not_widened() -> None:
    form = scaling(_threshold(3, 4, 55, -77), 2, 4000)
    assert form is not None and not form.halves and form.negative is not None
    assert np.abs(form.negative - form.offset).max() < 2**31


@pytest.mark.parametrize(
    "op",
    [_threshold(2**31, 40, 0, None), _threshold(1, 0, 2**31, None), _threshold(3, 40, 0, -(2**31))],
)
def test_numbers_beyond_a_register_have_no_form(op: Threshold) -> None:
    assert scaling(op, 2, 10) is None


def test_steps_and_channels_without_a_line_have_no_form() -> None:
    assert scaling(_threshold(3, 4, 0, None, step=2), 2, 10) is None
    assert scaling(_threshold(3, -1, 0, None), 2, 10) is None


def test_a_channel_without_a_slope_must_not_ask_for_a_sign() -> None:
    form = Uniform(np.array([0]), np.array([3]), np.array([0]), np.array([2]))
    assert scaling(Threshold(np.zeros((1, 9), np.int64), uniform=form), 1, 10) is None
