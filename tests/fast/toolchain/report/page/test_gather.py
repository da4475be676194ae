from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fast.toolchain.fabricated import record, records
from tests.fast.toolchain.report.page.conftest import fabricate
from tests.fast.toolchain.report.page.results import measurement, run_result
from toolchain.device.checksums import write_manifest
from toolchain.errors import BuildError
from toolchain.files import sha256, write_json
from toolchain.layout import Layout, Request
from toolchain.report.page.gather import find_builds, gather
from toolchain.results.facts import FoldFacts
from toolchain.results.record import write_record
from toolchain.results.request import plain


def _put(layout: Layout, name: str, content: Any) -> None:
    write_json(layout.board_dir / "measurements" / f"{name}.json", content)


def test_runs_and_measurements_are_told_apart(layout: Layout) -> None:
    _put(layout, "a", run_result())
    _put(layout, "b", measurement())
    build = gather(layout)
    assert [result.name for result in build.runs] == ["a"]
    assert [result.name for result in build.measurements] == ["b"]
    assert build.notices == ()


@pytest.mark.parametrize(
    ("marks", "belongs"),
    [
        ({"identity": {"build_id": "bb" * 8}}, True),
        ({"identity": {"build_id": "cc" * 8, "model_hash": "aa" * 8}}, False),
        ({"provenance": {"variant": "default-folded"}}, True),
        ({"provenance": {"variant": "default-unrolled", "model_hash": "aa" * 8}}, False),
        ({"provenance": {"model_hash": "aa" * 8}}, True),
        ({"package": {"manifest_sha256": "00" * 32}}, False),
    ],
)
def test_a_result_of_another_build_is_left_out(layout: Layout, marks: dict[str, Any], belongs: bool) -> None:
    _put(layout, "a", {"what": "run", **marks})
    build = gather(layout)
    assert len(build.runs) == belongs
    assert build.notices == ()


def test_a_result_may_name_the_manifest(layout: Layout) -> None:
    digest = sha256(layout.stage("package") / "manifest.json")
    _put(layout, "a", {"what": "run", "package": {"manifest_sha256": digest}})
    assert len(gather(layout).runs) == 1


def test_a_result_that_does_not_say_whose_it_is_is_shown_with_a_notice(layout: Layout) -> None:
    _put(layout, "a", {"what": "run"})
    build = gather(layout)
    assert len(build.runs) == 1
    assert "does not say which build" in build.notices[0]


@pytest.mark.parametrize("content", ["{", "[1]", "", "\x00"])
def test_a_damaged_result_is_named(layout: Layout, content: str) -> None:
    _put(layout, "a", {})
    (layout.board_dir / "measurements" / "a.json").write_text(content)
    assert gather(layout).notices == ("measurements/a.json: cannot be read; run or measure again",)


def test_a_record_that_moved_on_lends_no_facts(layout: Layout) -> None:
    assert "estimate" in gather(layout).facts["fold"]
    facts = records()["fold"].facts_as(FoldFacts)
    dearer = facts.model_copy(update={"estimate": facts.estimate.model_copy(update={"lut": 1})})
    write_record(layout.record("fold"), record("fold", facts=dearer))
    assert "fold" not in gather(layout).facts


def test_stages_are_checked_in_the_order_in_which_they_run(layout: Layout) -> None:
    assert list(gather(layout).checks) == ["export", "streamline", "simulate"]


def test_a_build_without_a_package_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"run `make build BOARD=ulx3s MODEL=cqmlp [^`]*` first"):
        gather(Layout(Request("ulx3s", "cqmlp"), tmp_path))


def test_builds_are_found_and_requests_of_older_ones_read(layout: Layout) -> None:
    other = fabricate(layout.root, Request("icebreaker", "cqmlp"))
    old = {key: value for key, value in plain(other.request).items() if key in {"board", "model", "recipe"}}
    write_json(other.request_file, old)
    assert find_builds(layout.root) == ([other, layout], [])


@pytest.mark.parametrize("content", ["", "{}", '{"board": "x", "model": "y", "later": 1}', '{"board": 1, "model": []}'])
def test_a_build_that_does_not_say_what_it_is_is_named(layout: Layout, content: str) -> None:
    layout.request_file.write_text(content)
    found, notices = find_builds(layout.root)
    assert found == []
    assert notices == ["cqmlp/ulx3s/default-folded: request.json does not say what was built; build it again"]


def test_every_part_of_a_manifest_may_be_absent(layout: Layout) -> None:
    write_manifest(layout.stage("package"), {"stages": 3})
    build = gather(layout)
    assert "simulate" in build.checks
