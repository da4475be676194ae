"""Random vectors cover the input's range, and repeat."""

from __future__ import annotations

import numpy as np

from toolchain.runtime.proof_vectors import random_vectors
from toolchain.runtime.span import Span


def test_random_vectors_keep_their_range_and_repeat() -> None:
    first, again = (random_vectors((4, 3), np.float32, Span(-2.0, 6.0), 200) for _ in range(2))
    assert np.array_equal(first.x, again.x) and first.x.shape == (200, 4, 3)
    assert first.x.min() == -2 and first.x.max() == 6


def test_random_integers_cover_their_range_in_its_steps() -> None:
    images = random_vectors((784,), np.uint8, Span(0, 255, 1), 200).x
    assert images.dtype == np.uint8 and len(np.unique(images)) == 256
    assert set(np.unique(random_vectors((9,), np.float32, Span(-1, 1, 2), 50).x)) == {-1.0, 1.0}
