"""What a build would run, and why, in plain words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from toolchain.layout import Layout

STALE = "stale: "
"""Starts the line in which `python -m flows` says which finished stages are out of date, and why, as JSON."""

IF_NEEDED = "--if-needed"
"""Tells `python -m flows` that it need not start Snakemake where nothing is to do."""


@dataclass(frozen=True)
class Step:
    """One stage of a plan; `runs` says whether it would run, `why` says why or why not."""

    stage: str
    runs: bool
    why: str


def read_plan(text: str, layout: Layout, stages: list[str], damaged: Mapping[str, str]) -> list[Step]:
    """The plan that a dry run tells of, for the stages on the way."""
    jobs, known = _jobs(text), {**_stale(text), **damaged}
    return [_step(stage, jobs, layout, known) for stage in stages]


def _stale(text: str) -> dict[str, str]:
    line = next((line for line in text.splitlines() if line.startswith(STALE)), f"{STALE}{{}}")
    stale: dict[str, str] = json.loads(line.removeprefix(STALE))
    return stale


def _step(stage: str, jobs: Mapping[str, str], layout: Layout, known: Mapping[str, str]) -> Step:
    if stage not in jobs:
        return Step(stage, False, "up to date")
    if stage in known:
        return Step(stage, True, known[stage])
    return Step(stage, True, _reason(jobs[stage], layout.record(stage).exists()))


def _jobs(text: str) -> dict[str, str]:
    """The reason of every rule that a dry run lists."""
    blocks = re.split(r"^(?:local)?rule (\w+):\n", text, flags=re.MULTILINE)
    bodies = zip(blocks[1::2], blocks[2::2], strict=True)
    return {rule: _field(body, "reason") for rule, body in bodies}


def _field(body: str, name: str) -> str:
    found = re.search(rf"^ +{name}: (.*(?:\n {{8,}}.*)*)", body, flags=re.MULTILINE)
    return found.group(1) if found else ""


def _reason(reason: str, ran_before: bool) -> str:
    if "Params have changed" in reason:
        return "what it is made of changed"
    if "Missing output" in reason:
        return "did not finish last time" if ran_before else "not built yet"
    if "Input files updated by another job" in reason:
        return "an earlier stage runs"
    if "Updated input files" in reason or "Set of input files" in reason:
        return "its input changed"
    if "Code has changed" in reason:
        return "its rule changed"
    return reason.split(":")[0].lower() or "needed"
