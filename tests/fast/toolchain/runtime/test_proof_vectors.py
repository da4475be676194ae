"""Random vectors cover the input's range, and repeat."""

from __future__ import annotations

import numpy as np

from toolchain.runtime.proof_vectors import Feed, random_vectors
from toolchain.runtime.span import Span


def test_random_vectors_keep_their_range_and_repeat() -> None:
    first, again = (random_vectors([Feed("x", (4, 3), np.float32, Span(-2.0, 6.0))], 200) for _ in range(2))
    assert np.array_equal(first.x, again.x) and first.x.shape == (200, 4, 3)
    assert first.x.min() == -2 and first.x.max() == 6


def test_random_integers_cover_their_range_in_its_steps() -> None:
    images = random_vectors([Feed("x", (784,), np.uint8, Span(0, 255, 1))], 200).x
    assert images.dtype == np.uint8 and len(np.unique(images)) == 256
    assert set(np.unique(random_vectors([Feed("x", (9,), np.float32, Span(-1, 1, 2))], 50).x)) == {-1.0, 1.0}


def test_several_inputs_are_fields_of_their_own() -> None:
    feeds = [Feed("a", (4, 3), np.float32), Feed("b", (2,), np.int8, Span(-128, 127, 1))]
    x = random_vectors(feeds, 50).x
    assert (len(x), x["a"].shape, x["b"].shape, x["b"].dtype) == (50, (50, 4, 3), (50, 2), np.int8)
