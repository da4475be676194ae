from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from toolchain.errors import BuildError
from toolchain.files import hash_outputs, write_atomic
from toolchain.results.record import Check, StageRecord, read_record, token_of, write_record

CHECKS = {"x": Check(3, 3, "outputs", "test set"), "y": Check(2, 1, "labels", "random", allowed=1)}
RECORD = StageRecord("simulate", 1.5, {"a": "00"}, CHECKS, {"f": 1}, {"t": "2"})


def test_a_record_survives_its_file(tmp_path: Path) -> None:
    write_record(tmp_path / "record.json", RECORD)
    assert read_record(tmp_path / "record.json") == RECORD


def test_verified_sums_checks_and_is_none_without_any() -> None:
    assert RECORD.verified == {"compared": 5, "equal": 4}
    assert StageRecord("fold", 0, {}).verified is None


def test_a_check_is_kept_where_no_more_differ_than_may() -> None:
    assert Check(3, 2, "labels", "random", allowed=1).kept
    assert not Check(3, 2, "labels", "random").kept


def test_a_record_of_an_older_build_is_read_and_does_not_claim_what_was_compared(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_record(path, RECORD)
    raw = json.loads(path.read_text())
    raw["checks"] = {"x": {"compared": 3, "equal": 3}}
    path.write_text(json.dumps(raw))
    assert read_record(path).checks == {"x": Check(3, 3, "results", "")}


def test_the_token_covers_all_but_the_time() -> None:
    assert token_of(dataclasses.replace(RECORD, seconds=9)) == token_of(RECORD)
    for change in ({"outputs": {"a": "01"}}, {"facts": {"f": 2}}, {"checks": {}}, {"tools": {"t": "3"}}):
        assert token_of(dataclasses.replace(RECORD, **change)) != token_of(RECORD)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"checks": 3}'])
def test_what_is_no_record_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "record.json"
    path.write_text(text)
    with pytest.raises(BuildError, match=r"record.json: not a stage record"):
        read_record(path)


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomic(path, "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(BuildError, match="No space left on device; free some disk space"):
        write_atomic(path, "new")
    assert path.read_text() == "old"


def test_hashes_are_by_relative_path(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_text("abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hash_outputs([tmp_path / "d" / "f"], tmp_path) == {"d/f": digest}
