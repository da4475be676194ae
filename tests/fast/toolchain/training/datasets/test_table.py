from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolchain.errors import DataError
from toolchain.training.datasets.settings import DataSettings
from toolchain.training.datasets.table import numeric_columns, read_csv

TEXT = "a,b,kind,who\n1,2.5,x,p\n\n3,-4,y,q\n"


def _settings(**more: Any) -> DataSettings:
    return DataSettings.model_validate({"format": "csv", "label": "kind", **more})


def _file(folder: Path, text: str | bytes) -> Path:
    path = folder / "data.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_all_columns_but_label_and_key_are_inputs(tmp_path: Path) -> None:
    rows = read_csv(_file(tmp_path, TEXT), _settings(split={"by": "group", "key": "who"}))
    assert rows.x.tolist() == [[1, 2.5], [3, -4]]
    assert rows.names == ("a", "b")
    assert rows.key is not None
    assert (rows.labels.tolist(), rows.key.tolist()) == (["x", "y"], ["p", "q"])
    assert rows.counted["blank lines left out"] == 1


@pytest.mark.parametrize(
    "text", [TEXT.replace(",", ";"), TEXT.replace(",", "\t"), "\ufeff" + TEXT, TEXT.replace("\n", "\r\n")]
)
def test_other_separators_line_ends_and_a_mark_in_front(text: str, tmp_path: Path) -> None:
    rows = read_csv(_file(tmp_path, text), _settings(columns=["b", "a"]))
    assert rows.x.tolist() == [[2.5, 1], [-4, 3]]


def test_a_packed_table(tmp_path: Path) -> None:
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(TEXT.encode()))
    assert len(read_csv(path, _settings(columns=["a"]))) == 2
    path.write_bytes(gzip.compress(TEXT.encode())[:-9])
    with pytest.raises(DataError, match=r"data\.csv\.gz: cannot be read: "):
        read_csv(path, _settings(columns=["a"]))


def test_whole_numbers_stay_whole(tmp_path: Path) -> None:
    rows = read_csv(_file(tmp_path, "a,kind\n1,x\n200.0,y\n"), _settings())
    assert (rows.x.dtype, rows.x.ravel().tolist()) == (np.int64, [1, 200])


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        ("a,kind\n1,x\n2,x,3\n", {}, "line 3: 3 cells where the header has 2; mend it"),
        ("a,kind\n1,x\n\nabc,x\n", {}, "line 4: column a: 'abc': should be a number; or leave the column out"),
        ("a,kind\n1,x\n1e999,x\n", {}, "line 3: column a: '1e999': should be a number"),
        ("a,kind\n1,x\nNA,x\n", {}, "line 3: column a: a value is missing; or say missing: skip"),
        ("a,kind\n1,\n", {}, "line 2: column kind: a value is missing"),
        ("a,knid\n1,x\n", {}, "no column 'kind'; did you mean knid? (the header has a, knid)"),
        ("a,kind\n1,x\n", {"columns": ["b"]}, "no column 'b'"),
        ("a,kind\n1,x\n", {"columns": ["a", "kind"]}, "'kind' is the label, and cannot be an input, too"),
        ("a,kind\n1,x\n", {"label": None}, "data.label: missing; name the column of the class: one of a, kind"),
        ("a,a,kind\n1,2,x\n", {}, "line 1: 2 columns 'a': every column needs a name of its own"),
        ("kind\nx\n", {}, "no column is left for the inputs"),
        ("a,kind\n", {}, "no line with values below the header"),
        (b"a,kind\n1,\xff\n", {}, "is not UTF-8; save the table as UTF-8"),
    ],
)
def test_a_table_that_cannot_be_used(text: str | bytes, more: dict[str, Any], words: str, tmp_path: Path) -> None:
    path = _file(tmp_path, text)
    with pytest.raises(DataError) as caught:
        read_csv(path, _settings(**more))
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)


def test_lines_with_a_missing_value_may_be_left_out_and_are_counted(tmp_path: Path) -> None:
    rows = read_csv(_file(tmp_path, "a,kind\n1,x\nNaN,x\n,x\n2,\n3,y\n"), _settings(missing="skip"))
    assert rows.x.ravel().tolist() == [1, 3]
    assert rows.counted["lines with a missing value left out"] == 3


def test_a_word_among_numbers_is_no_reason_to_leave_a_column_out(tmp_path: Path) -> None:
    lines = ["a,b,name,label", *(f"{'foo' if i == 7 else i},{i},n{i},{i % 2}" for i in range(20))]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines) + "\n")
    assert numeric_columns(path, 50) == ["a", "b", "label"]
