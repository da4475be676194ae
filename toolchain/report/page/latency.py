"""What a page says of time: runs on the board by part, histogram, and latency of graphs for ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from toolchain.report.page import charts
from toolchain.report.page.gather import Build
from toolchain.report.page.hardware import is_virtual
from toolchain.report.page.values import (
    Figure,
    count,
    mapping,
    number,
    numbers,
    objects,
    percent,
    quantity,
    rate,
    text,
)

Row = dict[str, Any]
_PARTS = {"fabric": "fabric", "driver": "driver", "link": "link", "end_to_end": "end to end"}
_LEAST_COUNTED = 10
_BINS = 40


def latency_parts(build: Build) -> list[Row]:
    """Latency of the newest run, split into fabric, driver, link and end to end."""
    latency = mapping(build.runs[-1].content if build.runs else None, "latency")
    keys = ("minimum", "median", "p95", "p99", "maximum")
    return [
        {
            "name": shown,
            # The fabric's time is its cycles by the clock, whatever the host's clock is worth.
            "kind": text(latency, "cycles", "kind") if name == "fabric" else text(latency, "kind"),
            **{key: _seconds(number(latency, "seconds", name, key)) for key in keys},
        }
        for name, shown in _PARTS.items()
        if mapping(latency, "seconds", name)
    ]


def latency_histogram(build: Build) -> tuple[Markup, str, str] | None:
    """Histogram of the end-to-end latencies of the newest run, what it counts, and their kind."""
    latency = mapping(build.runs[-1].content if build.runs else None, "latency")
    values = [value for value in numbers(latency, "end_to_end_seconds") if value > 0]
    if len(values) < _LEAST_COUNTED:
        return None
    edges, counts, beyond = binned(values)
    words = f"end to end, {len(values):,} inferences" + (f"; {beyond:,} slower than shown" if beyond else "")
    return charts.histogram("latency", edges, counts), words, text(latency, "kind")


def binned(values: Sequence[float]) -> tuple[list[float], list[int], int]:
    """Edges of bins, counts of the bins, and how many values lie beyond, where a few would stretch the axis."""
    ordered = sorted(values)
    tail = ordered[int(0.95 * (len(ordered) - 1))]
    low, high = ordered[0], min(ordered[-1], ordered[0] + 1.5 * (tail - ordered[0]))
    if high <= low:
        low, high = 0.9 * low, 1.1 * ordered[-1]
    edges = [low + (high - low) * step / _BINS for step in range(_BINS + 1)]
    counts = [0] * _BINS
    inside = [value for value in ordered if value <= high]
    for value in inside:
        counts[min(_BINS - 1, int((value - low) / (high - low) * _BINS))] += 1
    return edges, counts, len(ordered) - len(inside)


def runs(build: Build) -> list[Row]:
    """Every run of this build on its board, newest first."""
    return [_run_row(run.name, run.content, is_virtual(run)) for run in reversed(build.runs)]


def _run_row(name: str, run: Mapping[str, Any], virtual: bool) -> Row:
    accuracy = number(run, "accuracy", "accuracy")
    return {
        "name": name,
        "what": "virtual board" if virtual else "board",
        "compared": count(number(run, "answers", "compared")),
        "equal": count(number(run, "answers", "equal")),
        "kind": text(run, "answers", "kind"),
        "accuracy": "-" if accuracy is None else percent(accuracy, 3),
        "rates": [
            Figure(rate(value), text(run, group, "kind") or None, where)
            for group, where in (("throughput", "over the link"), ("bench", "in the fabric"))
            if (value := number(run, group, "inferences_per_second"))
        ],
    }


def graph_rows(build: Build) -> list[Row]:
    """Latency of every graph by every runner of ONNX Runtime, as the building computer measured it."""
    keys = ("min_us", "p50_us", "p90_us", "p99_us", "floor_us")
    return [
        {
            "name": text(row, "variant"),
            "runner": text(row, "runner"),
            "kind": text(row, "kind"),
            "chosen": text(row, "variant") == text(build.manifest, "latency", "chosen"),
            **{key: _seconds(number(row, key), 1e-6) for key in keys},
        }
        for row in objects(build.manifest, "latency", "rows")
    ]


def graph_chart(build: Build) -> Markup | None:
    """The same as a plot."""
    rows = []
    for row in objects(build.manifest, "latency", "rows"):
        least, median, p99 = (number(row, key) for key in ("min_us", "p50_us", "p99_us"))
        if least and median and p99:
            name = f"{text(row, 'variant')}, {text(row, 'runner')}"
            floor = number(row, "floor_us")
            times = (least * 1e-6, median * 1e-6, p99 * 1e-6)
            rows.append(charts.Spread(name, *times, floor * 1e-6 if floor else None))
    return charts.spreads("graphs", rows) if rows else None


def where_measured(build: Build) -> str:
    """The computer that the graphs' latency was measured on."""
    return text(build.manifest, "latency", "rows", 0, "where")


def chosen_graph(build: Build) -> Mapping[str, Any]:
    """The row of the graph that the package runs, by the C runner where that was timed."""
    latency = mapping(build.manifest, "latency")
    rows = [row for row in objects(latency, "rows") if text(row, "variant") == text(latency, "chosen")]
    return next((row for row in rows if text(row, "runner") == "c"), rows[0] if rows else {})


def _seconds(value: float | None, unit: float = 1.0) -> str:
    return "-" if value is None else quantity(value * unit, "s")
