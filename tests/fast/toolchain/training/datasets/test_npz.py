from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolchain.errors import DataError
from toolchain.training.datasets.npz import read_npz
from toolchain.training.datasets.settings import DataSettings

X, Y = np.arange(24.0).reshape(6, 4), np.array([1.0, 2, 1, 2, 1, 2])


def _settings(**more: Any) -> DataSettings:
    return DataSettings.model_validate({"format": "npz", **more})


def _file(folder: Path, **arrays: Any) -> Path:
    path = folder / "data.npz"
    np.savez(path, **arrays)
    return path


def test_inputs_and_classes(tmp_path: Path) -> None:
    rows = read_npz(_file(tmp_path, x=X, y=Y), _settings())
    assert np.array_equal(rows.x, X)
    assert rows.labels.tolist() == ["1", "2"] * 3
    assert (rows.key, rows.axis) == (None, 1)


def test_arrays_of_other_names_and_a_group(tmp_path: Path) -> None:
    path = _file(tmp_path, signal=X, kind=Y.astype(np.str_), who=np.arange(6))
    rows = read_npz(path, _settings(columns=["signal"], label="kind", split={"by": "group", "key": "who"}))
    assert rows.key is not None and rows.key.tolist() == list("012345")
    assert rows.labels.tolist()[0] == "1.0"


def test_parts_that_the_file_names(tmp_path: Path) -> None:
    path = _file(tmp_path, x_train=X[:4], y_train=Y[:4], x_test=X[4:], y_test=Y[4:])
    rows = read_npz(path, _settings(split={"by": "given"}))
    assert rows.key is not None and rows.key.tolist() == ["train"] * 4 + ["test"] * 2
    assert read_npz(path, _settings(split={"by": "time"})).key is None


@pytest.mark.parametrize(
    ("shape", "made"), [((6, 5, 7), (6, 1, 5, 7)), ((6, 8, 8, 3), (6, 3, 8, 8)), ((6, 3, 8, 8), (6, 3, 8, 8))]
)
def test_channels_come_first(shape: tuple[int, ...], made: tuple[int, ...], tmp_path: Path) -> None:
    rows = read_npz(_file(tmp_path, x=np.zeros(shape, np.uint8), y=Y), _settings())
    assert (rows.x.shape, rows.axis) == (made, None)


def test_rows_with_a_missing_value_may_be_left_out_and_are_counted(tmp_path: Path) -> None:
    x = X.copy()
    x[2, 3] = np.nan
    path = _file(tmp_path, x=x, y=Y)
    with pytest.raises(DataError, match=r"x\[2, 3\]: nan: should be a number; or say missing: skip"):
        read_npz(path, _settings())
    rows = read_npz(path, _settings(missing="skip"))
    assert (len(rows), rows.counted) == (5, {"rows with a missing value left out": 1})


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": X}, "no array 'y' (it holds x); name it in the recipe: data.columns"),
        ({"inputs": X, "y": Y}, "no array 'x' (it holds inputs, y)"),
        ({"x": X, "y": Y[:5]}, "y has 5 rows, x has 6; they should match"),
        ({"x": X, "y": np.eye(6)}, "y: float64 (6, 6): should be one number or text a row"),
        ({"x": X[:, 0], "y": Y}, "x: float64 (6,): should be numbers, a row each"),
        ({"x": X.astype(object), "y": Y}, "arrays should hold numbers or texts, not objects"),
        ({"x_train": X, "y_train": Y, "x_test": X[:, :3], "y_test": Y}, "those of all parts should have one shape"),
    ],
)
def test_an_archive_that_cannot_be_used(arrays: dict[str, Any], words: str, tmp_path: Path) -> None:
    path = _file(tmp_path, **arrays)
    with pytest.raises(DataError) as caught:
        read_npz(path, _settings())
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"text"])
def test_what_is_no_archive(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"data\.npz: "):
        read_npz(path, _settings())
    np.save(tmp_path / "one.npy", X)
    with pytest.raises(DataError, match="is one array; save an archive"):
        read_npz(tmp_path / "one.npy", _settings())
