"""What a build would run, and why, in plain words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from toolchain.layout import Layout

PLANNED = "planned: "
"""Starts the line in which `python -m flows` says which stages would run, and why, as JSON."""

PLAN = "--plan"
"""Has `python -m flows` run nothing and write nothing."""

IF_NEEDED = "--if-needed"
"""Lets `python -m flows` do without Snakemake where nothing is to do."""


@dataclass(frozen=True)
class Step:
    """One stage of a plan; `runs` says whether it would run, `why` says why or why not."""

    stage: str
    runs: bool
    why: str


def read_plan(text: str, layout: Layout, damaged: Mapping[str, str]) -> list[Step]:
    """The plan that `python -m flows` tells of, for the stages of the build.

    Args:
        damaged: what is wrong with finished stages, by stage.
    """
    line = next(line for line in reversed(text.splitlines()) if line.startswith(PLANNED))
    planned = json.loads(line.removeprefix(PLANNED))
    jobs, why = planned["jobs"], {**planned["why"], **damaged}
    return [Step(stage, stage in jobs, _why(stage, layout, jobs, why)) for stage in layout.request.stages]


def _why(stage: str, layout: Layout, jobs: Mapping[str, str], known: Mapping[str, str]) -> str:
    if stage not in jobs:
        return "up to date"
    if stage in known:
        return known[stage]
    if not layout.token(stage).exists():
        return "did not finish last time" if layout.record(stage).exists() else "not built yet"
    return "an earlier stage runs" if jobs.keys() & {*layout.request.table[stage].needs} else "asked for"
