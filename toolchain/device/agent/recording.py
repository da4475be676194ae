"""All that a measurement took, in memory or read back from its raw file: what the result is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .plan import Plan, Settings
from .sampler import Series
from .source import Traits
from .workload import Work

SCHEMA = 1
UNFINISHED, COMPLETE, INTERRUPTED, FAILED = "unfinished", "complete", "interrupted", "failed"


@dataclass
class Repeat:
    """One idle - active - idle.

    Attributes:
        before, after: first and last monotonic second of the idle windows; None where nothing is sampled.
        work: what ran between them.
        conditions: as the active window began and ended.
    """

    before: tuple[float, float] | None
    work: Work
    after: tuple[float, float] | None
    conditions: Sequence[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, read back by `from_json`."""
        idle = {"before": self.before, "after": self.after}
        return {**idle, "work": self.work.to_json(), "conditions": list(self.conditions)}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Repeat:
        """Read what `to_json` wrote."""
        before, after = (None if raw[key] is None else (raw[key][0], raw[key][1]) for key in ("before", "after"))
        return cls(before, Work(**raw["work"]), after, raw["conditions"])


@dataclass
class Recording:
    """A measurement as taken.

    Attributes:
        header: provenance and workload, as the result repeats them.
        traits, series: sources and their samples, in the same order.
        refresh_s: probed, by source; None where the value hardly changed.
        unsampled: runs without sampling.
        status: how it ended; `reason` says why where it failed.
    """

    header: dict[str, Any]
    traits: Sequence[Traits]
    settings: Settings
    series: Sequence[Series]
    events: list[dict[str, Any]] = field(default_factory=list)
    refresh_s: list[float | None] = field(default_factory=list)
    plan: Plan | None = None
    repeats: list[Repeat] = field(default_factory=list)
    unsampled: list[Work] = field(default_factory=list)
    status: str = UNFINISHED
    reason: str = ""

    def header_line(self) -> dict[str, Any]:
        """The first line of the raw file."""
        sources = [trait.to_json() for trait in self.traits]
        return {"header": self.header, "schema": SCHEMA, "settings": self.settings.to_json(), "sources": sources}


def recording_of(lines: Iterable[Any]) -> Recording:
    """A recording from the lines of a raw file.

    Raises:
        ValueError: it is no raw file of an agent.
    """
    iterator = iter(lines)
    first = next(iterator, None)
    if not isinstance(first, dict) or first.get("schema") != SCHEMA:
        raise ValueError("no raw file of this agent: its first line is no header")
    traits = [Traits(**raw) for raw in first["sources"]]
    recording = Recording(first["header"], traits, Settings(**first["settings"]), [Series() for _ in traits])
    for line in iterator:
        if isinstance(line, list):
            recording.series[line[1]].add(line[0], line[2])
        else:
            _take(recording, line)
    return recording


def _take(recording: Recording, line: dict[str, Any]) -> None:
    if "event" in line:
        recording.events.append(line)
    elif "plan" in line:
        recording.plan, recording.refresh_s = Plan(**line["plan"]), line["refresh_s"]
    elif "repeat" in line:
        recording.repeats.append(Repeat.from_json(line["repeat"]))
    elif "unsampled" in line:
        recording.unsampled.append(Work(**line["unsampled"]))
    elif "end" in line:
        recording.status, recording.reason = line["end"], line["reason"]
