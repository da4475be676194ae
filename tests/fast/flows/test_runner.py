"""The runner of a stage: staging, records, and one line for whatever goes wrong."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from flows.stages.__main__ import main
from flows.stages.context import Context, Outcome
from flows.stale import FORCED
from tests.fast.toolchain.fabricated import FACTS
from toolchain.errors import ToolError
from toolchain.events import Event, Follower
from toolchain.integrity import damaged_stages
from toolchain.layout import Layout, Request
from toolchain.results.check import Check, Sums
from toolchain.results.facts import Facts
from toolchain.results.record import read_record
from toolchain.results.request import write_request

Run = Callable[[Callable[[Context], Outcome]], int]


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.chdir(tmp_path)
    layout = Layout(Request("ulx3s", "cqmlp"), tmp_path)
    write_request(layout.request_file, layout.request)
    return layout


@pytest.fixture
def run(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Run:
    def run_as_fold(function: Callable[[Context], Outcome]) -> int:
        module = ModuleType("flows.stages.rtl.fold")
        module.run = function  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "flows.stages.rtl.fold", module)
        return main("fold", str(layout.request_file))

    return run_as_fold


def _good(context: Context) -> Outcome:
    (context.out / "sub").mkdir()
    (context.out / "sub" / "file").write_text("new")
    (context.out / "tool.log").write_text("took 3 s")
    return Outcome("fine", {"c": Check(2, 2, "outputs", "test set")}, FACTS["fold"])


def _last(layout: Layout) -> Event:
    return Follower(layout.events).read()[-1]


def test_a_good_stage_leaves_outputs_record_and_token(layout: Layout, run: Run) -> None:
    assert run(_good) == 0
    record = read_record(layout, "fold")
    assert list(record.outputs) == ["cqmlp/ulx3s/default-folded/fold/sub/file"], "logs are no outputs"
    assert record.verified == Sums(2, 2)
    assert damaged_stages(layout) == {}
    assert _last(layout).text == "fine"


def _raise(error: Exception) -> Callable[[Context], Outcome]:
    def failing(context: Context) -> Outcome:
        (context.out / "half").write_text("x")
        raise error

    return failing


def test_a_stage_in_order_is_left_alone_unless_it_is_forced(
    layout: Layout, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(_good)
    assert run(_raise(ToolError("no tool"))) == 0
    (layout.stage("fold") / "sub" / "file").write_text("harm")
    assert run(_raise(ToolError("no tool"))) == 1
    run(_good)
    monkeypatch.setenv(FORCED, "1")
    assert run(_raise(ToolError("no tool"))) == 1


def test_a_failed_stage_keeps_what_was_there(layout: Layout, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run(_good)
    monkeypatch.setenv(FORCED, "1")
    assert run(_raise(ToolError("no tool"))) == 1
    assert damaged_stages(layout) == {}
    assert (layout.stage("fold") / "sub" / "file").read_text() == "new"
    assert _last(layout).text == "no tool"


def test_a_full_disk_is_told_as_such(layout: Layout, run: Run) -> None:
    run(_raise(OSError(errno.ENOSPC, "No space left on device")))
    assert _last(layout).text.startswith("no space left on the disk")


def test_an_internal_fault_points_to_its_log(layout: Layout, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run(_raise(ZeroDivisionError("by nothing")))
    text = _last(layout).text
    assert text.startswith("internal fault (ZeroDivisionError: by nothing)")
    assert str(layout.stage_log("fold")) in text
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (Check(9, 8, "labels", "test set"), "c: 1 of 9 labels differ"),
        (Check(0, 0, "outputs", "test set"), "c: nothing was compared"),
    ],
)
def test_a_difference_fails_a_stage_that_did_not_see_it_itself(
    layout: Layout, run: Run, check: Check, words: str
) -> None:
    assert run(lambda context: Outcome("", {"c": check})) == 1
    assert _last(layout).text == words


def test_what_a_killed_run_left_is_not_taken_for_output(layout: Layout, run: Run) -> None:
    staging = layout.home("fold") / "staging" / "fold"
    staging.mkdir(parents=True)
    (staging / "half").write_text("left behind")
    run(_good)
    assert not (layout.stage("fold") / "half").exists()


@pytest.mark.parametrize("facts", [None, FACTS["data"]])
def test_other_facts_than_the_table_of_stages_names_are_a_fault(layout: Layout, run: Run, facts: Facts | None) -> None:
    assert run(lambda context: Outcome("", facts=facts)) == 1
    assert "flows/stages.yaml says FoldFacts" in _last(layout).text
