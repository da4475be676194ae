"""Vectors for third-party models: from files that fit, or random within the input's range."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolchain.errors import DataError
from toolchain.runtime.golden import random_vectors, read_vectors
from toolchain.runtime.span import Span

SHAPE = (1, 2, 2)
X = np.arange(12, dtype=np.float64).reshape(3, 1, 2, 2)


def _file(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "c.npz", **arrays)
    return folder / "c.npz"


def test_rows_and_classes_are_read(tmp_path: Path) -> None:
    vectors = read_vectors(_file(tmp_path, x=X, y=np.array([1, 0, 2], np.uint8)), SHAPE, np.float32)
    assert (vectors.x.dtype, vectors.x.shape, vectors.kind) == (np.float32, (3, 1, 2, 2), "calibration")
    assert vectors.truth is not None and vectors.truth.tolist() == [1, 0, 2]


def test_flat_rows_take_the_models_shape(tmp_path: Path) -> None:
    assert np.array_equal(read_vectors(_file(tmp_path, x=X.reshape(3, 4)), SHAPE, np.float32).x, X)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((3, 5))}, r"x has shape \(3, 5\); the model takes \(N, 1, 2, 2\)"),
        ({"x": np.zeros((0, 1, 2, 2))}, r"expected numbers, shape \(N, 1, 2, 2\)"),
        ({"x": np.array(["a"])}, "expected numbers"),
        ({"x": np.full((3, 1, 2, 2), np.nan)}, "not finite"),
        ({"images": X}, "holds images; expected `x`"),
        ({"x": X, "y": np.zeros(2, int)}, r"y is int64 of shape \(2,\); expected class indices, shape \(3,\)"),
        ({"x": X, "y": np.zeros(3)}, "y is float64"),
        ({"x": np.array([object()])}, "not a readable npz file"),
    ],
)
def test_files_that_do_not_fit(arrays: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = _file(tmp_path, **arrays)
    with pytest.raises(DataError, match=message) as caught:
        read_vectors(path, SHAPE, np.float32)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04 but no more", b"plain text"])
def test_files_that_are_no_npz(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "c.npz").write_bytes(raw)
    with pytest.raises(DataError, match="not a readable npz file"):
        read_vectors(tmp_path / "c.npz", SHAPE, np.float32)


def test_random_vectors_keep_their_range_and_repeat() -> None:
    first, again = (random_vectors((4, 3), np.float32, Span(-2.0, 6.0), 200) for _ in range(2))
    assert np.array_equal(first.x, again.x) and first.x.shape == (200, 4, 3)
    assert first.x.min() == -2 and first.x.max() == 6


def test_random_integers_cover_their_range_in_its_steps() -> None:
    images = random_vectors((784,), np.uint8, Span(0, 255, 1), 200).x
    assert images.dtype == np.uint8 and len(np.unique(images)) == 256
    assert set(np.unique(random_vectors((9,), np.float32, Span(-1, 1, 2), 50).x)) == {-1.0, 1.0}
