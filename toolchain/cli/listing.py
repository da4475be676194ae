"""The commands that list: boards, models, and the state of this machine."""

from __future__ import annotations

import dataclasses
import json

import typer
from rich.table import Table
from rich.text import Text

from toolchain.board import AnyBoard, OrtBoard
from toolchain.catalog import list_boards, list_models, load_board, load_model
from toolchain.console import out


def boards(as_json: bool) -> None:
    """Print every board."""
    found = [load_board(name) for name in list_boards()]
    if as_json:
        print(json.dumps([board.model_dump(mode="json") for board in found], indent=2))
        return
    table = _table("board", "what", "flows", "device", "target")
    for board in found:
        table.add_row(board.name, f"{board.vendor} {board.title}", ", ".join(board.flows), *_device(board))
    out().print(table)


def _device(board: AnyBoard) -> tuple[str, str]:
    """The device, and what a build for it aims at."""
    if isinstance(board, OrtBoard):
        runtime = board.runtime
        return f"{runtime.machine}, {runtime.cores} cores", f"ONNX Runtime {runtime.onnxruntime}"
    target = board.target
    return board.fpga.part, f"{target.fps:,.0f}/s at {board.clock.mhz:g} MHz, up to {target.share:.0%}"


def models(as_json: bool) -> None:
    """Print every model with its recipes."""
    found = [load_model(name) for name in list_models()]
    if as_json:
        rows = [{"name": m.name, "title": m.title, "recipes": list(m.recipes)} for m in found]
        print(json.dumps(rows, indent=2))
        return
    table = _table("model", "what", "recipes")
    for model in found:
        table.add_row(model.name, model.title, ", ".join(model.recipes))
    out().print(table)


def doctor(as_json: bool) -> None:
    """Print what is right and wrong with this machine; exit status 1 where a build would fail."""
    from toolchain.doctor import examine

    findings = examine()
    if as_json:
        print(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2))
    else:
        table = _table("", "check", "found", "mend")
        for finding in findings:
            table.add_row(_mark(finding.ok), finding.check, finding.found, finding.mend)
        out().print(table)
    if any(finding.ok is False for finding in findings):
        raise typer.Exit(1)


def _mark(ok: bool | None) -> Text:
    if ok is None:
        return Text("--", style="yellow")
    return Text("ok", style="green") if ok else Text("NO", style="bold red")


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, header_style="bold")
