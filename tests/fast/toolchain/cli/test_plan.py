from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from toolchain.cli.plan import PLANNED, Step, read_plan
from toolchain.files import write_atomic
from toolchain.layout import Layout, Request


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(Request("ulx3s", "cqmlp"), tmp_path)


def _planned(jobs: list[str], why: Mapping[str, str]) -> str:
    said = {"jobs": dict.fromkeys(jobs, "whatever Snakemake says"), "why": why}
    return f"Building DAG of jobs...\n{PLANNED}{json.dumps(said)}\n"


def _steps(layout: Layout, text: str, damaged: Mapping[str, str] | None = None) -> dict[str, Step]:
    return {step.stage: step for step in read_plan(text, layout, damaged or {})}


def test_each_stage_is_told_with_its_cause(layout: Layout) -> None:
    for stage in ("data", "train", "fold"):
        write_atomic(layout.token(stage), "token")
    steps = _steps(layout, _planned(["train", "export", "fold"], {"train": "the recipe changed"}))
    assert steps["data"] == Step("data", False, "up to date")
    assert steps["train"] == Step("train", True, "the recipe changed")
    assert steps["export"] == Step("export", True, "not built yet")


def test_what_follows_a_stage_that_runs_says_so(layout: Layout) -> None:
    write_atomic(layout.token("generate"), "token")
    steps = _steps(layout, _planned(["fold", "generate"], {"fold": "the target rate changed"}))
    assert steps["generate"].why == "an earlier stage runs"


def test_a_stage_that_only_a_person_wants_is_asked_for(layout: Layout) -> None:
    write_atomic(layout.token("fold"), "token")
    assert _steps(layout, _planned(["fold"], {}))["fold"].why == "asked for"


def test_a_stage_that_broke_off_is_told_apart_from_one_that_never_ran(layout: Layout) -> None:
    write_atomic(layout.record("fold"), "{}")
    assert _steps(layout, _planned(["fold"], {}))["fold"].why == "did not finish last time"


def test_damage_is_the_cause_where_there_is_any(layout: Layout) -> None:
    write_atomic(layout.token("train"), "token")
    steps = _steps(layout, _planned(["train"], {}), {"train": "network.npz is missing or damaged"})
    assert steps["train"].why == "network.npz is missing or damaged"
