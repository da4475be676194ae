"""Stands in for every stage of a copied tree: fast, deterministic, and slow or faulty where asked.

`$DOUBLE_SLEEP` = `stage:seconds` sleeps in the middle of a stage; `$DOUBLE_FAIL` = `stage:user` fails in
it, as a user's error does. `$DOUBLE_GATE` = `stage:file` waits in it until the file is there. Each run is noted in
`$DOUBLE_RUNS`.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from flows.stages.fabricated import AFTERWARDS, CHECKS, FACTS

from flows.stages.context import Context, Outcome
from toolchain.errors import ToolError

_BEFORE = {
    "train": "data",
    "check": "data",
    "baselines": "train",
    "export": "train",
    "streamline": "export",
    "fold": "streamline",
    "clock": "fold",
    "generate": "clock",
    "simulate": "generate",
    "synthesise": "generate",
    "implement": "synthesise",
    "bitstream": "implement",
    "package": "bitstream",
    "verify": "package",
}


def run(context: Context) -> Outcome:
    stage = context.stage
    _note(stage)
    (context.out / "half").write_text("written before the stage stumbles")
    _stumble(stage)
    (context.out / "half").unlink()
    (context.out / f"{stage}.txt").write_text(_digest(context))
    if stage == "package":
        _write_manifest(context)
    return Outcome(f"{stage} came out", CHECKS.get(stage, {}), {**FACTS, **AFTERWARDS}.get(stage), {"double": "1"})


def _digest(context: Context) -> str:
    """Depends on the output before it and on what was asked for, so that a stale input would show."""
    before = _BEFORE.get(context.stage)
    text = context.file(before, f"{before}.txt").read_text() if before else "seed"
    return hashlib.sha256(f"{context.stage} {text} {_asked(context)}".encode()).hexdigest()


def _asked(context: Context) -> object:
    settings = context.recipe.model_dump()
    target = (context.request.fps, context.fpga_board.target.fps)
    return {"data": settings["data"], "train": settings["training"], "fold": target}.get(context.stage)


def _note(stage: str) -> None:
    path = os.environ.get("DOUBLE_RUNS")
    if path:
        with Path(path).open("a") as stream:
            stream.write(f"{stage}\n")


def _stumble(stage: str) -> None:
    named, _, seconds = os.environ.get("DOUBLE_SLEEP", "").partition(":")
    if named == stage:
        time.sleep(float(seconds))
    named, _, gate = os.environ.get("DOUBLE_GATE", "").partition(":")
    while named == stage and not Path(gate).exists():
        time.sleep(0.05)
    named, _, kind = os.environ.get("DOUBLE_FAIL", "").partition(":")
    if named == stage and kind == "user":
        raise ToolError("frobnicator is missing; install it with `make frob`")


def _write_manifest(context: Context) -> None:
    from toolchain.device.checksums import write_manifest
    from toolchain.layout import ROOT
    from toolchain.package.ladder import must_be_verified
    from toolchain.package.manifest import Origin, build_manifest

    stages = [context.request.table[name] for name in context.request.stages[:-1]]
    records = {stage.name: context.record(stage.name) for stage in stages}
    must_be_verified(records, 64, stages)
    recipe = context.recipe.model_dump(mode="json")
    manifest = build_manifest(Origin(context.request, context.board, recipe, {}, ROOT), records)
    (context.out / "chip.bit").write_bytes(b"bits")
    write_manifest(context.out, {**manifest.to_json(), "roles": {"bitstream": "chip.bit"}})
