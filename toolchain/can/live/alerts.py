"""From the class of each frame to alerts: one attack is one alert, which grows.

A network errs once in ten thousand frames or so. An alert therefore begins with the third frame of an attack within
half a second, counts from the first of them, and ends when two seconds have passed without one: bursts that follow each
other closely are one attack.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from toolchain.can.live.batch import NOWHERE, Origin
from toolchain.results.detection import AlertState

Kind = Literal["opened", "grown", "closed"]

# Identifiers that an alert counts one by one; an attack with random 29-bit ones must not fill the memory.
_COUNTED = 4096
_SHOWN = 8


@dataclass(frozen=True)
class Hysteresis:
    """When an alert begins and ends.

    Attributes:
        frames: of one attack that begin an alert, where they come within `within` seconds.
        quiet: seconds without a frame of the attack that end it.
        report: seconds between two reports of an alert that grows.
    """

    frames: int = 3
    within: float = 0.5
    quiet: float = 2.0
    report: float = 1.0


@dataclass
class Alert:
    """One attack, as far as it has come. Times in seconds, of the frames' own clock."""

    number: int
    attack: str
    start: float
    last: float
    frames: int = 0
    identifiers: Counter[int] = field(default_factory=Counter)
    uncounted: int = 0
    origin: Origin = NOWHERE

    def add(self, time: float, identifier: int) -> None:
        """One more frame of it."""
        self.last, self.frames = time, self.frames + 1
        if identifier in self.identifiers or len(self.identifiers) < _COUNTED:
            self.identifiers[identifier] += 1
        else:
            self.uncounted += 1

    @property
    def state(self) -> AlertState:
        """As it is told: the most frequent identifiers with their frames, and how many identifiers there are."""
        shown = sorted(self.identifiers.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]
        return AlertState(
            alert=self.number,
            attack=self.attack,
            bus=self.origin.bus,
            capture=self.origin.capture,
            start=self.start,
            last=self.last,
            frames=self.frames,
            identifiers={f"{identifier:03x}": count for identifier, count in shown},
            distinct_identifiers=len(self.identifiers),
            frames_of_uncounted_identifiers=self.uncounted,
        )


@dataclass(frozen=True)
class Change:
    """What happened to an alert, and what it is now."""

    kind: Kind
    alert: AlertState


class Tracker:
    """Follows every attack by itself.

    Args:
        classes: names of the network's classes, normal first.

    Attributes:
        origin: where the frames that follow come from.
    """

    def __init__(self, classes: Sequence[str], hysteresis: Hysteresis | None = None) -> None:
        self._rule = hysteresis or Hysteresis()
        self._classes = classes
        self._recent: list[deque[tuple[float, int]]] = [deque(maxlen=self._rule.frames) for _ in classes]
        self._open: dict[int, Alert] = {}
        self._reported: dict[int, float] = {}
        self._now = 0.0
        self.count = 0
        self.origin = NOWHERE

    @property
    def open(self) -> list[Alert]:
        """Alerts that have not ended, oldest first."""
        return sorted(self._open.values(), key=lambda alert: alert.number)

    def observe(
        self, time: NDArray[np.float64], identifier: NDArray[np.uint32], label: NDArray[np.int64]
    ) -> Iterator[Change]:
        """Take the classes of consecutive frames, all of shape (n,)."""
        for row in np.flatnonzero(label):
            yield from self._attacked(float(time[row]), int(identifier[row]), int(label[row]))
        if len(time):
            self._now = float(time[-1])
            yield from self._quiet(self._now)
            yield from self._grown()

    def idle(self, seconds: float) -> Iterator[Change]:
        """The bus has been silent for so long."""
        yield from self._quiet(self._now + seconds)

    def finish(self) -> Iterator[Change]:
        """End every alert, since nothing follows, or something else."""
        for index in list(self._open):
            yield self._close(index)
        for recent in self._recent:
            recent.clear()

    def _attacked(self, time: float, identifier: int, index: int) -> Iterator[Change]:
        alert = self._open.get(index)
        if alert and self._apart(alert.last, time, self._rule.quiet):
            yield self._close(index)
            alert = None
        if alert:
            alert.add(time, identifier)
            return
        recent = self._recent[index]
        recent.append((time, identifier))
        if len(recent) == self._rule.frames and not self._apart(recent[0][0], time, self._rule.within):
            yield self._begin(index)

    def _begin(self, index: int) -> Change:
        self.count += 1
        recent = self._recent[index]
        alert = Alert(self.count, self._classes[index], recent[0][0], recent[0][0], origin=self.origin)
        for time, identifier in recent:
            alert.add(time, identifier)
        recent.clear()
        self._open[index], self._reported[index] = alert, alert.last
        return Change("opened", alert.state)

    def _close(self, index: int) -> Change:
        del self._reported[index]
        return Change("closed", self._open.pop(index).state)

    def _quiet(self, now: float) -> Iterator[Change]:
        for index in [i for i, alert in self._open.items() if self._apart(alert.last, now, self._rule.quiet)]:
            yield self._close(index)

    def _grown(self) -> Iterator[Change]:
        for index, alert in self._open.items():
            if self._apart(self._reported[index], alert.last, self._rule.report):
                self._reported[index] = alert.last
                yield Change("grown", alert.state)

    @staticmethod
    def _apart(earlier: float, later: float, seconds: float) -> bool:
        """Also where the clock was set back: an hour must not keep an alert open."""
        return abs(later - earlier) > seconds
