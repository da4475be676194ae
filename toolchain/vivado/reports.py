"""Reads Vivado's reports: what the design uses and whether it meets its clock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain.errors import ToolError

# Zynq UltraScale+ counts CLB LUTs, Zynq-7000 Slice LUTs. A star marks a count of synthesis, which routing betters.
_ROWS = {
    "lut": ("CLB LUTs", "Slice LUTs"),
    "ff": ("CLB Registers", "Slice Registers"),
    "bram": ("Block RAM Tile",),
    "dsp": ("DSPs",),
    "uram": ("URAM",),
}
_HALVES = 2  # block RAM is reported in tiles of 36 kbit and halves of one
_RULE = re.compile(r"^\s*-+(\s+-+)+\s*$")


def parse_utilisation(path: Path) -> dict[str, int]:
    """Resources of ``report_utilization``: lut, ff, bram (halves of 18 kbit), dsp, uram.

    Raises:
        ToolError: the file is no such report.
    """
    used = dict(_cells(_read(path)))
    resources = {}
    for resource, names in _ROWS.items():
        found = [used[name] for name in names if name in used]
        if not found and resource != "uram":  # Zynq-7000 has none
            raise ToolError(f"{path}: no row {' or '.join(names)}; expected a utilisation report of Vivado")
        factor = _HALVES if resource == "bram" else 1
        resources[resource] = int(float(found[0]) * factor) if found else 0
    return resources


def _cells(text: str) -> Iterator[tuple[str, str]]:
    """Name and used count of every row of every table; the first of a name is the sum of its kind."""
    column, seen = None, set()
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            continue
        if "Used" in cells:
            column = cells.index("Used")
        elif column is not None and len(cells) > column:
            name = cells[0].rstrip("*")
            if name not in seen and re.fullmatch(r"[\d.]+", cells[column]):
                seen.add(name)
                yield name, cells[column]


@dataclass(frozen=True)
class Timing:
    """How a routed design stands to its clock.

    Attributes:
        wns_ns: worst slack of setup; negative: a path is too slow.
        whs_ns: worst slack of hold.
        wpws_ns: worst slack of pulse widths.
        clock: name of the clock with the least room.
        period_ns: its period.
        fmax_mhz: the highest clock its paths bear.
        met: whether all three slacks are zero or more.
        failing_endpoints: ends of paths that fail setup, and all that there are.
        critical_path: from where to where the slowest path goes, with its delay.
    """

    wns_ns: float
    whs_ns: float
    wpws_ns: float
    clock: str
    period_ns: float
    fmax_mhz: float
    met: bool
    failing_endpoints: tuple[int, int]
    critical_path: str


def parse_timing(path: Path) -> Timing:
    """The figures of ``report_timing_summary``.

    Raises:
        ToolError: the file is no such report, or no clock is constrained.
    """
    text = _read(path)
    summary = _table(text, "Design Timing Summary", path)[0]
    wns, whs, wpws = (_number(summary[index], path) for index in (0, 4, 8))
    clock, period, slack = _slowest(text, path, wns)
    return Timing(
        wns_ns=wns,
        whs_ns=whs,
        wpws_ns=wpws,
        clock=clock,
        period_ns=period,
        fmax_mhz=round(1000 / (period - slack), 2),
        met=min(wns, whs, wpws) >= 0,
        failing_endpoints=(int(summary[2]), int(summary[3])),
        critical_path=_critical_path(text),
    )


def _slowest(text: str, path: Path, wns: float) -> tuple[str, float, float]:
    """Name, period and setup slack of the clock whose paths fill most of its period."""
    periods = {row[0]: float(row[-2]) for row in _table(text, "Clock Summary", path)}
    slacks = {row[0]: float(row[1]) for row in _table(text, "Intra Clock Table", path) if len(row) >= 9}
    within = [(name, periods[name], slack) for name, slack in slacks.items() if name in periods]
    if not within:
        raise ToolError(f"{path}: no clock with a path; expected the report of a routed design with its clock")
    name, period, slack = max(within, key=lambda row: (row[1] - row[2]) / row[1])
    return name, period, min(slack, wns)


def _table(text: str, title: str, path: Path) -> list[list[str]]:
    """Rows of the table under a title, up to the blank line after it."""
    lines = iter(text.splitlines())
    for line in lines:
        if line == f"| {title}":
            return _rows(lines, title, path)
    raise ToolError(f"{path}: no section {title!r}; expected a timing summary of Vivado")


def _rows(lines: Iterator[str], title: str, path: Path) -> list[list[str]]:
    for line in lines:
        if _RULE.match(line):
            break
        if line.startswith("|") and title not in line and set(line) - set("| -"):
            raise ToolError(f"{path}: {title!r} has no table; is no clock constrained?")
    rows = []
    for line in lines:
        if not line.strip():
            break
        rows.append(line.split())
    if not rows:
        raise ToolError(f"{path}: the table {title!r} is empty; is no clock constrained?")
    return rows


def _number(word: str, path: Path) -> float:
    try:
        return float(word)
    except ValueError:
        raise ToolError(f"{path}: slack {word!r} is no number; is no clock constrained?") from None


def _critical_path(text: str) -> str:
    """The first setup path of the details: its ends and its delay."""
    start = text.find("Max Delay Paths")
    words = [_field(text, name, start) for name in ("Source", "Destination", "Data Path Delay")]
    if start < 0 or not all(words):
        return ""
    return f"{words[0]} to {words[1]}, {words[2].split()[0]}"


def _field(text: str, name: str, start: int) -> str:
    found = re.compile(rf"^\s+{name}:\s+(.*\S)", re.MULTILINE).search(text, max(start, 0))
    return found.group(1) if found else ""


def without_origin(text: str) -> str:
    """A report without the lines that say when, on which machine and in which folder it was made."""
    origin: Sequence[str] = ("| Date ", "| Host ", "| Command ")
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(tuple(origin)))


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError as error:
        raise ToolError(f"{path}: cannot be read: {error.strerror}; Vivado should have written it") from error
