"""The cores that one network can become, side by side: what each takes of the device and how fast it is.

A row is plain data, as it lies in records and manifests. It may stand for a core that is missing: then its figures are
None and its note says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypedDict, cast

from rich.table import Table
from rich.text import Text

from toolchain.errors import BuildError

CORES = ("finn", "folded", "unrolled")
KINDS = ("estimated", "synthesised", "measured")
CYCLES_KINDS = ("estimated", "simulated", "measured")
RESOURCES = {"lut": "LUT", "ff": "FF", "bram": "BRAM18", "dsp": "DSP"}
CYCLES = {"latency_cycles": "latency", "initiation_interval": "interval"}

MEANING = (
    "BRAM18: block RAMs of 18 kbit, halves of a RAMB36. Latency: cycles from the first input beat to the last output "
    "beat. Interval: cycles from one inference to the next."
)
"""What the columns count, for the pages that show the table."""

Number = int | float


class Row(TypedDict):
    """One core by one tool.

    `kind` is where the resources come from, `cycles_kind` (None without cycles) where latency and interval do; `tool`
    is what gave the resources, with its version; `bram` counts halves of a RAMB36; `note` is empty where there is
    nothing to say.
    """

    core: Literal["finn", "folded", "unrolled"]
    kind: Literal["estimated", "synthesised", "measured"]
    tool: str
    lut: Number | None
    ff: Number | None
    bram: Number | None
    dsp: Number | None
    latency_cycles: int | None
    initiation_interval: int | None
    cycles_kind: Literal["estimated", "simulated", "measured"] | None
    note: str


def compared(rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """The rows in the order in which they are shown: by core, then from the estimate to what Vivado reports.

    Raises:
        BuildError: a row lacks a key, has one too many or a value that cannot be, or two rows say the same.
    """
    checked = [_check(row) for row in rows]
    names = [_name(row) for row in checked]
    for name in names:
        if names.count(name) > 1:
            raise BuildError(f"comparison: {name}: {names.count(name)} rows; a core has one row for each kind and tool")
    return sorted(checked, key=lambda row: (CORES.index(row["core"]), KINDS.index(row["kind"]), row["tool"]))


def comparison_table(rows: Iterable[Mapping[str, Any]]) -> Table:
    """The comparison for a terminal of 80 columns; tools and numbered notes stand below it.

    Raises:
        BuildError: a row is malformed.
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


def comparison_markdown(rows: Iterable[Mapping[str, Any]]) -> str:
    """The comparison as a Markdown table with its notes below, ending in a newline.

    Raises:
        BuildError: a row is malformed.
    """
    ordered = compared(rows)
    marks = _marks(ordered)
    rule = ["---" if _justify(column) == "left" else "---:" for column in (*_COLUMNS, "tool")]
    body = [[*_cells(row, marks), row["tool"]] for row in ordered]
    lines = [f"| {' | '.join(map(_escape, cells))} |" for cells in ([*_COLUMNS, "tool"], rule, *body)]
    notes = [f"[{mark}] {_escape(note)}" for note, mark in marks.items()]
    return "\n".join([*lines, *(line for note in notes for line in ("", note))]) + "\n"


_COLUMNS = ("core", "figures", *RESOURCES.values(), *CYCLES.values(), "cycles", "")


def _justify(column: str) -> Literal["left", "right"]:
    return "right" if column in {*RESOURCES.values(), *CYCLES.values()} else "left"


def _tools(rows: list[Row]) -> list[str]:
    """What gave the figures of each kind, one line for each kind and tool, with its cores."""
    cores: dict[str, list[str]] = {}
    for row in sorted(filter(_has_figures, rows), key=lambda row: KINDS.index(row["kind"])):
        cores.setdefault(f"{row['kind']} by {row['tool']}", []).append(row["core"])
    return [f"{source}: {', '.join(names)}" for source, names in cores.items()]


def _marks(rows: list[Row]) -> dict[str, int]:
    """Numbers of the notes; rows that share a note share its number."""
    return {note: index for index, note in enumerate(dict.fromkeys(row["note"] for row in rows if row["note"]), 1)}


def _cells(row: Row, marks: Mapping[str, int]) -> list[str]:
    figures = [_figure(row.get(key)) for key in (*RESOURCES, *CYCLES)]
    mark = f"[{marks[row['note']]}]" if row["note"] else ""
    return [row["core"], row["kind"], *figures, row["cycles_kind"] or "", mark]


def _figure(value: object) -> str:
    if not isinstance(value, int | float):
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}".removesuffix(".0")


def _escape(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _check(row: Mapping[str, Any]) -> Row:
    keys = set(Row.__annotations__)
    if keys != set(row):
        wrong = ", ".join(sorted(keys ^ set(row)))
        raise BuildError(f"comparison: {_name(row)}: key {wrong}: a row has {', '.join(Row.__annotations__)}, no other")
    for key, allowed in (("core", CORES), ("kind", KINDS), ("cycles_kind", (*CYCLES_KINDS, None))):
        if row[key] not in allowed:
            raise _wrong(row, key, f"one of {', '.join(map(str, allowed))}")
    for key in ("tool", "note"):
        if not isinstance(row[key], str):
            raise _wrong(row, key, "a text")
    _check_figures(row)
    return cast(Row, dict(row))


def _check_figures(row: Mapping[str, Any]) -> None:
    for key in (*RESOURCES, *CYCLES):
        types = int if key in CYCLES else (int, float)
        value = row[key]
        if value is not None and (isinstance(value, bool) or not isinstance(value, types) or not 0 <= value < 1 << 62):
            raise _wrong(row, key, f"{'a whole number' if key in CYCLES else 'a number'}, 0 or more, or None")
    if (row["cycles_kind"] is None) != all(row[key] is None for key in CYCLES):
        raise _wrong(row, "cycles_kind", "the kind of the cycles where there are any, else None")
    if not row["note"] and not _has_figures(row):
        raise _wrong(row, "note", "why the core has no figures")


def _has_figures(row: Mapping[str, Any]) -> bool:
    return any(row[key] is not None for key in (*RESOURCES, *CYCLES))


def _wrong(row: Mapping[str, Any], key: str, expected: str) -> BuildError:
    return BuildError(f"comparison: {_name(row)}: {key}: {row[key]!r}: should be {expected}")


def _name(row: Mapping[str, Any]) -> str:
    return ", ".join(str(row.get(key, f"no {key}")) for key in ("core", "kind", "tool"))
