"""The narrowest type of weights, as MODEL.md, pages and hardware name it."""

from __future__ import annotations

import numpy as np
import pytest

from toolchain.graph.types import weight_type


@pytest.mark.parametrize(
    ("weights", "name"),
    [
        ([-1, 1], "BIPOLAR"),
        ([1, 1], "BIPOLAR"),
        ([-1, 0, 1], "INT2"),
        ([0, 0], "INT2"),
        ([-2, 1], "INT2"),
        ([3, 0], "INT3"),
        ([-4, 3], "INT3"),
        ([-5, 3], "INT4"),
    ],
)
def test_weights_have_the_narrowest_signed_type(weights: list[int], name: str) -> None:
    assert weight_type(np.array([weights])) == name
