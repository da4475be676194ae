"""Says when the detector falls behind the bus, and when it has caught up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BEHIND_SECONDS = 1.0
CAUGHT_UP_SECONDS = 0.25
_REPEAT_SECONDS = 10.0


@dataclass(frozen=True)
class LagReport:
    """`seconds` is how long the frames just judged had waited, `waiting` how many still wait."""

    state: Literal["behind", "caught_up"]
    seconds: float
    waiting: int


class LagWatch:
    """Watches the lag of every batch.

    Attributes:
        worst: the longest lag so far, seconds.
    """

    def __init__(self) -> None:
        self.worst = 0.0
        self._said: float | None = None

    def update(self, now: float, lag: float, waiting: int) -> LagReport | None:
        """What is to be said, if anything, at `now` (seconds, monotonic)."""
        self.worst = max(self.worst, lag)
        if self._said is not None and lag < CAUGHT_UP_SECONDS:
            self._said = None
            return LagReport("caught_up", lag, waiting)
        silent = self._said is None or now - self._said >= _REPEAT_SECONDS
        if lag > BEHIND_SECONDS and silent:
            self._said = now
            return LagReport("behind", lag, waiting)
        return None
