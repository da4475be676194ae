"""Figures of merit against hand-counted ones."""

from __future__ import annotations

import numpy as np
import pytest

from toolchain.training.metrics import confusion_matrix, evaluate

TRUTH = np.array([0, 0, 0, 0, 1, 1, 1, 2])
PREDICTED = np.array([0, 0, 0, 1, 1, 1, 0, 2])


def test_confusion_matrix_counts_truth_by_row() -> None:
    assert confusion_matrix(TRUTH, PREDICTED, 3).tolist() == [[3, 1, 0], [1, 2, 0], [0, 0, 1]]


def test_figures_of_each_class() -> None:
    figures = evaluate(TRUTH, PREDICTED, ["normal", "dos", "fuzzing"])
    dos = figures.per_class["dos"]
    assert dos.precision == pytest.approx(2 / 3)
    assert dos.recall == pytest.approx(2 / 3)
    assert dos.false_negative_rate == pytest.approx(1 / 3)
    assert figures.per_class["normal"].f1 == pytest.approx(3 / 4)
    assert figures.macro_f1 == pytest.approx((3 / 4 + 2 / 3 + 1) / 3)
    assert figures.accuracy == pytest.approx(6 / 8)


def test_class_without_windows_does_not_dilute_the_mean() -> None:
    figures = evaluate(TRUTH, PREDICTED, ["normal", "dos", "fuzzing", "gear"])
    assert figures.per_class["gear"].f1 is None
    assert figures.macro_f1 == pytest.approx((3 / 4 + 2 / 3 + 1) / 3)


def test_class_never_predicted_scores_zero() -> None:
    figures = evaluate(np.array([0, 1]), np.array([0, 0]), ["normal", "dos"])
    assert figures.per_class["dos"].f1 == 0.0
