"""Reads what nextpnr reports: utilisation, clocks and the critical path."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.errors import ToolError

# "Info:   TRELLIS_COMB:   90000/  83640   107%" in the log, before placement.
_UTILISATION = re.compile(r"^Info:\s+(\w+):\s*(\d+)\s*/\s*(\d+)\s+\d+%", re.MULTILINE)
_HOLD = re.compile(r"^(?:ERROR|Warning|Info): (Hold/min time violation for .*)$", re.MULTILINE)
_NAME_LIMIT = 48


@dataclass(frozen=True)
class Resource:
    """One kind of site: how many the design needs and how many the device has."""

    name: str
    used: int
    available: int


@dataclass(frozen=True)
class Clock:
    """One clock: what the routed design bears and what is asked of it, in MHz."""

    name: str
    achieved_mhz: float
    required_mhz: float


@dataclass(frozen=True)
class Step:
    """One step of a path: its kind (clk-to-q, routing, logic, setup), cell or net, and delay."""

    kind: str
    what: str
    delay_ns: float

    def __str__(self) -> str:
        return f"{self.delay_ns:6.2f} ns {self.kind:8} {self.what}"


@dataclass(frozen=True)
class TimingReport:
    """What nextpnr's JSON report says of one run."""

    resources: tuple[Resource, ...]
    clocks: tuple[Clock, ...]
    critical_path: tuple[Step, ...]

    @property
    def slowest(self) -> Clock:
        """The clock with the least margin."""
        return min(self.clocks, key=lambda clock: clock.achieved_mhz / clock.required_mhz)

    def used(self, name: str) -> int:
        """How many sites of a kind are in use."""
        return sum(resource.used for resource in self.resources if resource.name == name)


def read_report(path: Path) -> TimingReport:
    """Read nextpnr's ``--report`` file.

    Raises:
        ToolError: it is no such report, or names no clock.
    """
    try:
        raw = json.loads(path.read_text())
        resources = tuple(
            Resource(name, int(row["used"]), int(row["available"])) for name, row in sorted(raw["utilization"].items())
        )
        clocks = _clocks(raw["fmax"])
        steps = _worst_path(raw["critical_paths"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ToolError(f"{path}: no report of nextpnr ({error!r}); run the build again") from error
    if not clocks:
        raise ToolError(f"{path}: no clock found; the design has no register behind its clock pin")
    return TimingReport(resources, clocks, steps)


def over_utilised(log: str) -> list[Resource]:
    """The resources, from a log, that the device has too few of, the most exceeded first."""
    rows = [Resource(name, int(used), int(have)) for name, used, have in _UTILISATION.findall(log)]
    over = {row.name: row for row in rows if row.used > row.available}
    return sorted(over.values(), key=lambda row: row.available / row.used)


def fullest(log: str, names: Sequence[str]) -> Resource | None:
    """The fullest of the named resources, from a log."""
    rows = [Resource(name, int(used), int(have)) for name, used, have in _UTILISATION.findall(log)]
    rows = [row for row in rows if row.name in names and row.available]
    return max(rows, key=lambda row: row.used / row.available, default=None)


def hold_violations(log: str) -> list[str]:
    """Lines of a log that tell of a path too fast for the hold time of its register."""
    return _HOLD.findall(log)


def summarise(path: Sequence[Step]) -> str:
    """One line on a path: length, share of logic and routing, start, end, and its slowest steps."""
    total = sum(step.delay_ns for step in path)
    routing = sum(step.delay_ns for step in path if step.kind == "routing")
    slow = sorted(path, key=lambda step: -step.delay_ns)[:3]
    worst = ", ".join(f"{step.kind} {step.what} {step.delay_ns:.1f} ns" for step in slow)
    logic = sum(step.kind == "logic" for step in path)
    return (
        f"{total:.1f} ns ({total - routing:.1f} logic + {routing:.1f} routing, {logic} levels) "
        f"from {path[0].what} to {path[-1].what}; slowest steps: {worst}"
    )


def _clocks(fmax: Mapping[str, Mapping[str, float]]) -> tuple[Clock, ...]:
    # A lone clock is the board's; nextpnr may call its net by any port it reaches.
    only = len(fmax) == 1
    return tuple(
        Clock("clk" if only else name, _mhz(row["achieved"]), _mhz(row["constraint"]))
        for name, row in sorted(fmax.items())
    )


def _mhz(value: float) -> float:
    return round(float(value), 3)


def _worst_path(paths: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """The slowest path between registers; paths from and to pins are not constrained."""
    inside = [
        tuple(_step(step) for step in path["path"]) for path in paths if "<async>" not in (path["from"], path["to"])
    ]
    return max(inside, key=lambda steps: sum(step.delay_ns for step in steps), default=())


def _step(raw: Mapping[str, Any]) -> Step:
    name = raw["net"] if raw["type"] == "routing" else raw["to"]["cell"]
    return Step(raw["type"], _shorten(name), round(float(raw["delay"]), 3))


def _shorten(name: str) -> str:
    # Yosys chains names of carry cells to hundreds of letters; both ends tell where one is.
    if len(name) <= _NAME_LIMIT:
        return name
    return f"{name[: _NAME_LIMIT - 13]}...{name[-10:]}"
