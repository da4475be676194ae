"""What an answer takes, for the terminal and for pages: clocks and energy by the stage that gives it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from toolchain.report.measurement_table import with_prefix
from toolchain.results.account import Account, Way
from toolchain.results.facts.hardware import WayCycles
from toolchain.results.manifest import Timing
from toolchain.results.measurement import Measurement

COLUMNS = ("clocks to the answer", "clocks between answers", "clocks of all units", "switched bits", "toggles")
ORIGINS = ("simulated", "simulated", "estimated", "estimated", "simulated")
ESTIMATE = (
    "Energy is estimated by switched bits: the output bits of the cells of units that work, for every clock that they "
    "work, as if all changed; toggles are bits of nets that do change. Clock tree and leakage go on whoever answers, "
    "and are not in them."
)
NO_ESTIMATE = "Energy has not been measured, nor is it estimated: what an operation takes differs between processors."


def account_table(account: Account, timing: Timing | None, measured: Measurement | None) -> Table | Text | None:
    """Clocks and energy of an answer, by the stage that gives it; None of a network of one stage."""
    if len(account.ways) < 2:
        return None
    if not account.estimated:
        return Text(NO_ESTIMATE if measured is None or measured.energy is None else f"energy: {energy_words(measured)}")
    table = Table(title=f"what an answer takes: {energy_words(measured)}", title_justify="left", box=None)
    table.header_style = "dim"
    table.add_column("")
    for name, origin in zip(COLUMNS, ORIGINS, strict=True):
        table.add_column(f"{name}, {origin}", justify="right")
    for row in account_rows(account, timing):
        table.add_row(*row)
    table.caption, table.caption_justify = Text(ESTIMATE), "left"
    return table


def account_rows(account: Account, timing: Timing | None) -> Iterator[tuple[str, ...]]:
    """A row for each stage, and one for an input on average; cells are those of `COLUMNS` behind a name.

    Where a person chooses the way, no input is the average.
    """
    for way in account.ways:
        yield way.name, *map(counted, _figures(way))
    if any(way.share is None for way in account.ways):
        return
    mean = None if timing is None else timing.mean_interval
    means = account.latency_cycles, mean, account.clocks, account.switched_bits, account.toggles
    yield "an input", *map(counted, means)


def energy_words(measured: Measurement | None) -> str:
    """The energy of an inference where a meter has measured it."""
    if measured is None or measured.energy is None or measured.status != "ok":
        return "no meter has measured energy"
    net = measured.energy.per_inference_j.net.median
    return f"{with_prefix(net, 'J')} an inference, {measured.energy.kind} on what `measure` played"


def counted(value: float | None) -> str:
    """A count, or a dash where it is unknown."""
    return "-" if value is None else f"{value:,.0f}"


def _figures(way: Way) -> tuple[int | None, ...]:
    cycles = way.cycles or WayCycles(kind="simulated", vectors=0, latency_cycles=None, interval=None, toggles=None)
    work = (None, None) if way.work is None else (way.work.clocks, way.work.switched_bits)
    return cycles.latency_cycles, cycles.interval, *work, cycles.toggles
