from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fast.toolchain.fabricated import records
from toolchain.errors import BuildError
from toolchain.files import hash_outputs, write_atomic
from toolchain.layout import Layout, Request
from toolchain.results.check import Check, Sums
from toolchain.results.facts import FoldFacts, SimulateFacts
from toolchain.results.model import OtherVersionError
from toolchain.results.record import StageRecord, read_record, token_of, write_record

CHECKS = {"x": Check(3, 3, "outputs", "test set"), "y": Check(2, 1, "labels", "random", allowed=1)}
RECORD = StageRecord(
    stage="simulate",
    seconds=1.5,
    outputs={"a": "00"},
    checks=CHECKS,
    facts=SimulateFacts(latency_cycles=50, initiation_interval=20),
    tools={"t": "2"},
    causes=("recipe:1",),
)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(Request("ulx3s", "cqmlp", fps=4e5), tmp_path)
    write_record(made.record("simulate"), RECORD)
    return made


def test_a_record_survives_its_file(layout: Layout) -> None:
    assert read_record(layout, "simulate") == RECORD


def test_every_facts_model_survives_its_file_and_keeps_the_keys_that_were_said(layout: Layout) -> None:
    for stage, one in records().items():
        write_record(layout.record(stage), one)
        read = read_record(layout, stage)
        assert read == one
        assert token_of(read) == token_of(one)


def test_verified_sums_checks_and_is_none_without_any() -> None:
    assert RECORD.verified == Sums(5, 4)
    assert StageRecord(stage="fold", seconds=0, outputs={}).verified is None


def test_a_check_is_kept_where_no_more_differ_than_may() -> None:
    assert Check(3, 2, "labels", "random", allowed=1).kept
    assert not Check(3, 2, "labels", "random").kept


def test_other_facts_than_asked_for_are_refused() -> None:
    with pytest.raises(BuildError, match="simulate: its record holds SimulateFacts instead of FoldFacts"):
        RECORD.facts_as(FoldFacts)


@pytest.mark.parametrize("version", [StageRecord.VERSION - 1, StageRecord.VERSION + 1, None])
def test_a_record_of_another_version_says_which_build_to_run_again(layout: Layout, version: int | None) -> None:
    path = layout.record("simulate")
    raw = json.loads(path.read_text())
    raw |= {"version": version} if version else {}
    if version is None:
        del raw["version"]
    path.write_text(json.dumps(raw))
    with pytest.raises(OtherVersionError) as caught:
        read_record(layout, "simulate")
    assert str(path) in str(caught.value)
    assert "run `make build BOARD=ulx3s MODEL=cqmlp RECIPE=default STRATEGY=folded FPS=400000` again" in str(
        caught.value
    )


def test_the_token_covers_all_but_the_time() -> None:
    def changed(**change: object) -> str:
        return token_of(StageRecord.model_validate({**dict(RECORD), **change}))

    assert changed(seconds=9) == token_of(RECORD)
    facts = SimulateFacts(latency_cycles=51, initiation_interval=20)
    for change in ({"outputs": {"a": "01"}}, {"facts": facts}, {"checks": {}}, {"tools": {"t": "3"}}):
        assert changed(**change) != token_of(RECORD)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("seconds", True, "seconds: True: "),
        ("seconds", -1, "seconds: -1: "),
        ("outputs", 3, "outputs: 3: "),
        ("facts", {"form": "simulate", "latency_cycles": 1}, "initiation_interval: is missing"),
        ("facts", {"form": "guess"}, "facts: "),
        ("checks", {"x": {"compared": 3}}, "checks.x.equal: is missing"),
        ("verified", {}, "verified: is unknown"),
    ],
)
def test_what_cannot_be_is_named_with_its_key(layout: Layout, key: str, value: object, words: str) -> None:
    path = layout.record("simulate")
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(BuildError) as caught:
        read_record(layout, "simulate")
    assert words in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", '{"checks": 3', "[" * 100_000])
def test_what_is_no_record_is_named(layout: Layout, text: str) -> None:
    layout.record("simulate").write_text(text)
    with pytest.raises(BuildError, match=r"simulate.json: not a stage record"):
        read_record(layout, "simulate")


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
