"""The parts of a split, and dealing rows to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PARTS = ("train", "validation", "test")

SHARES = np.array([0.70, 0.15, 0.15])


def random_split(count: int, seed: int) -> NDArray[np.uint8]:
    """Part of each of `count` rows, dealt 70/15/15 by seed."""
    order = np.random.default_rng(seed).permutation(count)
    bounds = np.round(np.cumsum(SHARES)[:-1] * count).astype(np.int64)
    part = np.empty(count, np.uint8)
    for index, rows in enumerate(np.split(order, bounds)):
        part[rows] = index
    return part
