"""What a page says of energy: measurements with their intervals, and the power traces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from markupsafe import Markup

from toolchain.report.measurement_table import what_ended
from toolchain.report.page import charts
from toolchain.report.page.gather import Build, Result
from toolchain.report.page.samples import read_samples
from toolchain.report.page.values import ABSENT, Figure, dig, interval, mapping, number, numbers, objects, text, texts

Row = dict[str, Any]


def accepted(build: Build) -> Result | None:
    """The newest measurement of the board itself that was not rejected and has an energy."""
    good = [m for m in build.measurements if text(m.content, "status") == "ok" and dig(m.content, "energy")]
    real = [m for m in good if is_real(m) and _kind(m, mapping(m.content, "energy")) in {"measured", "estimated"}]
    return real[-1] if real else None


def is_real(measurement: Result) -> bool:
    """Whether it was taken on hardware, and not under an emulator or on a made-up sensor tree."""
    of_latency = text(measurement.content, "latency", "kind") or "measured"
    emulated = dig(measurement.content, "provenance", "emulated") is True
    return of_latency == "measured" and not emulated and text(measurement.content, "kind") != "simulated"


def net_energy(build: Build) -> Figure:
    """Net energy of an inference with its interval, by the newest accepted measurement."""
    result = accepted(build)
    if result is None:
        return ABSENT
    found = mapping(result.content, "energy")
    return interval(dig(found, "per_inference_j", "net"), "J", _kind(result, found))


def energy_table(build: Build) -> list[Row]:
    """Every measurement, newest first: energy net and gross, power, what it ended as and why."""
    return [_energy_row(result) for result in reversed(build.measurements)]


def _energy_row(result: Result) -> Row:
    found = mapping(result.content, "energy")
    kind = _kind(result, found)
    return {
        "name": result.name,
        "status": text(result.content, "status") or "unknown",
        "ended": what_ended(text(result.content, "status") or "unknown"),
        "reasons": [*texts(result.content, "reasons"), *_lost(result.content)],
        "sources": ", ".join(text(source, "name") for source in objects(result.content, "sources")) or "no sensor",
        "net": interval(dig(found, "per_inference_j", "net"), "J", kind),
        "gross": interval(dig(found, "per_inference_j", "gross"), "J", kind),
        **{key: interval(dig(found, "power_w", key), "W", kind) for key in ("idle", "active")},
        "latency": interval(
            dig(result.content, "latency", "seconds_per_inference"),
            "s",
            text(result.content, "latency", "kind") or "measured",
        ),
        "repeats": _repeats(objects(result.content, "repeats")),
        "sampling": _sampling(number(result.content, "sampling_cost", "share")),
        "conditions": _temperatures(objects(result.content, "repeats")),
    }


def _lost(content: Mapping[str, Any]) -> list[str]:
    """Sensors that were there and could not be read, where no reason names them."""
    lost = [one for one in objects(content, "unreadable") if dig(one, "needed") is not True]
    return [f"not read: {text(one, 'name')}: {text(one, 'why')}" for one in lost]


def _kind(result: Result, found: Mapping[str, Any]) -> str | None:
    return text(found, "kind") or text(result.content, "kind") or None


def _repeats(repeats: list[Mapping[str, Any]]) -> str:
    good = sum(dig(repeat, "accepted") is True for repeat in repeats)
    return f"{good} of {len(repeats)} accepted" if repeats else ""


def _sampling(share: float | None) -> str:
    return "" if share is None else f"sampling costs {100 * share:.2f} % of throughput"


def _temperatures(repeats: list[Mapping[str, Any]]) -> str:
    """Of every zone, as the first repeat began and as the last one ended."""
    around = [one for repeat in repeats for one in objects(repeat, "conditions")]
    if not around:
        return ""
    first, last = (mapping(one, "temperature_c") for one in (around[0], around[-1]))
    spans = [(zone, number(first, zone), number(last, zone)) for zone in first]
    return ", ".join(f"{zone} {a:.1f} to {b:.1f} °C" for zone, a, b in spans if a is not None and b is not None)


def power_traces(build: Build) -> list[tuple[str, str, Markup]]:
    """(source, kind, plot) of every source of the newest measurement that has raw samples."""
    result = next((m for m in reversed(build.measurements) if m.raw), None)
    if result is None or result.raw is None:
        return []
    windows, traces = _windows(result), []
    for index, source in enumerate(objects(result.content, "sources")):
        samples = read_samples(result.raw, index, text(source, "quantity") == "energy")
        if len(samples) > 1:
            plot = charts.power_trace(f"power-{index}", samples, windows)
            name = " ".join(filter(None, (text(source, "name"), text(source, "rail"))))
            traces.append((name or f"source {index}", text(source, "kind"), plot))
    return traces


def _windows(result: Result) -> list[charts.Window]:
    windows = []
    for repeat in objects(result.content, "repeats"):
        for name in ("before", "active", "after"):
            span = numbers(repeat, "windows", name)
            what: Literal["idle", "active"] = "active" if name == "active" else "idle"
            if len(span) == 2 and span[0] < span[1]:
                windows.append(charts.Window(what, span[0], span[1]))
    return windows
