"""A third party's network as the load stage leaves it."""

from __future__ import annotations

import shutil
from pathlib import Path

from flows.stages.context import Context
from flows.stages.foreign.load import CALIBRATION, MODEL
from toolchain.layout import Layout, OutputKind, Request


def loaded(
    folder: Path,
    stage: str,
    onnx: Path,
    calibration: Path | None = None,
    *,
    outputs: OutputKind | None = None,
    board: str = "host",
) -> Context:
    """A stage's context, behind a load stage that copied the files."""
    given = str(calibration) if calibration else None
    request = Request(board, "net", flow="ort", file=str(onnx), calibration=given, outputs=outputs)
    layout = Layout(request, folder)
    layout.events.parent.mkdir(parents=True, exist_ok=True)
    layout.stage("load").mkdir(parents=True)
    shutil.copyfile(onnx, layout.stage("load") / MODEL)
    if calibration:
        shutil.copyfile(calibration, layout.stage("load") / CALIBRATION)
    (folder / "out").mkdir()
    return Context(stage, request, layout, folder / "out")


def following(context: Context, stage: str) -> Context:
    """The next stage, behind one that has run; what that wrote takes its place."""
    context.out.rename(context.layout.stage(context.stage))
    context.out.mkdir()
    return Context(stage, context.request, context.layout, context.out)
