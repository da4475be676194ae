"""Every event of a run as a line of the journal."""

from __future__ import annotations

from dataclasses import asdict

from toolchain.can.live.alerts import Change
from toolchain.can.live.journal import Journal
from toolchain.can.live.lag import LagReport
from toolchain.can.live.live import Live
from toolchain.results.detection import DetectionSummary


class Log:
    """Writes what happens: `opened`, `grown`, `closed`, `behind`, `caught_up`, `lost`; then a `summary`."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def changed(self, change: Change) -> None:
        """An alert as it is now."""
        self._journal.write(change.kind, change.alert.to_json())

    def lagged(self, report: LagReport) -> None:
        """Lag and waiting frames."""
        values = asdict(report)
        self._journal.write(values.pop("state"), values)

    def lost(self, frames: int) -> None:
        """How many."""
        self._journal.write("lost", {"frames": frames})

    def advanced(self, live: Live) -> None:
        """Nothing: a line a batch would be too many."""

    def summary(self, came_to: DetectionSummary) -> None:
        """What the run came to."""
        self._journal.write("summary", came_to.to_json())
