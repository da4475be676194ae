"""Brings one build up to date, or plans it: `python -m flows ROOT REQUEST TARGET DAMAGED,STAGES [OPTIONS] [WORDS]`.

ROOT is the folder of all builds. The stages' records tell which stages are in order; these are noted in a folder of
Snakemake's own, and Snakemake runs the rest, in this process. WORDS go to Snakemake. OPTIONS:

--if-needed  do without Snakemake where every stage is in order: to load it takes longer than to ask all records
--plan       run nothing and write nothing below ROOT; print what would run and why, as JSON in a line
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from flows.stale import FORCED, stale_stages
from flows.telling import Telling, register
from toolchain.cli.plan import IF_NEEDED, PLAN, PLANNED
from toolchain.files import write_atomic, write_json
from toolchain.layout import Layout
from toolchain.results.record import read_token
from toolchain.results.request import plain, read_request

_SNAKEFILE = Path(__file__).with_name("Snakefile")
_TRIAL = "check"
_FORCING = {"--forceall", "-F", "--forcerun", "-R", "--force", "-f"}


def main(root: str, request_file: str, target: str, damaged: str, *words: str) -> int:
    """Run Snakemake on the target, unless there is nothing to do; returns its exit status."""
    layout, harmed = Layout(read_request(Path(request_file)), Path(root)), [*filter(None, damaged.split(","))]
    asked = [word for word in words if word not in {IF_NEEDED, PLAN}]
    if PLAN in words:
        return _plan(layout, target, harmed, asked)
    todo = _todo(layout, harmed)
    if target != _TRIAL and layout.request.trial_stages and todo.keys() & {"data", "train"}:
        # In a Snakemake of its own, so that the training is not made of the trial.
        status = subprocess.call([sys.executable, "-m", "flows", root, request_file, _TRIAL, damaged, *asked])
        if status:
            return status
        todo = _todo(layout, [stage for stage in harmed if stage not in {"data", _TRIAL}])
    if IF_NEEDED in words and not todo.keys() & _wanted(layout, target):
        print("Nothing to be done: every stage has finished, and its record says what it would be made of today.")
        return 0
    if _FORCING & {*asked}:
        os.environ[FORCED] = "1"
    shutil.rmtree(layout.notes, ignore_errors=True)
    for stage in layout.request.table:
        layout.stage_log(stage).parent.mkdir(parents=True, exist_ok=True)
    register(layout.events)
    return _run(layout, target, todo, layout.notes, asked)


def _plan(layout: Layout, target: str, harmed: Sequence[str], words: Sequence[str]) -> int:
    todo = _todo(layout, harmed)
    register(None)
    with tempfile.TemporaryDirectory() as folder:
        status = _run(layout, target, todo, Path(folder), ["--dry-run", *words])
    print(f"{PLANNED}{json.dumps({'jobs': Telling.jobs, 'why': {k: v for k, v in todo.items() if v}})}", flush=True)
    return status


def _run(layout: Layout, target: str, todo: Mapping[str, str], notes: Path, words: Sequence[str]) -> int:
    """Note the stages that are in order, and have Snakemake run the rest."""
    config = notes / "config.json"
    write_json(config, {"request": plain(layout.request), "root": str(layout.root)})
    for stage in layout.request.table:
        if stage not in todo:
            write_atomic(notes / "finished" / stage, f"{read_token(layout.token(stage))}\n")
    from snakemake.cli import main as snakemake

    options = ["--snakefile", str(_SNAKEFILE), "--directory", str(notes), "--configfile", str(config)]
    try:
        snakemake([target, *options, *words])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _todo(layout: Layout, harmed: Iterable[str]) -> dict[str, str]:
    """The stages that are not in order, and why; no reason where a stage has not finished or is harmed."""
    known = layout.request.table
    todo = {stage: "" for stage in known if read_token(layout.token(stage)) is None}
    return {**todo, **stale_stages(layout, known), **dict.fromkeys(harmed, "")}


def _wanted(layout: Layout, target: str) -> set[str]:
    request = layout.request
    return {*request.stages, *request.targets[target]} if target in request.targets else {target}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
