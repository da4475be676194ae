"""Arrays of a call become files whose names tell what they hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from toolchain.api.given import file_of
from toolchain.errors import DataError

X, Y = np.zeros((3, 2), np.float32), np.array([0, 1, 0])


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path))
    return tmp_path


def _content(path: str | None) -> dict[str, list[object]]:
    assert path is not None
    with np.load(path) as archive:
        return {name: archive[name].tolist() for name in archive.files}


def test_equal_data_are_one_file(elsewhere: Path) -> None:
    first = file_of("test", (X, Y))
    assert _content(first) == {"x": X.tolist(), "y": Y.tolist()}
    assert file_of("test", (X.copy(), [0, 1, 0])) == first
    assert file_of("test", (X + 1, Y)) != first
    assert len([*(elsewhere / ".given").iterdir()]) == 2


def test_inputs_may_come_alone_or_by_name() -> None:
    assert _content(file_of("test", X)) == {"x": X.tolist()}
    assert _content(file_of("test", ({"a": X, "b": X}, Y))).keys() == {"a", "b", "y"}


def test_a_file_is_taken_as_it_is() -> None:
    assert file_of("test", Path("set.npz")) == file_of("test", "set.npz") == "set.npz"
    assert file_of("test", None) is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ((X, [0, 1]), r"test: y is int64 of shape \(2,\); expected class numbers, one for each of the 3 rows of x"),
        ((X, X[:, 0]), r"test: y is float32 of shape \(3,\)"),
        ((X, Y, Y), r"test: a tuple of 3; expected \(x, y\)"),
        (np.array([object()]), "test: an array of type object"),
    ],
)
def test_what_is_no_data_is_named(elsewhere: Path, data: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        file_of("test", data)  # type: ignore[arg-type]
    assert not (elsewhere / ".given").exists()
