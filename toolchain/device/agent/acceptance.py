"""One repeat's figures, and whether it can be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .conditions import throttling
from .plan import Plan
from .recording import Recording, Repeat
from .sampler import NONSENSE, Series
from .source import ENERGY
from .window import Mean, WindowError, mean_power

_NONSENSE_SHARE = 0.01
_ROUNDING = 12**-0.5  # standard deviation of rounding to steps of one
_SHORT = 0.99


@dataclass(frozen=True)
class Power:
    """Power of one source, or of the sum, in one repeat; W.

    Attributes:
        before, active, after: means of the windows.
        idle: the two idle windows, interpolated to the middle of the active one, so that drift cancels.
        error: standard error of `active - idle`; `active_error` of `active` alone.
        rounding: standard deviation that rounding leaves where nothing averages it out.
    """

    before: float
    active: float
    after: float
    idle: float
    error: float
    active_error: float
    rounding: float

    @property
    def net(self) -> float:
        """What the workload adds."""
        return self.active - self.idle


@dataclass
class Assessed:
    """A repeat with its figures.

    Attributes:
        power: by index of the source; empty for those that gave no figure.
        reasons: why it cannot be used.
        drift: W a second of the sum while idle.
    """

    repeat: Repeat
    power: dict[int, Power] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    drift: float = 0.0

    def total(self, indices: Sequence[int]) -> Power:
        """The sum of some sources, whose errors are independent of each other."""
        parts = [self.power[index] for index in indices]
        sums = [sum(getattr(part, name) for part in parts) for name in ("before", "active", "after", "idle")]
        roots = [_root(getattr(part, name) for part in parts) for name in ("error", "active_error", "rounding")]
        return Power(*sums, *roots)


def total_indices(recording: Recording) -> list[int]:
    """The sources whose sum is the figure."""
    return [index for index, trait in enumerate(recording.traits) if trait.in_total]


def assess(recording: Recording, repeat: Repeat) -> Assessed:
    """Figures of a repeat, with every reason against it."""
    judged = Assessed(repeat)
    if repeat.work.doubt:
        judged.reasons.append(repeat.work.doubt)
    throttled = throttling(repeat.conditions[0], repeat.conditions[1])
    if throttled:
        judged.reasons.append(f"throttled: {throttled}; cool the board, or feed it better")
    if recording.plan is not None and repeat.before is not None and repeat.after is not None:
        _judge_power(recording, recording.plan, judged, (repeat.before, repeat.after))
    return judged


def _judge_power(
    recording: Recording, plan: Plan, judged: Assessed, idle: tuple[tuple[float, float], tuple[float, float]]
) -> None:
    work = judged.repeat.work
    windows = [_trimmed(window, plan) for window in (idle[0], (work.started, work.ended), idle[1])]
    least = recording.settings.least_window_s
    shortest = min(end - start for start, end in windows)
    if shortest < _SHORT * least:
        judged.reasons.append(
            f"too short: {shortest:.2f} s left of a window without its edges; should be {least:g} s: raise --seconds"
        )
    if shortest <= 0:
        return
    for index, trait in enumerate(recording.traits):
        reasons = _judge_source(recording, index, windows, judged)
        if trait.in_total:
            judged.reasons.extend(f"{trait.name}: {reason}" for reason in reasons)
    _set_drift(judged, total_indices(recording), windows)


def _judge_source(
    recording: Recording, index: int, windows: Sequence[tuple[float, float]], judged: Assessed
) -> list[str]:
    trait, series, span = recording.traits[index], recording.series[index], (windows[0][0], windows[2][1])
    gap = _longest_gap(recording, index)
    try:
        means = [mean_power(series, trait, start, end, gap) for start, end in windows]
    except WindowError as error:
        return [str(error)]
    judged.power[index] = _power(means, windows, 0.0 if trait.quantity == ENERGY else trait.resolution)
    nonsense = [e for e in recording.events if e.event == NONSENSE and e.source == index and _in(e.t, span)]
    taken = sum(mean.samples for mean in means)
    reasons = []
    if len(nonsense) > _NONSENSE_SHARE * taken:
        reasons.append(f"{len(nonsense)} readings were nonsense, such as {nonsense[0].text}; check the sensor")
    if _stuck(series, span):
        reasons.append("never changed from idle to active; it is stuck, or the load is below one of its steps")
    return reasons


def _power(means: Sequence[Mean], windows: Sequence[tuple[float, float]], step: float) -> Power:
    before, active, after = means
    centres = [(start + end) / 2 for start, end in windows]
    share = (centres[1] - centres[0]) / (centres[2] - centres[0])
    idle = before.watts + share * (after.watts - before.watts)
    error = _root((active.error, (1 - share) * before.error, share * after.error))
    rounding = step * _ROUNDING if any(mean.steady for mean in means) else 0.0
    return Power(before.watts, active.watts, after.watts, idle, error, active.error, rounding)


def _set_drift(judged: Assessed, indices: Sequence[int], windows: Sequence[tuple[float, float]]) -> None:
    if indices and all(index in judged.power for index in indices):
        total = judged.total(indices)
        apart = (sum(windows[2]) - sum(windows[0])) / 2
        judged.drift = (total.after - total.before) / apart


def _longest_gap(recording: Recording, index: int) -> float:
    refresh = recording.refresh_s[index] if index < len(recording.refresh_s) else None
    slow = max(recording.traits[index].time_constant_s, refresh or 0.0, recording.plan.poll_s if recording.plan else 0)
    return max(0.5, 5 * slow)


def _trimmed(window: tuple[float, float], plan: Plan) -> tuple[float, float]:
    return window[0] + plan.trim_s, window[1] - plan.trim_s


def _stuck(series: Series, span: tuple[float, float]) -> bool:
    inside = [value for time, value in zip(series.times, series.values) if _in(time, span)]  # noqa: B905
    return not inside or min(inside) == max(inside)


def _in(time: float | None, span: tuple[float, float]) -> bool:
    return time is not None and span[0] <= time <= span[1]


def _root(errors: object) -> float:
    return float(sum(error**2 for error in errors) ** 0.5)  # type: ignore[attr-defined]
