"""What an answer takes, for the terminal and for pages: clocks and energy by the stage that gives it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import compress
from typing import TypeAlias

from rich.table import Table
from rich.text import Text

from toolchain.report.measurement_table import with_prefix
from toolchain.results.account import Account, Way
from toolchain.results.facts.hardware import WayCycles
from toolchain.results.manifest import Timing
from toolchain.results.measurement import Measurement

_COLUMNS = (
    ("clocks to the answer", "simulated"),
    ("clocks between answers", "simulated"),
    ("clocks of all units", "estimated"),
    ("switched bits", "estimated"),
    ("toggles", "simulated"),
)
ESTIMATE = (
    "Energy is estimated by switched bits: the output bits of the cells of units that work, for every clock that they "
    "work, as if all changed; toggles are bits of nets that do change. Clock tree and leakage go on whoever answers, "
    "and are not in them."
)
NO_ESTIMATE = "Energy has not been measured, nor is it estimated: what an operation takes differs between processors."

_Figures: TypeAlias = "tuple[float | None, ...]"


def account_table(account: Account, timing: Timing | None, measured: Measurement | None) -> Table | Text | None:
    """Clocks and energy of an answer, by the stage that gives it; None of a network of one stage."""
    if len(account.ways) < 2:
        return None
    if not account.estimated:
        return Text(NO_ESTIMATE if measured is None or measured.energy is None else f"energy: {energy_words(measured)}")
    table = Table(title=f"what an answer takes: {energy_words(measured)}", title_justify="left", box=None)
    table.header_style = "dim"
    table.add_column("")
    cells = account_cells(account, timing)
    for name, origin in cells.columns:
        table.add_column(f"{name}, {origin}", justify="right")
    for row in cells.rows:
        table.add_row(*row)
    table.caption, table.caption_justify = Text(ESTIMATE), "left"
    return table


@dataclass(frozen=True)
class AccountCells:
    """What an answer takes as a table.

    Attributes:
        columns: name and origin of each column that has a figure, behind that of the rows' names.
        rows: one for each stage, and one for an input on average unless a person chooses the way.
    """

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, ...], ...]


def account_cells(account: Account, timing: Timing | None) -> AccountCells:
    """The table of an account; what nobody counted, such as toggles without `TOGGLES=1`, has no column."""
    named = list(_named_figures(account, timing))
    known = [any(figures[at] is not None for _, figures in named) for at in range(len(_COLUMNS))]
    return AccountCells(
        tuple(compress(_COLUMNS, known)),
        tuple((name, *map(counted, compress(figures, known))) for name, figures in named),
    )


def _named_figures(account: Account, timing: Timing | None) -> Iterator[tuple[str, _Figures]]:
    for way in account.ways:
        yield way.name, _figures(way)
    if any(way.share is None for way in account.ways):
        return
    mean = None if timing is None else timing.mean_interval
    yield "an input", (account.latency_cycles, mean, account.clocks, account.switched_bits, account.toggles)
    if twice := account.twice:
        yield "each twice", (None, None, twice.clocks, twice.switched_bits, twice.toggles)


def energy_words(measured: Measurement | None) -> str:
    """The energy of an inference where a meter has measured it."""
    if measured is None or measured.energy is None or measured.status != "ok":
        return "no meter has measured energy"
    net = measured.energy.per_inference_j.net.median
    return f"{with_prefix(net, 'J')} an inference, {measured.energy.kind} on what `measure` played"


def counted(value: float | None) -> str:
    """A count, or a dash where it is unknown."""
    return "-" if value is None else f"{value:,.0f}"


def _figures(way: Way) -> _Figures:
    cycles = way.cycles or WayCycles(kind="simulated", vectors=0, latency_cycles=None, interval=None, toggles=None)
    work = (None, None) if way.work is None else (way.work.clocks, way.work.switched_bits)
    return cycles.latency_cycles, cycles.interval, *work, cycles.toggles
