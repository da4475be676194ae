"""From a recording to its result: medians with intervals, and every reason against them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace

from .acceptance import Assessed, assess, total_indices
from .interval import Interval, bootstrap
from .plan import TRIM_CONSTANTS
from .recording import COMPLETE, FAILED, SCHEMA, Recording
from .result import (
    Energy,
    EnergyOf,
    Figures,
    Latency,
    PowerOf,
    Powers,
    RawFile,
    RepeatResult,
    Result,
    Sampled,
    SamplingCost,
    Windows,
)
from .sampler import BACK, NONSENSE, VANISHED, Event
from .source import ESTIMATED, MEASURED, Lost

RAW = "raw.jsonl"
OK, REJECTED, UNAVAILABLE = "ok", "rejected", "unavailable"
SIMULATED, EMULATED = "simulated", "emulated"


def analyse(recording: Recording, unsaved: bytes = b"") -> Result:
    """The result of a recording, with the lines that the disk has not taken."""
    judged = [assess(recording, repeat) for repeat in recording.repeats]
    accepted = [one for one in judged if not one.reasons]
    indices = total_indices(recording)
    energy = energy_of(recording, accepted, indices) if indices and accepted else None
    cost = _sampling_cost(recording, accepted)
    lost = vanished(recording, len(accepted))
    reasons = [*_reasons(recording, judged, accepted, energy, cost), *_missed(lost)]
    header = replace(recording.header, unreadable=[*recording.header.unreadable, *lost])
    return Result(
        schema=SCHEMA,
        status=_status(recording, indices, reasons),
        kind=_kind(recording, indices),
        reasons=[*header.notes, *reasons],
        header=header,
        settings={**vars(recording.settings), **(vars(recording.plan) if recording.plan else {})},
        sources=_sources(recording),
        latency=_latency(recording, accepted or judged),
        energy=energy,
        per_source=_per_source(recording, accepted),
        repeats=[_repeat(one, indices) for one in judged],
        sampling_cost=cost,
        events=_summary(recording.events),
        raw=RawFile(RAW, sum(len(series.times) for series in recording.series), unsaved.decode().splitlines()),
    )


def energy_of(recording: Recording, accepted: Sequence[Assessed], indices: Sequence[int]) -> Energy:
    """Energy of an inference (J) and power (W) of some sources together, with 95 % intervals."""
    powers = [one.total(indices) for one in accepted]
    each = [one.repeat.work.seconds / one.repeat.work.inferences for one in accepted]
    # Each window knows its own scatter badly; all of them together know it well.
    error, active_error = (_mean_square([getattr(p, name) for p in powers]) for name in ("error", "active_error"))
    rounding = max(power.rounding for power in powers)
    net_common = _root(rounding * 1.5**0.5, _left_of_lag(recording) * statistics.median(abs(p.net) for p in powers))

    def interval(values: Sequence[float], own: float, common: float) -> Interval:
        return bootstrap(values, [own] * len(values), common, recording.settings.draws)

    middle = statistics.median(each)
    return Energy(
        kind=_kind(recording, indices),
        per_inference_j=EnergyOf(
            net=interval([p.net * s for p, s in zip(powers, each)], error * middle, net_common * middle),  # noqa: B905
            gross=interval([p.active * s for p, s in zip(powers, each)], active_error * middle, rounding * middle),  # noqa: B905
        ),
        power_w=PowerOf(
            idle=interval([p.idle for p in powers], error, rounding),
            active=interval([p.active for p in powers], active_error, rounding),
            net=interval([p.net for p in powers], error, net_common),
        ),
        drift_w_per_s=statistics.median(one.drift for one in accepted),
    )


def _left_of_lag(recording: Recording) -> float:
    """Share of a load that a sensor with a first-order lag still hides after the trim; averaging ones hide none."""
    plan = recording.plan
    if plan is None:
        return 0.0
    return math.exp(-TRIM_CONSTANTS) * plan.lag_s / (plan.window_s - 2 * plan.trim_s)


def _sampling_cost(recording: Recording, accepted: Sequence[Assessed]) -> SamplingCost | None:
    if not recording.unsampled or not accepted or not recording.traits:
        return None
    without = statistics.mean(work.inferences / work.seconds for work in recording.unsampled)
    sampled = statistics.median(one.repeat.work.inferences / one.repeat.work.seconds for one in accepted)
    return SamplingCost(1 - sampled / without, sampled, without)


def _reasons(
    recording: Recording,
    judged: Sequence[Assessed],
    accepted: Sequence[Assessed],
    energy: Energy | None,
    cost: SamplingCost | None,
) -> list[str]:
    reasons = [recording.reason] if recording.reason else []
    if not total_indices(recording):
        reasons += _no_total(recording)
    reasons += _of_repeats(recording, judged, accepted)
    if cost is not None and cost.share > recording.settings.cost_limit:
        reasons.append(
            f"sampling costs {cost.share:.1%} of the throughput, more than {recording.settings.cost_limit:.0%};"
            f" read fewer sources (--source), or let nothing else run"
        )
    if energy is not None:
        reasons += _of_interval(recording, energy.per_inference_j.net)
    return reasons


def vanished(recording: Recording, accepted: int) -> list[Lost]:
    """Sensors that could be read at first and then no more, or that gave nothing but nonsense.

    Args:
        accepted: repeats; with as many as were wanted, the figure was taken before.
    """
    wanted = min(recording.settings.repeats, recording.settings.least_repeats)
    whys = [_why_gone(recording, index) for index in range(len(recording.traits))]
    pairs = zip(recording.traits, whys)  # noqa: B905 (Python 3.8)
    return [Lost(t.name, t.scope, why, t.in_total and accepted < wanted) for t, why in pairs if why]


def _why_gone(recording: Recording, index: int) -> str:
    own = [event for event in recording.events if event.source == index]
    stays = [event for event in own if event.event in (VANISHED, BACK)]
    if stays and stays[-1].event == VANISHED:
        return f"vanished on the way: {stays[-1].text}"
    if own and own[-1].event == NONSENSE and not recording.series[index].times:
        return f"answers nothing but nonsense, such as {own[-1].text}"
    return ""


def _missed(lost: Sequence[Lost]) -> list[str]:
    return [f"no figure of the whole: {one.name} cannot be read: {one.why}" for one in lost if one.needed]


def _no_total(recording: Recording) -> list[str]:
    needed = [one for one in recording.header.unreadable if one.needed]
    if needed:
        why = "; ".join(f"{one.name} cannot be read: {one.why}" for one in needed)
        others = "; the other sensors are only parts of it, choose some with --source" if recording.traits else ""
        return [f"no figure of the whole: {why}{others}"]
    return ["no sensor covers the board as a whole; choose some with --source"] if recording.traits else []


def _of_repeats(recording: Recording, judged: Sequence[Assessed], accepted: Sequence[Assessed]) -> list[str]:
    wanted = min(recording.settings.repeats, recording.settings.least_repeats)
    if recording.settings.repeats < recording.settings.least_repeats:
        least = recording.settings.least_repeats
        return [f"{recording.settings.repeats} repeats wanted: should be {least} or more; raise --repeats"]
    if len(accepted) >= wanted or (not judged and recording.status == FAILED):
        return []
    why: list[str] = []
    for one in judged:
        why += [reason for reason in one.reasons if reason not in why]
    return [f"{len(accepted)} of {len(judged)} repeats could be used, {wanted} are needed", *why[:5]]


def _of_interval(recording: Recording, net: Interval) -> list[str]:
    if net.low <= 0:
        return ["the load cannot be told from idle: keep the board busier, or use a meter with a finer resolution"]
    if net.width > recording.settings.width_limit:
        return [
            f"too noisy: the 95 % interval is {net.width:.1%} wide, more than {recording.settings.width_limit:.0%};"
            f" take longer windows (--seconds) or more repeats (--repeats)"
        ]
    return []


def _status(recording: Recording, indices: Sequence[int], reasons: Sequence[str]) -> str:
    if recording.status != COMPLETE:
        return recording.status
    if not recording.traits:
        return UNAVAILABLE
    return REJECTED if reasons or not indices else OK


def _kind(recording: Recording, indices: Sequence[int]) -> str:
    kinds = {recording.traits[index].kind for index in indices}
    if not kinds:
        return UNAVAILABLE
    if recording.header.simulated:
        return SIMULATED
    return ESTIMATED if ESTIMATED in kinds else MEASURED


def _sources(recording: Recording) -> list[Sampled]:
    refresh = [*recording.refresh_s, *[None] * len(recording.traits)]
    rows = zip(recording.traits, refresh, recording.series)  # noqa: B905
    return [Sampled(traits, seconds, len(series.times)) for traits, seconds, series in rows]


def _latency(recording: Recording, used: Sequence[Assessed]) -> Latency | None:
    works = [one.repeat.work for one in used] or recording.unsampled
    if not works:
        return None
    counted = [work for work in works if work.cycles is not None]
    cycles = sum(work.cycles or 0 for work in counted)
    each = bootstrap([work.seconds / work.inferences for work in works], draws=recording.settings.draws)
    return Latency(
        kind=EMULATED if recording.header.is_emulated else MEASURED,
        what="wall-clock seconds of a run by its inferences",
        inferences=sum(work.inferences for work in works),
        seconds_per_inference=each,
        cycles_per_inference=cycles / sum(work.inferences for work in counted) if counted else None,
    )


def _per_source(recording: Recording, accepted: Sequence[Assessed]) -> Mapping[str, Energy]:
    known = [i for i in range(len(recording.traits)) if accepted and all(i in one.power for one in accepted)]
    return {recording.traits[index].name: energy_of(recording, accepted, [index]) for index in known}


def _repeat(one: Assessed, indices: Sequence[int]) -> RepeatResult:
    work = one.repeat.work
    return RepeatResult(
        accepted=not one.reasons,
        reasons=one.reasons,
        inferences=work.inferences,
        cycles=work.cycles,
        windows=Windows(one.repeat.before, (work.started, work.ended), one.repeat.after),
        conditions=one.repeat.conditions,
        figures=_figures(one, indices),
    )


def _figures(one: Assessed, indices: Sequence[int]) -> Figures | None:
    if not indices or not all(index in one.power for index in indices):
        return None
    total, each = one.total(indices), one.repeat.work.seconds / one.repeat.work.inferences
    return Figures(Powers(total.before, total.active, total.after), total.net * each, total.active * each)


def _summary(events: Sequence[Event]) -> list[Event]:
    """Events, at most ten of a kind; the raw file has all."""
    shown: list[Event] = []
    counts: dict[str, int] = {}
    for event in events:
        counts[event.event] = counts.get(event.event, 0) + 1
        if counts[event.event] <= 10:
            shown.append(event)
    return shown + [Event(f"{count - 10} more: {name}") for name, count in counts.items() if count > 10]


def _mean_square(values: Sequence[float]) -> float:
    return float(math.sqrt(sum(value**2 for value in values) / len(values)))


def _root(*values: float) -> float:
    return math.sqrt(sum(value**2 for value in values))
