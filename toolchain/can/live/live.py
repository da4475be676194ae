"""The loop: frames in, windows judged, alerts out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from toolchain.can.live.alerts import Change, Hysteresis, Tracker
from toolchain.can.live.batch import Batch, limited
from toolchain.can.live.classify import Classifier
from toolchain.can.live.detector import Detector
from toolchain.can.live.lag import LagReport, LagWatch
from toolchain.can.live.tally import Tally
from toolchain.can.live.windows import WindowStream
from toolchain.results.detection import DetectionSummary


class Watcher(Protocol):
    """Who is told what happens: the screen, the log."""

    def changed(self, change: Change) -> None:
        """An alert began, grew or ended."""

    def lagged(self, report: LagReport) -> None:
        """The detector fell behind, or caught up."""

    def lost(self, frames: int) -> None:
        """Frames were lost and are not judged."""

    def advanced(self, live: Live) -> None:
        """A batch was judged."""


@dataclass
class Live:
    """One run of the detector.

    Attributes:
        tally: its counts; `lag`: how far behind it was; `tracker`: its alerts.
        busy: seconds it took to judge, without waiting for frames.
    """

    detector: Detector
    classifier: Classifier
    watchers: tuple[Watcher, ...] = ()
    hysteresis: Hysteresis = field(default_factory=Hysteresis)
    now: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.tally, self.lag = Tally(self.detector.classes), LagWatch()
        self.tracker = Tracker(self.detector.classes, self.hysteresis)
        self.busy, self._began = 0.0, self.now()
        self._windows = WindowStream(self.detector.encoding, self.detector.window)

    def run(self, batches: Iterable[Batch], frames: int | None = None, stop: Callable[[], bool] = bool) -> None:
        """Judge all batches, `frames` frames at most, or until `stop` says so; a batch is never left half judged.

        Raises:
            GateweaveError: the source or the classifier fails; all alerts have been ended then, too.
        """
        self._began = self.now()
        try:
            for batch in limited(batches, frames):
                began = self.now()
                self._judge(batch)
                self.busy += self.now() - began
                self._tell(lambda watcher: watcher.advanced(self))
                if stop():
                    break
        finally:
            self._changed(self.tracker.finish())

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return self.now() - self._began

    def summary(self, notices: Sequence[str] = ()) -> DetectionSummary:
        """What the run came to, with notices of its source."""
        counts = self.tally.counts
        return DetectionSummary(
            frames=counts.frames,
            judged=counts.judged,
            lost=counts.lost,
            predicted=counts.predicted,
            accuracy=counts.accuracy,
            alerts=self.tracker.count,
            seconds=self.seconds,
            busy_seconds=self.busy,
            rate=self.tally.frames / self.busy if self.busy else None,
            kind=self.classifier.kind,
            worst_lag_seconds=self.lag.worst,
            trained_on=self.detector.data,
            notices=tuple(notices),
        )

    def _judge(self, batch: Batch) -> None:
        if batch.fresh:
            self._windows.restart()
        if batch.fresh and not batch.lost:
            # Another capture has a clock of its own.
            self._changed(self.tracker.finish())
        self.tracker.origin = batch.origin
        if batch.lost:
            self.tally.lost += batch.lost
            self._tell(lambda watcher: watcher.lost(batch.lost))
        if len(batch.frames):
            self._classify(batch)
        else:
            self._changed(self.tracker.idle(batch.idle))
        report = self.lag.update(self.now(), batch.lag, batch.waiting)
        if report:
            self._tell(lambda watcher: watcher.lagged(report))

    def _classify(self, batch: Batch) -> None:
        frames, x = batch.frames, self._windows.push(batch.frames)
        self.tally.frames += len(frames)
        judged = frames.slice(len(frames) - len(x), len(frames))
        if not len(x):
            return
        labels = self.classifier.labels(x)
        self.tally.add(labels, judged.label if batch.labelled else None)
        self._changed(self.tracker.observe(judged.time, judged.identifier, labels))

    def _changed(self, changes: Iterable[Change]) -> None:
        for change in changes:
            for watcher in self.watchers:
                watcher.changed(change)

    def _tell(self, call: Callable[[Watcher], None]) -> None:
        for watcher in self.watchers:
            call(watcher)
