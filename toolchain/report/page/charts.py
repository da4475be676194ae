"""The plots of the pages: latency histogram, power trace, latency of graphs, and boards side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullLocator, PercentFormatter

from toolchain.report.page.drawing import ACCENT, INK, MUTED, PAPER, SECOND, draw
from toolchain.report.page.samples import Sample, thinned

_BUCKETS = 600
_ROW = 0.34


@dataclass(frozen=True)
class Window:
    """A stretch of a measurement, in the seconds of its samples' clock."""

    what: Literal["idle", "active"]
    start: float
    end: float


@dataclass(frozen=True)
class Spread:
    """Latency of one thing, in seconds; `floor` is that of doing nothing, or None."""

    name: str
    least: float
    median: float
    p99: float
    floor: float | None


@dataclass(frozen=True)
class Dot:
    """One board's value, hollow where it was not measured; the interval is (value, value) where there is none."""

    name: str
    value: float
    low: float
    high: float
    measured: bool


def histogram(name: str, edges: Sequence[float], counts: Sequence[int]) -> Markup:
    """Counts by latency.

    Args:
        edges: of the bins in seconds, one more than counts.
    """

    def plot(axes: Axes) -> None:
        axes.stairs(counts, edges, fill=True, color=ACCENT)
        axes.set_xlabel("latency")
        axes.xaxis.set_major_formatter(EngFormatter("s"))
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.set_ylabel("inferences")
        axes.grid(visible=False, axis="x")
        axes.set_xlim(edges[0], edges[-1])
        axes.yaxis.set_major_formatter(EngFormatter(sep=""))

    return draw(name, f"Histogram of {sum(counts):,} latencies", 2.5, plot)


def power_trace(name: str, samples: Sequence[Sample], windows: Sequence[Window]) -> Markup:
    """Power over time with the idle and active windows behind it; time starts at the first sample."""
    start = samples[0][0]
    times, watts = zip(*((time - start, power) for time, power in thinned(samples, _BUCKETS)), strict=True)

    def plot(axes: Axes) -> None:
        labelled: set[str] = set()
        for window in windows:
            colour = ACCENT if window.what == "active" else MUTED
            label = f"_{window.what}" if window.what in labelled else window.what
            axes.axvspan(window.start - start, window.end - start, color=colour, alpha=0.18, lw=0, label=label)
            labelled.add(window.what)
        axes.plot(times, watts, color=INK, linewidth=0.9)
        axes.set_xlabel("seconds")
        axes.set_ylabel("watts")
        axes.grid(visible=False, axis="x")
        axes.margins(x=0)
        if labelled:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0)

    return draw(name, f"Power over {times[-1]:.0f} seconds, {len(windows)} windows", 2.7, plot)


def spreads(name: str, rows: Sequence[Spread]) -> Markup:
    """Least, median and 99th percentile of each row on one logarithmic axis, with the floor as a tick."""

    def plot(axes: Axes) -> None:
        places = range(len(rows))
        axes.hlines(places, [row.least for row in rows], [row.p99 for row in rows], color=MUTED, linewidth=1.6)
        axes.plot([row.median for row in rows], places, "o", color=ACCENT, markersize=6, label="median")
        floors = [(row.floor, place) for row, place in zip(rows, places, strict=True) if row.floor]
        if floors:
            axes.plot(*zip(*floors, strict=True), "|", color=SECOND, markersize=11, mew=1.8, label="doing nothing")
        _rows(axes, [row.name for row in rows])
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(EngFormatter("s"))
        axes.set_xlabel("least to 99th percentile")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0)

    return draw(name, "Latency of each graph", 0.95 + _ROW * len(rows), plot)


@lru_cache(maxsize=32)
def dots(name: str, label: str, unit: str, rows: tuple[Dot, ...]) -> Markup:
    """One value a board on a logarithmic axis: filled where measured, hollow where not.

    Builds of one network share their drawing, so it is kept.

    Args:
        label: what the axis shows.
        unit: takes a prefix on the axis.
    """

    def plot(axes: Axes) -> None:
        for place, row in enumerate(rows):
            face = ACCENT if row.measured else PAPER
            axes.hlines(place, row.low, row.high, color=ACCENT, linewidth=2)
            axes.plot(row.value, place, "o", mfc=face, mec=ACCENT, mew=1.6, markersize=7)
        _rows(axes, [row.name for row in rows])
        axes.xaxis.set_major_formatter(EngFormatter(unit))
        axes.set_xlabel(label)

    return draw(name, f"{label} of {len(rows)} builds", 0.75 + _ROW * len(rows), plot)


@dataclass(frozen=True)
class Point:
    """One build by what it takes and how fast it is; `best`: no other is both smaller and faster."""

    name: str
    luts: float
    rate: float
    best: bool


def tradeoff(name: str, points: Sequence[Point]) -> Markup:
    """LUTs against inferences a second, both logarithmic; the best ones are filled and joined."""
    best = sorted((point.luts, point.rate) for point in points if point.best)
    middle = (min(point.luts for point in points) * max(point.luts for point in points)) ** 0.5

    def plot(axes: Axes) -> None:
        axes.plot(*zip(*best, strict=True), color=MUTED, linewidth=1, linestyle="--", drawstyle="steps-post")
        for point in points:
            face = ACCENT if point.best else PAPER
            axes.plot(point.luts, point.rate, "o", mfc=face, mec=ACCENT, mew=1.6, markersize=7)
            side, shift = ("left", 6) if point.luts <= middle else ("right", -6)
            axes.annotate(
                point.name, (point.luts, point.rate), (shift, 5), textcoords="offset points", ha=side, va="bottom"
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter(EngFormatter(sep=""))
        axes.margins(0.12)
        axes.set_xlabel("LUTs")
        axes.set_ylabel("inferences a second")

    return draw(name, f"LUTs and rate of {len(points)} builds", 3.2, plot)


def _rows(axes: Axes, names: Sequence[str]) -> None:
    """A logarithmic axis with one named row below the other, the first at the top."""
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.tick_params(length=0)
    low, high = axes.get_xlim()
    if high / low < 20:
        middle = (high * low) ** 0.5
        axes.set_xlim(min(low, middle / 5), max(high, middle * 5))


def working_point(
    name: str, what: str, curve: Sequence[tuple[float, float]], chosen: tuple[float, float], kind: str
) -> Markup:
    """Accuracy, 0 to 1, against what an input takes, over the thresholds or widths of a network of several stages.

    Args:
        what: it takes, such as "operations"; `kind`: where that comes from.
    """

    def plot(axes: Axes) -> None:
        axes.plot(*zip(*sorted(curve), strict=True), color=MUTED, linewidth=1, marker=".", markersize=3)
        axes.plot(*chosen, "o", color=ACCENT, markersize=7)
        axes.annotate("built", chosen, (6, -6), textcoords="offset points", ha="left", va="top")
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.set_xlabel(f"{what} an input on average, {kind}")
        axes.set_ylabel("accuracy, validation part")

    return draw(name, f"accuracy against {what} at {len(curve)} working points", 2.6, plot)
