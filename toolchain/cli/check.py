"""`gateweave check`: what a network's file is made of, and which boards can take it; nothing is built."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.table import Table
from rich.text import Text

from toolchain.catalog import list_boards, load_board
from toolchain.cli.listing import table_of
from toolchain.console import out
from toolchain.errors import DataError
from toolchain.files import why_absent
from toolchain.results.checked import CheckedNetwork
from toolchain.runtime.network_file.checking import check_file


def check(file: Path, board: str | None, as_json: bool) -> None:
    """Print what can be said of a file; exit status 1 where a board that was asked for cannot take it.

    Raises:
        DataError: there is no such file.
        ModelError: it is no network.
    """
    if not file.is_file():
        raise DataError(f"{file}: {'is no file' if file.exists() else why_absent(file, 'file')}")
    boards = [load_board(name) for name in ([board] if board else list_boards())]
    found = check_file(file, boards)
    if as_json:
        print(json.dumps(found.to_json(), indent=2))
    else:
        _tell(found)
    if found.problem if board is None else not found.takes:
        raise typer.Exit(1)


def _tell(found: CheckedNetwork) -> None:
    if found.nodes:
        out().print(_nodes(found))
        for reason in _reasons(found):
            out().print(Text(reason), soft_wrap=True)
    if found.problem:
        out().print(Text(f"not an integer graph: {found.problem}"), soft_wrap=True)
    out().print(
        f"{found.file}: {found.format}, {len(found.nodes)} nodes, {found.parameters:,} stored integers, "
        f"{found.operations:,} operations an input"
    )
    out().print(_boards(found))


def _nodes(found: CheckedNetwork) -> Table:
    table = table_of("node", "kind", "shape", "type", "stored", "operations", "1 multiplier", "FPGA", whole=("node",))
    for node in found.nodes:
        share = "" if node.uniform is None else f"{node.uniform:.0%}"
        shape = "x".join(map(str, node.shape))
        counts = (f"{node.parameters:,}", f"{node.operations:,}", share)
        table.add_row(*map(Text, (node.name, node.kind, shape, node.type, *counts, "no" if node.fpga else "yes")))
    return table


def _reasons(found: CheckedNetwork) -> Iterator[str]:
    """Why FPGAs do not take nodes, once for all that share a reason."""
    for why in dict.fromkeys(node.fpga for node in found.nodes if node.fpga):
        kinds = dict.fromkeys(node.kind for node in found.nodes if node.fpga == why)
        yield f"{', '.join(kinds)}: {why}"


def _boards(found: CheckedNetwork) -> Table:
    table = table_of("board", "flow", "takes it", "how, or why not", whole=("board",))
    for verdict in found.boards:
        table.add_row(*map(Text, (verdict.board, verdict.flow, "yes" if verdict.takes else "NO", verdict.why)))
    return table
