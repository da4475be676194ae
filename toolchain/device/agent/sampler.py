"""Polls all sources and keeps what they say: in memory for the result, on disk for good."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .clock import Clock
from .source import NonsenseError, SensorError, Source

_RETRY_S = 1.0
VANISHED, BACK, NONSENSE = "sensor vanished", "sensor is back", "nonsense"
"""Events of a source."""
CLOCK_STEP_S = 0.1
"""Seconds that the time of day may move against the monotonic clock before it counts as a step."""


@dataclass(frozen=True)
class Event:
    """Something that went wrong.

    Attributes:
        event: what, in words.
        t: monotonic seconds; none where it stands for several.
        source: index of the source, where it is one's.
        text: what the source or the disk said.
        seconds: by how much a clock or a warm-up was off.
        unsaved_bytes: what the disk has not taken.
    """

    event: str
    t: float | None = None
    source: int | None = None
    text: str | None = None
    seconds: float | None = None
    unsaved_bytes: int | None = None

    def to_json(self) -> Mapping[str, object]:
        """What is known of it; read back by `Event(**json)`."""
        return {name: value for name, value in vars(self).items() if value is not None}


class Append(Protocol):
    """Takes lines of the raw file."""

    def __call__(self, value: Any, /) -> None:
        """One more line."""


class Series:
    """Samples of one source: times (monotonic s) and values (W or J)."""

    def __init__(self) -> None:
        self.times = array("d")
        self.values = array("d")

    def add(self, time: float, value: float) -> None:
        """One more sample."""
        self.times.append(time)
        self.values.append(value)


class Sampler:
    """Reads every source once a poll.

    Args:
        sources: what to read.
        clock: stamps each reading by itself.
        append: takes lines for the raw file.

    Attributes:
        series: samples by source, in the order of `sources`.
        events: what went wrong.
    """

    def __init__(self, sources: Sequence[Source], clock: Clock, append: Append) -> None:
        self.sources, self._clock, self._append = sources, clock, append
        self.series = [Series() for _ in sources]
        self.events: list[Event] = []
        self._gone_since: list[float | None] = [None] * len(sources)
        self._retry_at = [0.0] * len(sources)
        self._offset = clock.wall() - clock.now()

    @property
    def all_gone(self) -> bool:
        """Whether no source answers any more."""
        return all(since is not None for since in self._gone_since)

    def poll(self) -> None:
        """Read every source that is there."""
        self._check_clock()
        for index, source in enumerate(self.sources):
            if self._gone_since[index] is None or self._clock.now() >= self._retry_at[index]:
                self._read(index, source)

    def event(self, name: str, **details: Any) -> None:
        """Note that something happened; the details are those of an `Event`."""
        entry = Event(name, round(self._clock.now(), 6), **details)
        self.events.append(entry)
        self._append(entry)

    def _read(self, index: int, source: Source) -> None:
        try:
            value = source.read()
        except NonsenseError as error:
            self.event(NONSENSE, source=index, text=str(error))
            return
        except (SensorError, OSError, ValueError) as error:
            self._lost(index, error)
            return
        # Stamped after the reading: a conversion that a slow bus waited for lies before this.
        now = round(self._clock.now(), 6)
        if self._gone_since[index] is not None:
            self._gone_since[index] = None
            self.event(BACK, source=index)
        self.series[index].add(now, value)
        self._append([now, index, value])

    def _lost(self, index: int, error: Exception) -> None:
        now = self._clock.now()
        if self._gone_since[index] is None:
            self._gone_since[index] = now
            self.event(VANISHED, source=index, text=str(error))
        self._retry_at[index] = now + _RETRY_S

    def _check_clock(self) -> None:
        offset = self._clock.wall() - self._clock.now()
        if abs(offset - self._offset) > CLOCK_STEP_S:
            self.event("clock step", seconds=round(offset - self._offset, 3))
            self._offset = offset
