"""Two networks side by side, for the terminal and for pages."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from toolchain.report.account_table import counted
from toolchain.report.measurement_table import with_prefix
from toolchain.results.report import Side, SideBySide

Row = tuple[str, str, str, str, str]
"""What it is, of the network that decides, of the other, the one by the other, and where it comes from."""

_COUNTS = (
    ("operations, counted", "operations", ""),
    ("clocks between answers", "interval", "simulated"),
    ("clocks to the answer, at most", "latency_cycles", "simulated"),
    ("clocks of all units", "clocks", "estimated"),
    ("energy: switched bits", "switched_bits", "estimated"),
    ("energy: toggles", "toggles", "simulated"),
)


def beside_table(both: SideBySide) -> Table | Text:
    """Both networks, or the command that builds the other one."""
    if both.other is None:
        return Text(unbuilt(both))
    title = f"beside {named(both.other)}, built for the same board"
    table = Table("an input on average", title=title, title_justify="left", box=None, header_style="dim")
    for side in (both.own, both.other):
        table.add_column(named(side), justify="right")
    table.add_column("of it", justify="right")
    table.add_column("kind")
    for row in beside_rows(both.own, both.other):
        table.add_row(*row)
    if not both.same_test:
        table.caption, table.caption_justify = Text(OTHER_TEST), "left"
    return table


OTHER_TEST = "The two have different test sets: their accuracies cannot be compared."


def unbuilt(both: SideBySide) -> str:
    """How to build the network that is not there."""
    return f"the larger network beside it has not been built for this board; build it with `{both.command}`"


def named(side: Side) -> str:
    """A network by its model and recipe."""
    return f"{side.model}, {side.recipe}"


def beside_rows(own: Side, other: Side) -> Iterator[Row]:
    """What is known of both, what a meter measured of energy first."""
    if own.energy_j is not None or other.energy_j is not None:
        kind = own.energy_kind or other.energy_kind or ""
        yield "energy, net", _joules(own), _joules(other), _of(own.energy_j, other.energy_j), kind
    yield "accuracy (test set)", _share(own), _share(other), "", "simulated"
    for what, key, kind in _COUNTS:
        mine, theirs = getattr(own, key), getattr(other, key)
        if mine is not None:
            yield what, counted(mine), counted(theirs), _of(mine, theirs), kind
    if own.lut is not None:
        yield "LUT", counted(own.lut), counted(other.lut), _of(own.lut, other.lut), own.lut_kind or ""
    if own.clock_mhz is not None:
        yield "clock, MHz", f"{own.clock_mhz:g}", f"{other.clock_mhz or 0:g}", "", ""
    if own.call_us is not None:
        calls = f"{own.call_us:.1f}", f"{other.call_us or 0:.1f}"
        yield "one call, us", *calls, _of(own.call_us, other.call_us), "measured"


def _share(side: Side) -> str:
    return "-" if side.accuracy is None else f"{side.accuracy:.2%}"


def _joules(side: Side) -> str:
    return "-" if side.energy_j is None else with_prefix(side.energy_j, "J")


def _of(mine: float | None, theirs: float | None) -> str:
    return "" if mine is None or not theirs else f"{mine / theirs:.0%}"
