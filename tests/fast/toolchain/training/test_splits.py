"""Rows are dealt class by class."""

from __future__ import annotations

import numpy as np

from toolchain.training.splits import stratified_split


def test_each_class_is_in_each_part_by_its_share() -> None:
    y = np.repeat(np.arange(3, dtype=np.uint8), (700, 20, 7))
    parts = stratified_split(y, 5)
    counts = [np.bincount(parts[y == label], minlength=3).tolist() for label in range(3)]
    assert counts == [[490, 105, 105], [14, 3, 3], [5, 1, 1]]
    assert (parts == stratified_split(y, 5)).all()
    assert (parts != stratified_split(y, 6)).any()
