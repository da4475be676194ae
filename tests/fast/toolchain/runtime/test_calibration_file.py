"""Calibration files: read where they fit, refused in one line, before memory is taken, where they do not."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolchain.errors import DataError
from toolchain.runtime.calibration_file import array_bytes, read_vectors
from toolchain.runtime.proof_vectors import Feed, Vectors
from toolchain.runtime.span import Span

SHAPE = (1, 2, 2)
X = np.arange(12, dtype=np.float64).reshape(3, 1, 2, 2)


def _read(path: Path, shape: tuple[int, ...], kind: type[np.generic], span: Span | None = None) -> Vectors:
    """Read for a model of one input."""
    return read_vectors(path, [Feed("input", shape, kind, annotated=span)])


def _file(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "c.npz", **arrays)
    return folder / "c.npz"


def test_rows_and_classes_are_read(tmp_path: Path) -> None:
    vectors = _read(_file(tmp_path, x=X, y=np.array([1, 0, 2], np.uint8)), SHAPE, np.float32)
    assert (vectors.x.dtype, vectors.x.shape, vectors.kind) == (np.float32, (3, 1, 2, 2), "calibration")
    assert vectors.truth is not None and vectors.truth.tolist() == [1, 0, 2]


def test_flat_rows_take_the_models_shape(tmp_path: Path) -> None:
    assert np.array_equal(_read(_file(tmp_path, x=X.reshape(3, 4)), SHAPE, np.float32).x, X)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((3, 5))}, r"x has shape \(3, 5\); the model takes \(N, 1, 2, 2\)"),
        ({"x": np.zeros((0, 1, 2, 2))}, r"x has shape \(0, 1, 2, 2\); expected \(N, 1, 2, 2\)"),
        ({"x": np.array(["a"])}, "expected an array of numbers"),
        ({"x": np.where(X == 6, np.nan, X)}, r"x\[1, 0, 1, 0\] is nan; expected finite float32"),
        ({"x": np.where(X == 6, 1e39, X)}, r"x\[1, 0, 1, 0\] is 1e\+39; expected finite float32"),
        ({"images": X}, "holds 'images.npy'; expected an array `x`"),
        ({"x": X, "y": np.zeros(2, int)}, r"y is int64 of shape \(2,\); expected class indices, shape \(3,\)"),
        ({"x": X, "y": np.zeros(2)}, r"y has shape \(2,\); expected a row for each of the 3 of x"),
        ({"x": X, "y": np.array([0, np.inf, 0])}, r"y\[1\] is inf; expected finite numbers"),
        ({"x": X, "y": np.array([0, -1, 1])}, r"y\[1\] is -1; expected class indices, 0 to N-1"),
        ({"x": X, "y": np.array([0, 1, 10**9])}, r"y\[2\] is 1000000000; expected class indices, 0 to N-1"),
        ({"x": np.array([object()])}, "x is object"),
    ],
)
def test_files_that_do_not_fit(arrays: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = _file(tmp_path, **arrays)
    with pytest.raises(DataError, match=message) as caught:
        _read(path, SHAPE, np.float32)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_floats_of_y_are_what_the_outputs_should_be(tmp_path: Path) -> None:
    read = _read(_file(tmp_path, x=X, y=np.full((3, 2), 0.5)), SHAPE, np.float32)
    assert read.truth is None
    assert read.targets is not None
    assert read.targets.shape == (3, 2)


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04 but no more", b"plain text"])
def test_files_that_are_no_npz(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "c.npz").write_bytes(raw)
    with pytest.raises(DataError, match="not a readable npz file"):
        _read(tmp_path / "c.npz", SHAPE, np.float32)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (np.uint8, -2.1, r"x\[1, 0, 1, 0\] is -2.1; the model's input is uint8: whole numbers from 0 to 255"),
        (np.uint8, 0.5, "is 0.5; the model's input is uint8"),
        (np.uint8, 256.0, "is 256.0; the model's input is uint8"),
        (np.uint8, np.inf, "is inf; the model's input is uint8"),
        (np.int64, 2.0**63, "the model's input is int64"),
        (np.bool_, 2.0, "the model's input is bool: whole numbers from 0 to 1"),
    ],
)
def test_values_that_the_input_type_does_not_hold(
    kind: type[np.generic], value: float, message: str, tmp_path: Path
) -> None:
    path = _file(tmp_path, x=np.where(X == 6, value, np.zeros_like(X)))
    with pytest.raises(DataError, match=message):
        _read(path, SHAPE, kind)


def test_whole_floats_and_wide_integers_within_range_are_fine(tmp_path: Path) -> None:
    assert np.array_equal(_read(_file(tmp_path, x=X * 23), SHAPE, np.uint8).x, X * 23)
    wide = np.full((3, 4), 2**62 + 1, np.int64)
    assert np.array_equal(_read(_file(tmp_path, x=wide), (4,), np.int64).x, wide)


def test_an_annotated_range_is_kept(tmp_path: Path) -> None:
    path = _file(tmp_path, x=X)
    assert len(_read(path, SHAPE, np.float32, Span(-8, 11, 1)).x) == 3
    with pytest.raises(DataError, match=r"x\[2, 0, 0, 0\] is 8.0; .*annotated.* from -8 to 7"):
        _read(path, SHAPE, np.float32, Span(-8, 7, 1))


def _packed(folder: Path, name: str, shape: tuple[int, ...], data: bytes) -> Path:
    header = io.BytesIO()
    np.lib.format.write_array_header_2_0(header, {"descr": "<f4", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(folder / "c.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, header.getvalue() + data)
    return folder / "c.npz"


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("x.npy", (1 << 44,), r"x: shape \(17592186044416,\) is 67108864 MiB; 1024 MiB at most"),
        ("x.npy", (1000, 4), r"x: shape \(1000, 4\) is 16000 bytes, of which 64 are there"),
        ("x.npy", (-4, 4), r"of shape \(-4, 4\); expected an array of numbers"),
        ("x", (4, 4), "holds 'x'; expected an array `x`"),
    ],
)
def test_headers_are_checked_before_memory_is_taken(
    name: str, shape: tuple[int, ...], message: str, tmp_path: Path
) -> None:
    path = _packed(tmp_path, name, shape, bytes(64))
    for read in (lambda: _read(path, (4,), np.float32), lambda: array_bytes(path)):
        with pytest.raises(DataError, match=message):
            read()


PAIR = [Feed("left", (2,), np.float32), Feed("right", (3,), np.int8)]


def test_several_inputs_have_an_array_each_by_their_names(tmp_path: Path) -> None:
    left, right = np.arange(8.0).reshape(4, 2), np.arange(12).reshape(4, 3)
    found = read_vectors(_file(tmp_path, left=left, right=right, y=np.arange(4), names=np.array(["a"])), PAIR)
    assert (found.x["left"] == left).all() and (found.x["right"] == right).all() and found.truth is not None


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((4, 2))}, "holds 'x.npy'; expected an array for each input by its name: 'left' is missing"),
        ({"left": np.zeros((4, 2)), "right": np.zeros((3, 3))}, "left has 4, right has 3 rows; expected as many"),
        ({"left": np.zeros((4, 2)), "right": np.full((4, 3), 128)}, r"right\[0, 0\] is 128; the model's input is int8"),
        ({"left": np.zeros((4, 2)), "right": np.zeros((4, 9))}, r"right has shape \(4, 9\); the model takes \(N, 3\)"),
        ({"left": np.array(["a"]), "right": np.zeros((4, 3))}, "left holds no numbers"),
    ],
)
def test_arrays_of_several_inputs_that_do_not_fit(arrays: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        read_vectors(_file(tmp_path, **arrays), PAIR)
