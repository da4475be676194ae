"""How many random vectors there are: fewer of large inputs, of large answers, and of large tensors on the way."""

from __future__ import annotations

import numpy as np
import pytest

from toolchain.runtime.given_data import Data
from toolchain.runtime.proof_vectors import Feed


@pytest.mark.parametrize(
    ("wide", "answer", "rows"),
    [(4, 5, 1000), (64, 5, 64), (1024, 5, 16), (4, 1 << 17, 128), (4, 1 << 22, 4), (1024, 1 << 22, 4), (4, 1 << 30, 2)],
)
def test_large_vectors_are_fewer(wide: int, answer: int, rows: int) -> None:
    feed = Feed("x", (wide,), np.uint8)
    assert len(Data(None, elements=1 << 12).vectors([feed], answer).x) == rows


@pytest.mark.parametrize(("tensor", "rows"), [(1 << 18, 1000), (1 << 22, 64), (37_748_736, 7), (1 << 30, 2)])
def test_large_tensors_make_them_fewer_too(tensor: int, rows: int) -> None:
    feed = Feed("x", (4,), np.uint8)
    assert len(Data(None, elements=1 << 12).vectors([feed], 5, tensor).x) == rows
