"""The cores that one network can become, side by side: what each takes of the device and how fast it is.

Rows are those of `toolchain.results.facts.compare`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from rich.table import Table
from rich.text import Text

from toolchain.errors import BuildError
from toolchain.results.facts import CoreRow
from toolchain.results.facts.compare import CORES, CYCLES, KINDS, RESOURCES
from toolchain.results.model import Number

MEANING = (
    "BRAM18: block RAMs of 18 kbit, halves of a RAMB36. Latency: cycles from the first input beat to the last output "
    "beat. Interval: cycles from one inference to the next."
)
"""What the columns count, for the pages that show the table."""


def compared(rows: Iterable[CoreRow]) -> list[CoreRow]:
    """The rows in the order in which they are shown: by core, then from the estimate to what Vivado reports.

    Raises:
        BuildError: two rows say the same.
    """
    checked = list(rows)
    names = [_name(row) for row in checked]
    for name in names:
        if names.count(name) > 1:
            raise BuildError(f"comparison: {name}: {names.count(name)} rows; a core has one row for each kind and tool")
    return sorted(checked, key=lambda row: (CORES.index(row.core), KINDS.index(row.kind), row.tool))


def comparison_table(rows: Iterable[CoreRow]) -> Table:
    """The comparison for a terminal of 80 columns; tools and numbered notes stand below it.

    Raises:
        BuildError: two rows say the same.
    """
    ordered = compared(rows)
    marks = _marks(ordered)
    table = Table(title="cores side by side", title_justify="left", title_style="bold", box=None, header_style="dim")
    table.padding = (0, 1, 0, 0)
    for column in _COLUMNS:
        table.add_column(column, justify=_justify(column), no_wrap=True)
    for row in ordered:
        table.add_row(*map(Text, _cells(row, marks)))
    table.caption = Text("\n".join([*_tools(ordered), *(f"[{mark}] {note}" for note, mark in marks.items())]))
    table.caption_justify = "left"
    return table


def comparison_markdown(rows: Iterable[CoreRow]) -> str:
    """The comparison as a Markdown table with its notes below, ending in a newline.

    Raises:
        BuildError: two rows say the same.
    """
    ordered = compared(rows)
    marks = _marks(ordered)
    rule = ["---" if _justify(column) == "left" else "---:" for column in (*_COLUMNS, "tool")]
    body = [[*_cells(row, marks), row.tool] for row in ordered]
    lines = [f"| {' | '.join(map(_escape, cells))} |" for cells in ([*_COLUMNS, "tool"], rule, *body)]
    notes = [f"[{mark}] {_escape(note)}" for note, mark in marks.items()]
    return "\n".join([*lines, *(line for note in notes for line in ("", note))]) + "\n"


_COLUMNS = ("core", "figures", *RESOURCES.values(), *CYCLES.values(), "cycles", "")


def _justify(column: str) -> Literal["left", "right"]:
    return "right" if column in {*RESOURCES.values(), *CYCLES.values()} else "left"


def _tools(rows: list[CoreRow]) -> list[str]:
    """What gave the figures of each kind, one line for each kind and tool, with its cores."""
    cores: dict[str, list[str]] = {}
    for row in sorted((row for row in rows if row.has_figures), key=lambda row: KINDS.index(row.kind)):
        cores.setdefault(f"{row.kind} by {row.tool}", []).append(row.core)
    return [f"{source}: {', '.join(names)}" for source, names in cores.items()]


def _marks(rows: list[CoreRow]) -> dict[str, int]:
    """Numbers of the notes; rows that share a note share its number."""
    return {note: index for index, note in enumerate(dict.fromkeys(row.note for row in rows if row.note), 1)}


def _cells(row: CoreRow, marks: Mapping[str, int]) -> list[str]:
    mark = f"[{marks[row.note]}]" if row.note else ""
    return [row.core, row.kind, *map(_figure, row.figures), row.cycles_kind or "", mark]


def _figure(value: Number | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}".removesuffix(".0")


def _escape(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _name(row: CoreRow) -> str:
    return f"{row.core}, {row.kind}, {row.tool}"
