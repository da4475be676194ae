"""Runs one stage: `python -m flows.stages <stage> <request.json>`.

A stage writes to a staging folder that replaces its own only when it has succeeded, so neither a
failure nor a kill harms what an earlier build made. Whatever goes wrong becomes one line in the
event file; the traceback of an internal fault goes to the stage's log.
"""

from __future__ import annotations

import errno
import importlib
import os
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from flows.stages.context import Context, Outcome
from flows.stale import is_current, made_of, must_belong_together, tokens
from toolchain.bounded import WorkError, bounded
from toolchain.errors import BuildError, GateweaveError, VerificationError
from toolchain.events import Event, emit
from toolchain.files import hash_outputs, write_atomic
from toolchain.layout import Layout
from toolchain.locks import locked
from toolchain.results.record import StageRecord, token_of, write_record
from toolchain.results.request import read_request

# The emulator that `verify` starts is bounded by its own clock, and maps more memory than it uses.
_UNBOUNDED = {"verify"}
# Parts of the table whose stages read a network's file itself; behind them it is an integer graph of ours.
_READING = {"foreign", "ort"}
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}


def main(stage: str, request_file: str) -> int:
    """Run `stage`; 0 where it succeeded."""
    # Snakemake runs every stage in the folder of all builds, here or on a cluster's node.
    layout = Layout(read_request(Path(request_file)), Path.cwd())
    try:
        with _stages_locked(stage, layout):
            # Another build may have made it meanwhile, or what it is made of came out as before.
            if is_current(layout, stage):
                return 0
            emit(layout.events, Event("start", stage))
            outcome, seconds = _run(stage, layout)
    except Exception as error:
        traceback.print_exc()
        emit(layout.events, Event("error", stage, _message(error, stage, layout)))
        return 1
    emit(layout.events, Event("done", stage, outcome.summary, seconds))
    return 0


@contextmanager
def _stages_locked(stage: str, layout: Layout) -> Iterator[None]:
    """Keep other builds from remaking the shared stages that this one reads, and from making this one at the same time.

    All take locks in the order of the table, so that no two wait for each other.
    """
    known = layout.request.table
    with ExitStack() as held:
        for name in (*(name for name in known if name in known[stage].needs), stage):
            if known[name].is_shared:
                lock = layout.home(name) / "locks" / name
                held.enter_context(locked(lock, shared=name != stage, waiting=partial(_waits, layout, stage, name)))
        yield


def _waits(layout: Layout, stage: str, name: str, holder: str) -> None:
    emit(layout.events, Event("progress", stage, f"waiting for another build (pid {holder}), which makes {name}"))


def _run(stage: str, layout: Layout) -> tuple[Outcome, float]:
    started = time.monotonic()
    known = layout.request.table[stage]
    must_belong_together(layout, stage)
    # From here on it is as if the stage had never finished.
    layout.token(stage).unlink(missing_ok=True)
    # Noted before the work: what changes while it runs must make it run again.
    causes, inputs = made_of(stage, layout), tokens(known.needs, layout)
    staging = _fresh(layout.home(stage) / "staging" / stage)
    module = importlib.import_module(known.module)
    outcome = _outcome(module, Context(stage, layout.request, layout, staging))
    _must_agree(outcome)
    seconds = round(time.monotonic() - started, 3)
    _must_be_the_facts_of(stage, outcome, known.row.facts)
    record = _record(stage, staging, layout, outcome, seconds).model_copy(
        update={"causes": tuple(causes), "inputs": inputs}
    )
    _publish(staging, layout.stage(stage))
    write_record(layout.record(stage), record)
    write_atomic(layout.token(stage), token_of(record) + "\n")
    return outcome, seconds


def _outcome(module: Any, context: Context) -> Outcome:
    """What the stage says; those that read and run a file of somebody else's are bounded."""
    run: Callable[[Context], Outcome] = module.run
    reads_file = context.request.table[context.stage].part in _READING
    if not (context.request.file and reads_file) or context.stage in _UNBOUNDED:
        return run(context)
    # Reading ONNX takes a while to import.
    from flows.stages.bounds import bounds_of

    return bounded(f"{context.stage} of this network", lambda: run(context), bounds_of(context.request))


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _must_agree(outcome: Outcome) -> None:
    """The net below the stages' own checks, which name the first difference."""
    for name, check in outcome.checks.items():
        if check.compared == 0:
            raise VerificationError(f"{name}: nothing was compared")
        if not check.kept:
            raise VerificationError(f"{name}: {check.differing} of {check.compared} {check.what} differ")


def _must_be_the_facts_of(stage: str, outcome: Outcome, wanted: str) -> None:
    """The table of stages says which model later stages will ask for."""
    found = type(outcome.facts).__name__ if outcome.facts else ""
    if found != wanted:
        raise TypeError(f"{stage}: hands back {found or 'no facts'}, flows/stages.yaml says {wanted or 'none'}")


def _record(stage: str, staging: Path, layout: Layout, outcome: Outcome, seconds: float) -> StageRecord:
    final = layout.stage(stage).relative_to(layout.root)
    # Tools' logs hold times and paths; they are for people.
    files = (path for path in staging.rglob("*") if path.is_file() and path.suffix != ".log")
    outputs = {str(final / n): digest for n, digest in hash_outputs(files, staging).items()}
    found = {"checks": outcome.checks, "facts": outcome.facts, "tools": outcome.tools}
    return StageRecord.model_validate({"stage": stage, "seconds": seconds, "outputs": outputs, **found})


def _publish(staging: Path, final: Path) -> None:
    """Put the new folder in the old one's place; the token, written last, vouches for it."""
    old = staging.with_name(f"{staging.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        os.rename(final, old)
    os.rename(staging, final)
    shutil.rmtree(old, ignore_errors=True)


def _message(error: Exception, stage: str, layout: Layout) -> str:
    disk_full = isinstance(error, OSError) and error.errno in _DISK_FULL
    if disk_full or shutil.disk_usage(layout.root).free < 1 << 20:
        return str(BuildError(f"no space left on the disk of {layout.root}; free some and build again"))
    if isinstance(error, GateweaveError):
        return str(error)
    log = layout.stage_log(stage)
    what = str(error) if isinstance(error, WorkError) else f"{type(error).__name__}: {error}"
    return f"internal fault ({what}); its traceback is in {log}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
