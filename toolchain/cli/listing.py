"""The commands that list: boards, models, and the state of this machine."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Sequence

import typer
from rich.table import Table
from rich.text import Text

from toolchain.board import AnyBoard, Clock, McuBoard, OrtBoard
from toolchain.catalog import list_boards, load_board, model_in, sound
from toolchain.console import fail, out
from toolchain.errors import GateweaveError
from toolchain.found_models import find_models


def boards(as_json: bool) -> None:
    """Print every board."""
    found, broken = sound(list_boards(), load_board)
    if as_json:
        print(json.dumps([board.model_dump(mode="json") for board in found], indent=2))
        return _tell(broken)
    out().print(board_table(found))
    _tell(broken)


def board_table(found: Sequence[AnyBoard]) -> Table:
    """One row for each board."""
    table = table_of("board", "what", "flows", "device", "target", whole=("board", "device"))
    for board in found:
        _add(table, board.name, board.full_title, ", ".join(board.flows), *_device(board))
    return table


def _tell(broken: list[GateweaveError]) -> None:
    """Print what is wrong; exit status 1 where anything is."""
    for error in broken:
        fail(error)
    if broken:
        raise typer.Exit(1)


def _add(table: Table, *cells: str) -> None:
    """A row of plain words: what stands in files is never markup."""
    table.add_row(*map(Text, cells))


def _device(board: AnyBoard) -> tuple[str, str]:
    """The device, and what a build for it aims at."""
    if isinstance(board, OrtBoard):
        runtime = board.runtime
        return f"{runtime.machine}, {runtime.cores} cores", f"ONNX Runtime {runtime.onnxruntime}"
    if isinstance(board, McuBoard):
        chip = board.chip
        memories = f"{chip.flash.bytes >> 10:,} KiB flash, {chip.ram.bytes >> 10:,} KiB RAM"
        return chip.part, f"{chip.core} at {chip.mhz} MHz, {memories}"
    target, clock = board.target, board.clock
    fastest = max(clock.choices, default=None) if isinstance(clock, Clock) else None
    clocks = f"{clock.mhz:g} MHz" if fastest is None else f"{clock.mhz:g} to {fastest:g} MHz"
    return board.fpga.part, f"{target.fps:,.0f}/s at {clocks}, up to {target.share:.0%}"


def models(as_json: bool) -> None:
    """Print every model with its recipes, and the folder of each that is none of `models/`."""
    found, broken = sound(find_models(), model_in)
    if as_json:
        rows = [{"name": m.name, "title": m.title, "recipes": list(m.recipes), "folder": m.shown} for m in found]
        print(json.dumps(rows, indent=2))
        return _tell(broken)
    table = table_of("model", "what", "recipes", "folder")
    for model in found:
        _add(table, model.name, model.title, ", ".join(model.recipes), model.shown)
    out().print(table)
    _tell(broken)


def doctor(as_json: bool) -> None:
    """Print what is right and wrong with this machine; exit status 1 where a build would fail."""
    from toolchain.doctor import examine

    findings = examine()
    if as_json:
        print(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2))
    else:
        table = table_of("", "check", "found", "mend")
        for finding in findings:
            table.add_row(_mark(finding.ok), *map(Text, (finding.check, finding.found, finding.mend)))
        out().print(table)
    if any(finding.ok is False for finding in findings):
        raise typer.Exit(1)


def _mark(ok: bool | None) -> Text:
    if ok is None:
        return Text("--", style="yellow")
    return Text("ok", style="green") if ok else Text("NO", style="bold red")


def table_of(*columns: str, whole: Collection[str] = (), numbers: Collection[str] = ()) -> Table:
    """A table that cuts nothing on a narrow terminal: `whole` columns are not broken, nor `numbers` at the right."""
    table = Table(box=None, header_style="bold")
    for column in columns:
        right = column in numbers
        table.add_column(
            column, overflow="fold", no_wrap=right or column in whole, justify="right" if right else "left"
        )
    return table
