"""What counts as equal, as near, and as the same label, vector by vector."""

from __future__ import annotations

import numpy as np
import pytest

from toolchain.errors import VerificationError
from toolchain.results.options import RunOptions
from toolchain.runtime import compare as comparing
from toolchain.runtime.compare import compare, finite_rows, magnitudes

ON = RunOptions()


def test_ties_are_allowed_for() -> None:
    reference = np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 1.0]])
    proof = compare(np.array([[0.9, 1.0, 0.0], [0.0, 1.0, 2.0]]), reference, ON)
    assert (proof.labels_equal, proof.differing, proof.equal, proof.first) == (1, 1, 0, 1)


def test_near_ties_only_where_asked_for() -> None:
    reference, got = np.array([[1.0, 0.9999999, 0.0]]), np.array([[0.9, 1.0, 0.0]])
    assert compare(got, reference, ON).differing == 1
    assert compare(got, reference, ON, tie=1e-6).differing == 0


def test_a_value_that_is_no_number_differs() -> None:
    proof = compare(np.array([[np.nan, 1.0]]), np.array([[0.0, 1.0]]), ON, tolerance=0.5)
    assert (proof.near, proof.labels_equal, proof.largest) == (0, 0, np.inf)


def test_nan_equals_nan_and_infinity_equals_infinity() -> None:
    reference = np.array([[np.nan, 1.0], [-np.inf, 2.0], [np.inf, 0.0]])
    assert compare(reference.copy(), reference, ON).exact
    got = np.array([[0.0, 1.0], [np.inf, 2.0], [1e30, 0.0]])
    proof = compare(got, reference, ON, tolerance=1.0)
    assert (proof.equal, proof.near) == (0, 0)
    assert finite_rows(np.array([[1.0, 2.0], [np.nan, 1.0], [np.inf, 1.0]])).tolist() == [True, False, False]


def test_one_extreme_vector_does_not_swallow_the_others() -> None:
    reference = np.array([[1.0, 2.0], [2.0, 1.0], [1e6, 2e6]])
    got = np.array([[1.5, 2.0], [2.0, 1.0], [1e6, 2e6 + 1]])
    proof = compare(got, reference, ON, tie=1e-5, tolerance=1e-5)
    assert proof.near_rows.tolist() == [False, True, True]
    swapped = compare(np.array([[2.0, 1.0], [2.0, 1.0], [1e6, 2e6]]), reference, ON, tie=1e-5)
    assert swapped.label_rows.tolist() == [False, True, True]


def test_a_large_output_does_not_swallow_a_small_one() -> None:
    reference = np.tile([1000.0, 1e-6], (5, 1))
    assert compare(reference + np.array([0.0, 1e-7]), reference, ON, tolerance=1e-5).near == 0
    assert compare(reference + np.array([1e-3, 0.0]), reference, ON, tolerance=1e-5).near == 5


def test_a_value_that_happens_to_be_near_zero_is_measured_by_its_output() -> None:
    reference = np.array([[1.0], [-2.0], [1e-9]])
    assert compare(reference + 1e-6, reference, ON, tolerance=1e-5).near == 3


def test_a_single_value_has_no_label_but_a_single_integer_is_one() -> None:
    assert not compare(np.ones((2, 1)), np.ones((2, 1)), ON).labelled
    labels = compare(np.array([[3], [0]]), np.array([[3], [1]]), ON)
    assert labels.labelled and labels.labels_equal == 1


def test_shapes_that_do_not_match() -> None:
    with pytest.raises(VerificationError, match=r"shape \(2, 3\) where the reference has \(2, 4\)"):
        compare(np.zeros((2, 3)), np.zeros((2, 4)), ON)


@pytest.mark.parametrize("block", [1, 7, 40])
def test_large_outputs_in_blocks_give_the_same(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    random = np.random.default_rng(1)
    reference = random.normal(size=(9, 3, 5)).astype(np.float32)
    reference[:, 1, 2] = 0
    reference[3, 0, 1], reference[4, 2, 2] = np.nan, np.inf
    got = reference * (1 + 1e-5 * random.normal(size=reference.shape)).astype(np.float32)
    got[5] = reference[5]
    whole, sizes = compare(got, reference, ON, tie=1e-6, tolerance=1e-5), magnitudes(reference)
    assert 0 < whole.near < whole.compared
    monkeypatch.setattr(comparing, "_BLOCK", block)
    parts = compare(got, reference, ON, tie=1e-6, tolerance=1e-5)
    for rows in ("equal_rows", "near_rows", "label_rows"):
        assert np.array_equal(getattr(parts, rows), getattr(whole, rows))
    assert (parts.largest, parts.relative) == (whole.largest, whole.relative)
    assert np.array_equal(magnitudes(reference), sizes)
