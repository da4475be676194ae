from __future__ import annotations

from pathlib import Path

import pytest

from tests.fast.toolchain.fabricated import record
from toolchain.files import sha256
from toolchain.integrity import damaged_stages
from toolchain.layout import Layout, Request
from toolchain.results.record import StageRecord, token_of, write_record


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(Request("b", "m"), tmp_path)
    folder = layout.stage("fold")
    folder.mkdir(parents=True)
    (folder / "folding.json").write_text("{}")
    name = str((folder / "folding.json").relative_to(tmp_path))
    made = record("fold", {name: sha256(folder / "folding.json")})
    write_record(layout.record("fold"), made)
    layout.token("fold").write_text(token_of(made) + "\n")
    return layout


def test_a_whole_stage_is_not_damaged(layout: Layout) -> None:
    assert damaged_stages(layout) == {}


def test_a_stage_without_its_token_is_not_finished_rather_than_damaged(layout: Layout) -> None:
    layout.token("fold").unlink()
    (layout.stage("fold") / "folding.json").unlink()
    assert damaged_stages(layout) == {}


def test_an_altered_or_missing_output_is_found(layout: Layout) -> None:
    path = layout.stage("fold") / "folding.json"
    path.write_text("{ }")
    assert damaged_stages(layout) == {"fold": "folding.json is missing or damaged"}
    path.unlink()
    assert damaged_stages(layout) == {"fold": "folding.json is missing or damaged"}


def test_a_harmed_record_is_found(layout: Layout) -> None:
    text = layout.record("fold").read_text()
    layout.record("fold").write_text(text.replace('"lut": 900', '"lut": 1'))
    assert damaged_stages(layout) == {"fold": "its record was changed"}
    layout.record("fold").write_text(text[:20])
    assert damaged_stages(layout) == {"fold": "its record is missing or damaged"}


def test_a_record_of_another_version_is_told_from_a_damaged_one(layout: Layout) -> None:
    text = layout.record("fold").read_text()
    layout.record("fold").write_text(text.replace(f'"version": {StageRecord.VERSION}', '"version": 1'))
    assert damaged_stages(layout) == {"fold": "another version of Gateweave made it"}
