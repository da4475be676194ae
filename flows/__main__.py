"""Brings one build up to date: `python -m flows REQUEST TARGET DAMAGED,STAGES [--if-needed] [SNAKEMAKE ARGUMENTS]`.

Started in the folder of all builds. It asks the stages' records which of them are out of date, says so in one line, and
hands the rest to Snakemake, in this process. With `--if-needed` it does without Snakemake where every stage has
finished and none is out of date: to load Snakemake takes longer than to ask all records.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from flows.stages.context import load_request
from flows.stale import stale_stages
from toolchain.cli.plan import IF_NEEDED, STALE
from toolchain.layout import Layout
from toolchain.results.record import read_token

_BEFORE_TRAINING = ("data", "check")


def main(request_file: str, target: str, damaged: str, *words: str) -> None:
    """Run Snakemake on the target, which does not return, unless there is nothing to do."""
    layout, known = Layout(load_request(Path(request_file)), Path.cwd()), [*filter(None, damaged.split(","))]
    stages = (*layout.request.stages, *layout.request.targets[target])
    asked = [word for word in words if word != IF_NEEDED]
    if "--dry-run" not in words and _trains(layout, known):
        _try_first(layout, known, asked)
        known = [stage for stage in known if stage not in _BEFORE_TRAINING]
    stale = stale_stages(layout, stages)
    print(f"{STALE}{json.dumps(stale)}", flush=True)
    if IF_NEEDED in words and not known and not stale and _finished(layout, stages):
        print("Nothing to be done: every stage has finished, and its record says what it would be made of today.")
    else:
        _snakemake([target, *_forced([*known, *stale]), *asked])


def _snakemake(words: Sequence[str]) -> None:
    from snakemake.cli import main as snakemake

    snakemake(words)


def _finished(layout: Layout, stages: Iterable[str]) -> bool:
    """Whether every stage has left its token."""
    return all(read_token(layout.token(stage)) is not None for stage in stages)


def _trains(layout: Layout, damaged: Sequence[str]) -> bool:
    """Whether a training lies ahead."""
    if not layout.request.trial_stages:
        return False
    missing = any(read_token(layout.token(stage)) is None for stage in ("data", "train"))
    return missing or bool({"data", "train"} & {*damaged, *stale_stages(layout, ("data", "train"))})


def _try_first(layout: Layout, damaged: Sequence[str], words: Sequence[str]) -> None:
    """Run the stages before the training in a Snakemake of their own, so that the training is not made of the trial."""
    stale = stale_stages(layout, _BEFORE_TRAINING)
    forced = _forced([*(stage for stage in damaged if stage in _BEFORE_TRAINING), *stale])
    status = subprocess.call([sys.executable, "-m", "snakemake", "check", *forced, *words])
    if status:
        sys.exit(status)


def _forced(stages: Sequence[str]) -> list[str]:
    return ["--forcerun", *dict.fromkeys(stages)] if stages else []


if __name__ == "__main__":
    main(*sys.argv[1:])
