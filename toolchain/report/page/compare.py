"""The same network on several targets, side by side: FPGA, ARM, Jetson and PC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from toolchain.report.comparisons import is_kept, lines
from toolchain.report.page import charts, energy, latency
from toolchain.report.page.gather import Build
from toolchain.report.page.hardware import fabric_latency, fabric_rate, is_virtual, utilisation
from toolchain.report.page.network import headline_accuracy
from toolchain.report.page.values import ABSENT, Figure, count, dig, mapping, number, quantity, rate, text

TARGETS = ("FPGA", "microcontroller", "ARM", "Jetson", "PC")


@dataclass(frozen=True)
class Value:
    """One thing to compare of a build.

    Attributes:
        what: "latency", "rate" or "energy".
        of: what it spans: "fabric alone", "end to end"; empty where there is but one.
        figure: as a table shows it.
        span: low, middle and high in the unit's own size, for a plot; None where there is nothing to plot.
    """

    what: str
    of: str
    figure: Figure
    span: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Entry:
    """One build among others, with its values in the order in which they are shown."""

    build: Build
    target: str
    values: tuple[Value, ...]

    @property
    def name(self) -> str:
        """Board and core, such as "ULX3S 85F, folded"."""
        request = self.build.layout.request
        rate = "" if request.fps is None else f" at {request.fps}" + ("" if request.fps == "max" else "/s")
        core = "" if request.core == "ort" else f", {request.core}"
        return f"{self.build.title}{core}{rate}"

    def of(self, what: str) -> list[Value]:
        """The values of one kind."""
        return [value for value in self.values if value.what == what]


def entry(build: Build) -> Entry:
    """What there is to compare of a build: what was measured on the board beside what was simulated."""
    return Entry(build, target_of(build), (*_latencies(build), _rate(build), _energy(build)))


def target_of(build: Build) -> str:
    """What kind of machine runs it, one of `TARGETS`."""
    if build.layout.request.flow != "ort":
        return "microcontroller" if build.layout.request.flow == "mcu" else "FPGA"
    device = mapping(build.manifest, "device")
    if mapping(device, "jetson"):
        return "Jetson"
    return "ARM" if text(device, "machine") == "aarch64" else "PC"


def absent_targets(entries: Iterable[Entry]) -> list[str]:
    """Targets that the network has not been built for."""
    there = {entry.target for entry in entries}
    return [target for target in TARGETS if target not in there]


def row(entry: Entry) -> dict[str, Any]:
    """An entry as a table shows it."""
    build = entry.build
    lut = next((r for r in utilisation(build) if r["name"] == "LUT"), None)
    kind = text(build.manifest, "resources", "kind") or None
    checks = [check for stage in build.checks.values() for check in stage.values()]
    return {
        "name": entry.name,
        "target": entry.target,
        "status": text(build.manifest, "status"),
        "accuracy": headline_accuracy(build),
        "latencies": entry.of("latency"),
        "rate": entry.of("rate")[0].figure,
        "lut": Figure(lut["used"], kind, lut["percent"]) if lut else None,
        "energy": energy.net_energy(build),
        "compared": lines(checks),
        "equal": all(map(is_kept, checks)) and bool(checks),
    }


def plots(prefix: str, entries: Sequence[Entry]) -> list[tuple[str, Markup]]:
    """(title, plot) of latency, rate and energy, where there are at least two builds to compare."""
    shown = []
    for key, title, unit in (
        ("latency", "Latency", "s"),
        ("rate", "Inferences a second", ""),
        ("energy", "Energy of an inference", "J"),
    ):
        rows = [dot for entry in entries for dot in _dots(entry, key)]
        if len(rows) > 1:
            shown.append((title, charts.dots(f"{prefix}-{key}", title, unit, tuple(rows))))
    return shown


def points(entries: Iterable[Entry]) -> list[charts.Point]:
    """Builds for FPGAs by LUTs and rate, and which of them no other beats."""
    known = [(entry.name, _luts(entry), _per_second(entry)) for entry in entries if entry.target == "FPGA"]
    both = [(name, luts, rate) for name, luts, rate in known if luts and rate]
    return [
        charts.Point(name, luts, rate, not any(_beats(other, (luts, rate)) for _, *other in both))
        for name, luts, rate in both
    ]


def tradeoff(prefix: str, entries: Iterable[Entry]) -> Markup | None:
    """The plot of `points`; None for fewer than two."""
    found = points(entries)
    return charts.tradeoff(f"{prefix}-tradeoff", found) if len(found) > 1 else None


def _luts(entry: Entry) -> float:
    return number(entry.build.manifest, "resources", "lut") or 0


def _per_second(entry: Entry) -> float:
    (rate,) = entry.of("rate")
    return rate.span[1] if rate.span else 0


def _beats(other: Sequence[float], one: tuple[float, float]) -> bool:
    """Whether it is no larger and no slower, and one of the two by some."""
    return other[0] <= one[0] and other[1] >= one[1] and tuple(other) != one


def _dots(entry: Entry, what: str) -> Iterator[charts.Dot]:
    for value in entry.of(what):
        if value.span:
            low, middle, high = value.span
            name = f"{entry.name} ({value.of})" if value.of else entry.name
            yield charts.Dot(name, middle, low, high, value.figure.kind == "measured")


def _latencies(build: Build) -> list[Value]:
    """Of the fabric as simulated, and end to end as a board was timed; a virtual board's time says nothing."""
    if build.layout.request.flow == "ort":
        own = _graph_latency(build)
    else:
        microseconds = number(build.manifest, "timing", "latency_us")
        own = _value("latency", "fabric alone", fabric_latency(build), microseconds, 1e-6)
    real = [run.content for run in build.runs if not is_virtual(run)]
    timed = mapping(real[-1] if real else None, "latency")
    median = number(timed, "seconds", "end_to_end", "median")
    if median is None:
        return [own]
    figure = Figure(quantity(median, "s"), text(timed, "kind") or None, "median")
    return [own, _value("latency", "end to end", figure, median)]


