"""`gateweave check`: what a network's file is made of, and which boards can take it; nothing is built."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.table import Table
from rich.text import Text

from toolchain.catalog import list_boards, load_board
from toolchain.cli.following import after_check, tell_next
from toolchain.cli.listing import table_of
from toolchain.cli.reckoning import with_estimates
from toolchain.console import out
from toolchain.errors import DataError
from toolchain.files import why_absent
from toolchain.results.checked import CheckedNetwork, Reckoned
from toolchain.runtime.network_file.checking import check_file


def check(file: Path, board: str | None, as_json: bool) -> None:
    """Print what can be said of a file; exit status 1 where a board that was asked for cannot take it.

    Raises:
        ConfigError, DataError, ModelError: as `checked`.
    """
    found = checked(file, board)
    if as_json:
        print(json.dumps(found.to_json(), indent=2))
    else:
        _tell(found)
    if found.problem if board is None else not found.takes:
        raise typer.Exit(1)
    if not as_json:
        tell_next(out(), after_check(file, board))


def checked(file: Path, board: str | None) -> CheckedNetwork:
    """What can be said of a file; of one board with an estimate of what our own RTL takes there.

    Raises:
        ConfigError: there is no such board.
        DataError: there is no such file.
        ModelError: it is no network.
    """
    must_be_file(file)
    boards = [load_board(name) for name in ([board] if board else list_boards())]
    found = check_file(file, boards)
    return found if board is None else with_estimates(file, found)


def must_be_file(file: Path) -> None:
    """Refuse what is no file.

    Raises:
        DataError: it is something else, or not there.
    """
    if not file.is_file():
        raise DataError(f"{file}: {'is no file' if file.exists() else why_absent(file, 'file')}")


def _tell(found: CheckedNetwork) -> None:
    if found.nodes:
        out().print(_nodes(found))
    out().print(Text(f"{found.file}: {found.format}, {_summary(found)}"), soft_wrap=True)
    for line in _verdicts(found):
        out().print(Text(line), soft_wrap=True)
    for made in (verdict.estimate for verdict in found.boards):
        if made is not None:
            out().print(Text(f"    estimated: {_estimate(made)}"), soft_wrap=True)


def _summary(found: CheckedNetwork) -> str:
    if found.problem:
        return f"not an integer graph: {found.problem}"
    return f"{len(found.nodes)} nodes, {found.parameters:,} stored integers, {found.operations:,} operations an input"


def _nodes(found: CheckedNetwork) -> Table:
    columns = ("node", "kind", "shape", "type", "stored", "operations", "uniform")
    # Of names and kinds a break costs nothing; half a number is another number.
    table = table_of(*columns, whole=columns[2:4], numbers=columns[4:])
    for node in found.nodes:
        share = "" if node.uniform is None else f"{node.uniform:.0%}"
        shape = "x".join(map(str, node.shape))
        counts = (f"{node.parameters:,}", f"{node.operations:,}", share)
        table.add_row(*map(Text, (node.name, node.kind, shape, node.type, *counts)))
    return table


def _estimate(made: Reckoned) -> str:
    """Resources, memory and rate, in words."""
    names = {"lut": "LUT", "ff": "FF", "bram": f"block RAMs of {made.bram_kbit} kbit", "dsp": "multipliers"}
    shares = (_share(getattr(made.chip, key), getattr(made.board, key), name) for key, name in names.items())
    missed = "" if made.reaches else "; the board's own rate is out of reach"
    rate = f"one inference every {made.interval:,} clocks, {made.fps:,.0f}/s at {made.clock_mhz:g} MHz"
    return f"{', '.join(shares)}; {rate}{missed}"


def _share(used: float, of: float, what: str) -> str:
    return f"{used:,} of {of:,} {what} ({used / of:.0%})" if of else f"no {what}"


def _verdicts(found: CheckedNetwork) -> Iterator[str]:
    """One line for all boards that share a verdict; flows are named where not all of a board's share it."""
    flows = Counter(verdict.board for verdict in found.boards)
    groups: dict[tuple[bool, str], dict[str, list[str]]] = {}
    for verdict in found.boards:
        groups.setdefault((verdict.takes, verdict.why), {}).setdefault(verdict.board, []).append(verdict.flow)
    for (takes, why), boards in groups.items():
        names = (name if len(by) == flows[name] else f"{name} ({', '.join(by)})" for name, by in boards.items())
        yield f"{'yes' if takes else 'NO '} {', '.join(names)}: {_once(why, found.problem)}"


def _once(why: str, problem: str) -> str:
    """A verdict's reason without what has been said of the file."""
    return why.removesuffix(f": {problem}") if why != problem or not problem else "not an integer graph"
