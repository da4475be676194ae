"""A design routed at a clock before its stages run: they take what it made where they would make the same.

It lies in the scratch folder of the stage `clock`, which is remade by all that remakes `synthesise` and `implement`:
what is there was made by the code, the tools and for the board of today.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from flows.stages.context import Context, Outcome
from toolchain.files import hash_outputs
from toolchain.results.model import read_file, write_file
from toolchain.results.record import StageRecord

_STAGE = "clock"


def forget(context: Context) -> None:
    """Throw away what an earlier trial made."""
    shutil.rmtree(_folder(context), ignore_errors=True)


def fresh_attempt(context: Context) -> Path:
    """An empty folder for the stages of one attempt; it becomes the trial where somebody takes it."""
    folder = _attempt(context)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def take(context: Context) -> None:
    """Put the attempt in the trial's place."""
    forget(context)
    _attempt(context).rename(_folder(context))


def keep(folder: Path, stage: str, made: Outcome) -> None:
    """Remember what a stage's work in `folder/<stage>` came to."""
    found = {"stage": stage, "seconds": 0, "outputs": {}, "facts": made.facts, "tools": made.tools}
    write_file(folder / f"{stage}.json", StageRecord.model_validate(found))


def tried(context: Context, stage: str, source: str, mine: Path) -> StageRecord | None:
    """What the trial came to as `stage`, its files copied to where this stage writes; None where it was of another.

    Args:
        source: the file or folder of the trial that its work was made of, such as ``"generate/rtl"``.
        mine: the same of this build.
    """
    folder = _folder(context)
    record = folder / f"{stage}.json"
    if not record.is_file() or _hashes(folder / source) != _hashes(mine):
        return None
    shutil.copytree(folder / stage, context.out, dirs_exist_ok=True)
    return read_file(record, StageRecord, "make build")


def _folder(context: Context) -> Path:
    return context.layout.work(_STAGE) / "trial"


def _attempt(context: Context) -> Path:
    return context.layout.work(_STAGE) / "attempt"


def _hashes(path: Path) -> dict[str, str]:
    found: Iterable[Path] = [path] if path.is_file() else (file for file in path.rglob("*") if file.is_file())
    return hash_outputs(found, path.parent if path.is_file() else path)
