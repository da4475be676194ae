from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.cli.plan import read_plan
from toolchain.layout import Layout, Request

DRY_RUN = """\
stale: {"train": "the code changed; the recipe changed"}
Building DAG of jobs...
rule train:
    input: cqmlp/default/data/done
    output: cqmlp/default/train/done
    jobid: 4
    reason: Params have changed since last execution: Union of exclusive params before and now across all output:
        before: 'code:11','recipe:6c'
        now: 'code:12','recipe:37'
    resources: tmpdir=<TBD>

rule fold:
    input: cqmlp/default/train/done
    output: cqmlp/ulx3s/default-folded/fold/done
    jobid: 3
    reason: Missing output files: cqmlp/ulx3s/default-folded/fold/done; Input files updated by another job: x
    resources: tmpdir=<TBD>

localrule all:
    input: x
    jobid: 0
    reason: Input files updated by another job: x
    resources: tmpdir=<TBD>
"""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(Request("ulx3s", "cqmlp"), tmp_path)


def test_reasons_are_told_in_plain_words(layout: Layout) -> None:
    steps = {step.stage: step for step in read_plan(DRY_RUN, layout, ["data", "train", "fold"], {})}
    assert not steps["data"].runs
    assert steps["data"].why == "up to date"
    assert steps["train"].why == "the code changed; the recipe changed"
    assert steps["fold"].why == "not built yet"


def test_a_stage_that_has_a_record_did_not_finish_last_time(layout: Layout) -> None:
    layout.record("fold").parent.mkdir(parents=True)
    layout.record("fold").write_text("{}")
    (step,) = read_plan(DRY_RUN, layout, ["fold"], {})
    assert step.why == "did not finish last time"


def test_a_harmed_output_is_named(layout: Layout) -> None:
    (step,) = read_plan(DRY_RUN, layout, ["train"], {"train": "network.npz is missing or damaged"})
    assert step.why == "network.npz is missing or damaged"
