"""Figures of merit of a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.results.facts.network import ClassScores, Confusion, Scores


def confusion_matrix(truth: NDArray[Any], predicted: NDArray[Any], classes: int) -> NDArray[np.int64]:
    """Counts by true class (rows) and predicted class (columns)."""
    pairs = truth.astype(np.int64) * classes + predicted.astype(np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def evaluate(truth: NDArray[Any], predicted: NDArray[Any], names: Sequence[str], split: str = "blocked") -> Scores:
    """Accuracy, macro-F1, and per class precision, recall, F1, false-negative rate and support.

    Classes without a single true row are left out of the macro-F1, and their figures are None.

    Args:
        split: which split the rows are a part of.
    """
    matrix = confusion_matrix(truth, predicted, len(names))
    per_class = {name: _figures(matrix, index) for index, name in enumerate(names)}
    scores = [figures.f1 for figures in per_class.values() if figures.f1 is not None]
    return Scores(
        split=split,
        windows=len(truth),
        accuracy=float(np.trace(matrix) / max(1, matrix.sum())),
        macro_f1=float(np.mean(scores)) if scores else None,
        per_class=per_class,
        confusion=Confusion(classes=tuple(names), matrix=tuple(map(tuple, matrix.tolist()))),
    )


def _figures(matrix: NDArray[np.int64], index: int) -> ClassScores:
    hits, true, claimed = (int(v) for v in (matrix[index, index], matrix[index].sum(), matrix[:, index].sum()))
    if true == 0:
        return ClassScores(precision=None, recall=None, f1=None, false_negative_rate=None, support=0)
    return ClassScores(
        precision=hits / claimed if claimed else 0.0,
        recall=hits / true,
        f1=2 * hits / (true + claimed),
        false_negative_rate=1 - hits / true,
        support=true,
    )


def told(f1: float | None) -> str:
    """A macro-F1 in a few words."""
    return "none, without a true row" if f1 is None else f"{f1:.4f}"
