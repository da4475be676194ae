"""The measurement itself: probe, warm-up, idle - active - idle, and the same without sampling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from .acceptance import assess
from .clock import Clock
from .conditions import conditions, temperatures
from .plan import Settings, make_plan, probe_poll, probe_seconds, refresh_of
from .rawlog import RawLog
from .recording import COMPLETE, FAILED, INTERRUPTED, Header, Name, Recording, Repeat
from .sampler import Sampler, Series
from .source import Run, Source, run_command
from .workload import Work, Workload, WorkloadError

_ATTEMPTS = 2
_WARM_STEP_S = 5.0
_AMPLE = 1.03  # a rate is never quite what it was; the active window must not be too short


class AgentProgress(Protocol):
    """Is told what goes on."""

    def __call__(self, text: str, /) -> None:
        """One step, in words."""


class Experiment:
    """One measurement of one workload.

    Args:
        sources: where power is read; without any, only latency is measured.
        header: provenance, for the result.
        log: takes everything as it comes.
        root: where the file system starts, for temperatures and clocks.
        progress: is told what goes on.
    """

    def __init__(
        self,
        workload: Workload,
        sources: Sequence[Source],
        settings: Settings,
        clock: Clock,
        log: RawLog,
        header: Header,
        root: Path = Path("/"),
        run: Run = run_command,
        progress: AgentProgress = lambda text: None,
    ) -> None:
        self._workload, self._sources, self._settings, self._clock = workload, sources, settings, clock
        self._log, self._root, self._command, self._progress = log, root, run, progress
        self._sampler = Sampler(sources, clock, log.append)
        traits = [source.traits for source in sources]
        whole = replace(header, workload=Name(workload.name), started_unix=clock.wall())
        series: Sequence[Series] = self._sampler.series
        self.recording = Recording(whole, traits, settings, series, self._sampler.events)

    def run(self) -> Recording:
        """Measure; whatever happens, what was taken is in the recording and in the raw file."""
        self._log.append(self.recording.header_line())
        status, reason = COMPLETE, ""
        try:
            self._measure()
        except KeyboardInterrupt:
            status, reason = INTERRUPTED, "interrupted; figures are of the repeats that were complete"
        except WorkloadError as error:
            status, reason = FAILED, str(error)
        finally:
            self._clock.stop()
        self._end(status, reason)
        return self.recording

    def _measure(self) -> None:
        self._probe()
        self._warm_up()
        if not self._sources:
            for _ in range(self._settings.repeats):
                self._active_only()
            return
        self._unsampled()
        self._repeat_until_enough()
        self._unsampled()

    def _probe(self) -> None:
        constants = [source.traits.time_constant_s for source in self._sources]
        if self._sources:
            self._progress("probing how fast the sensors change")
            self._sampled(probe_poll(len(constants)), lambda: self._clock.sleep(probe_seconds(constants)))
        refresh = [refresh_of(series) for series in self._sampler.series]
        plan = make_plan([max(tau, seconds or 0.0) for tau, seconds in zip(constants, refresh)], self._settings)  # noqa: B905
        self.recording.plan, self.recording.refresh_s = plan, refresh
        self._log.append({"plan": plan, "refresh_s": refresh})

    def _warm_up(self) -> None:
        """Run until no temperature moves any more, or, without a thermometer, for the least time."""
        settings, began, seen = self._settings, self._clock.now(), [temperatures(self._root)]
        while self._clock.now() - began < settings.warm_up_limit_s and settings.warm_up_s > 0:
            self._progress(f"warming up: {self._clock.now() - began:.0f} s")
            self._workload.run(min(_WARM_STEP_S, settings.warm_up_s))
            seen.append(temperatures(self._root))
            steps = max(1, round(settings.warm_up_s / _WARM_STEP_S))
            if len(seen) > steps and _moved(seen[-1 - max(1, steps // 3) :]) <= settings.steady_k:
                return
        if settings.warm_up_s > 0:
            self._sampler.event("temperature not steady", seconds=settings.warm_up_limit_s)

    def _repeat_until_enough(self) -> None:
        accepted, wanted = 0, self._settings.repeats
        # More of what is too short would not help.
        short = self._settings.window_s < self._settings.least_window_s
        for attempt in range(wanted if short else _ATTEMPTS * wanted):
            if accepted >= wanted or self._sampler.all_gone:
                return
            self._progress(f"idle - active - idle: {attempt + 1}, {accepted} of {wanted} accepted")
            self._idle_active_idle()
            accepted += not assess(self.recording, self.recording.repeats[-1]).reasons

    def _idle_active_idle(self) -> None:
        poll = self.recording.plan.poll_s if self.recording.plan else 0.1
        self._clock.start(poll, self._sampler.poll)
        try:
            before = self._idle()
            first = conditions(self._root, self._command)
            work = self._workload.run(_AMPLE * self._window)
            second = conditions(self._root, self._command)
            after = self._idle()
        finally:
            self._clock.stop()
        self._keep(Repeat(before, work, after, [first, second]))

    def _active_only(self) -> None:
        self._progress(f"running: {len(self.recording.repeats) + 1} of {self._settings.repeats}")
        first = conditions(self._root, self._command)
        work = self._workload.run(self._window)
        self._keep(Repeat(None, work, None, [first, conditions(self._root, self._command)]))

    def _unsampled(self) -> None:
        self._progress("running without sampling")
        work: Work = self._workload.run(self._window)
        self.recording.unsampled.append(work)
        self._log.append({"unsampled": work})

    def _idle(self) -> tuple[float, float]:
        start = self._clock.now()
        self._clock.sleep(self._window)
        return start, self._clock.now()

    def _sampled(self, poll: float, action: Callable[[], None]) -> None:
        self._clock.start(poll, self._sampler.poll)
        try:
            action()
        finally:
            self._clock.stop()

    def _keep(self, repeat: Repeat) -> None:
        self.recording.repeats.append(repeat)
        self._log.append({"repeat": repeat})

    def _end(self, status: str, reason: str) -> None:
        if self._log.fault:
            self._sampler.event("disk", text=self._log.fault, unsaved_bytes=len(self._log.pending))
        self.recording.status, self.recording.reason = status, reason
        self._log.append({"end": status, "reason": reason})

    @property
    def _window(self) -> float:
        return self.recording.plan.window_s if self.recording.plan else self._settings.window_s


def _moved(seen: Sequence[dict[str, float]]) -> float:
    """The most that any temperature moved, in kelvin."""
    zones = set(seen[0]).intersection(*seen)
    return max((max(s[zone] for s in seen) - min(s[zone] for s in seen) for zone in zones), default=0.0)