def _graph_latency(build: Build) -> Value:
    """Of ONNX Runtime: it was timed on the computer that built it, which is the board only where that is the host."""
    chosen = latency.chosen_graph(build)
    median = number(chosen, "p50_us")
    if median is None:
        return Value("latency", "one call", ABSENT)
    shown = quantity(median * 1e-6, "s")
    if build.layout.request.board != "host":
        elsewhere = f"{shown} measured on the computer that built it"
        return Value("latency", "one call", Figure(ABSENT.text, None, elsewhere))
    note = f"median, {text(chosen, 'variant')}"
    return _value("latency", "one call", Figure(shown, text(chosen, "kind") or None, note), median, 1e-6)


def _rate(build: Build) -> Value:
    for result in reversed(build.measurements):
        seconds = number(result.content, "latency", "seconds_per_inference", "median")
        good = text(result.content, "status") in {"ok", "unavailable"} and energy.is_real(result)
        if good and seconds and seconds > 0:
            return _value("rate", "", Figure(rate(1 / seconds), "measured", "in a loop"), 1 / seconds)
    for run in reversed(build.runs):
        on_chip = number(run.content, "bench", "inferences_per_second")
        if on_chip and not is_virtual(run):
            figure = Figure(rate(on_chip), text(run.content, "bench", "kind") or None, "on-chip bench")
            return _value("rate", "", figure, on_chip)
    throughput = mapping(build.manifest, "latency", "throughput")
    per_second = number(throughput, "per_second")
    if build.layout.request.board == "host" and per_second:
        note = f"batch {count(number(throughput, 'batch'))}"
        return _value("rate", "", Figure(rate(per_second), text(throughput, "kind") or None, note), per_second)
    return _value("rate", "", fabric_rate(build), number(build.manifest, "timing", "inferences_per_second"))


def _energy(build: Build) -> Value:
    result, figure = energy.accepted(build), energy.net_energy(build)
    net = dig(result.content, "energy", "per_inference_j", "net") if result else None
    low, median, high = (number(net, key) for key in ("low", "median", "high"))
    if low and median and high and 0 < low <= median <= high:
        return Value("energy", "", figure, (low, median, high))
    return _value("energy", "", figure, median)


def _value(what: str, of: str, figure: Figure, middle: float | None, unit: float = 1.0) -> Value:
    """A value without an interval; what is not above zero has no place on a logarithmic axis."""
    if middle is None or middle <= 0 or figure.kind is None:
        return Value(what, of, figure)
    return Value(what, of, figure, (middle * unit,) * 3)


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """FPGAs first, then ARM, Jetson and PC; by name within."""
    return sorted(entries, key=lambda entry: (TARGETS.index(entry.target), entry.name))
