"""The look-up of identifiers alone: what a network must clearly beat to have learnt anything."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.training.dataset import Dataset


def majority_by_identifier(
    identifier: NDArray[np.uint32], y: NDArray[np.uint8], classes: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """The known identifiers, ascending, and the most frequent class of each."""
    known, rows = np.unique(identifier, return_inverse=True)
    counts = np.bincount(rows * classes + y, minlength=len(known) * classes)
    return known, counts.reshape(len(known), classes).argmax(axis=1).astype(np.uint8)


def identifier_lookup_baseline(
    dataset: Dataset, split: str = "blocked", part: str = "test"
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Truth and prediction, uint8 (n,), of the look-up fitted on the training part of a split.

    An identifier that training never showed gets the class that is most frequent, among the
    training windows, for identifiers that occur only once; normal where there are none.
    """
    train, rows = dataset.rows(split, "train"), dataset.rows(split, part)
    classes, identifier = len(dataset.classes), dataset.columns["identifier"]
    known, table = majority_by_identifier(identifier[train], dataset.y[train], classes)
    rare = _class_of_rare(identifier[train], dataset.y[train], classes)
    place = np.searchsorted(known, identifier[rows]).clip(max=len(known) - 1)
    found = known[place] == identifier[rows]
    return dataset.y[rows], np.where(found, table[place], rare).astype(np.uint8)


def _class_of_rare(identifier: NDArray[np.uint32], y: NDArray[np.uint8], classes: int) -> int:
    _, rows, counts = np.unique(identifier, return_inverse=True, return_counts=True)
    return int(np.bincount(y[counts[rows] == 1], minlength=classes).argmax())
