"""The parts of a split, and dealing rows to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PARTS = ("train", "validation", "test")

SHARES = np.array([0.70, 0.15, 0.15])


def stratified_split(y: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Part of each row, dealt 70/15/15 class by class by seed: no part lacks a class that has seven rows."""
    rng = np.random.default_rng(seed)
    part = np.zeros(len(y), np.uint8)
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        part[rows] = random_split(len(rows), int(rng.integers(1 << 31)))
    return part


def random_split(count: int, seed: int) -> NDArray[np.uint8]:
    """Part of each of `count` rows, dealt 70/15/15 by seed."""
    order = np.random.default_rng(seed).permutation(count)
    bounds = np.round(np.cumsum(SHARES)[:-1] * count).astype(np.int64)
    part = np.empty(count, np.uint8)
    for index, rows in enumerate(np.split(order, bounds)):
        part[rows] = index
    return part
