"""All that a measurement took, in memory or read back from its raw file: what the result is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .conditions import Conditions
from .plan import Plan, Settings
from .sampler import Event, Series
from .source import Lost, Traits
from .workload import Work

SCHEMA = 2
UNFINISHED, COMPLETE, INTERRUPTED, FAILED = "unfinished", "complete", "interrupted", "failed"


@dataclass(frozen=True)
class Name:
    """What keeps the board busy, by its name."""

    name: str


@dataclass(frozen=True)
class Header:
    """What is known before anything is measured.

    Attributes:
        provenance: the machine, and what the computer that asks knows of the package.
        unreadable: sensors that are there and cannot be read.
        notes: what is to be said first among the reasons.
        simulated: whether sensors come from a tree of plain files.
        started_unix: time of day.
    """

    board: str = ""
    model: str = ""
    provenance: Mapping[str, object] = field(default_factory=dict)
    unreadable: Sequence[Lost] = ()
    notes: Sequence[str] = ()
    simulated: bool = False
    workload: Name | None = None
    started_unix: float = 0.0

    @property
    def is_emulated(self) -> bool:
        """Whether an emulator ran the workload."""
        return bool(self.provenance.get("emulated"))

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Header:
        """A header of its own JSON, in which any key may be missing.

        Raises:
            TypeError, AttributeError: a key is unknown, or its value is of another type.
        """
        lost = [Lost(**one) for one in raw.get("unreadable", ())]
        named = {"workload": Name(**raw["workload"])} if raw.get("workload") is not None else {}
        return cls(**{**raw, "unreadable": lost, **named})


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
    conditions: Sequence[Conditions]

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Repeat:
        """A repeat of its own JSON."""
        before, after = (None if raw[key] is None else (raw[key][0], raw[key][1]) for key in ("before", "after"))
        return cls(before, Work(**raw["work"]), after, [Conditions(**one) for one in raw["conditions"]])


@dataclass
class Recording:
    """A measurement as taken.

    Attributes:
        header: what the result repeats.
        traits, series: sources and their samples, in the same order.
        refresh_s: probed, by source; None where the value hardly changed.
        unsampled: runs without sampling.
        status: how it ended; `reason` says why where it failed.
    """

    header: Header
    traits: Sequence[Traits]
    settings: Settings
    series: Sequence[Series]
    events: list[Event] = field(default_factory=list)
    refresh_s: list[float | None] = field(default_factory=list)
    plan: Plan | None = None
    repeats: list[Repeat] = field(default_factory=list)
    unsampled: list[Work] = field(default_factory=list)
    status: str = UNFINISHED
    reason: str = ""

    def header_line(self) -> Mapping[str, object]:
        """The first line of the raw file."""
        return {"header": self.header, "schema": SCHEMA, "settings": self.settings, "sources": self.traits}


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
    header, series = Header.from_json(first["header"]), [Series() for _ in traits]
    recording = Recording(header, traits, Settings(**first["settings"]), series)
    for line in iterator:
        if isinstance(line, list):
            recording.series[line[1]].add(line[0], line[2])
        else:
            _take(recording, line)
    return recording


def _take(recording: Recording, line: Mapping[str, Any]) -> None:
    if "event" in line:
        recording.events.append(Event(**line))
    elif "plan" in line:
        recording.plan, recording.refresh_s = Plan(**line["plan"]), line["refresh_s"]
    elif "repeat" in line:
        recording.repeats.append(Repeat.from_json(line["repeat"]))
    elif "unsampled" in line:
        recording.unsampled.append(Work(**line["unsampled"]))
    elif "end" in line:
        recording.status, recording.reason = line["end"], line["reason"]
