"""The softmax of whole numbers is near the real one, and refuses what its 32 bits do not hold."""

from __future__ import annotations

import numpy as np
import pytest

from toolchain.errors import ModelError
from toolchain.graph.ops import Softmax
from toolchain.graph.types import TensorType


@pytest.mark.parametrize("scale", [0.01, 0.2, 3.0])
@pytest.mark.parametrize("shape", [(7,), (3, 4, 2)])
def test_it_is_within_a_code_of_the_real_one(scale: float, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).integers(-128, 128, (50, *shape)).astype(np.int8)
    found = Softmax(scale).run(x)
    wide = x.astype(np.float64) * scale
    real = np.exp(wide - wide.max(axis=-1, keepdims=True))
    real /= real.sum(axis=-1, keepdims=True)
    assert np.abs(found - np.minimum(256 * real - 128, 127)).max() <= 1
    kind = Softmax(scale).result(TensorType(shape, -128, 127))
    assert (kind.shape, kind.element.datatype) == (shape, "INT8")


def test_an_answer_does_not_hang_on_its_neighbours() -> None:
    x = np.random.default_rng(1).integers(-128, 128, (50, 10)).astype(np.int8)
    assert np.array_equal(Softmax(0.1).run(x)[7:8], Softmax(0.1).run(x[7:8]))


@pytest.mark.parametrize(("scale", "channels"), [(1e-9, 10), (0.1, 5000)])
def test_what_does_not_fit_is_refused(scale: float, channels: int) -> None:
    with pytest.raises(ModelError):
        Softmax(scale).result(TensorType((channels,), -128, 127))
