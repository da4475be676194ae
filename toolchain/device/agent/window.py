"""Mean power in a window, from samples at whatever times they came."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from .sampler import Series
from .source import ENERGY, MOST_WATT, Traits

_BLOCKS = 10


class WindowError(Exception):
    """A window that gives no figure; says why."""


class Mean(NamedTuple):
    """Mean power of a window.

    Attributes:
        watts: trapezoid over the window with interpolated edges.
        error: standard error of it, from the scatter of equal parts around their straight line.
        samples: how many lie in the window.
        steady: whether the samples scatter by less than half a step, so that rounding does not average out.
    """

    watts: float
    error: float
    samples: int
    steady: bool


def mean_power(series: Series, traits: Traits, start: float, end: float, gap: float) -> Mean:
    """Mean power of one source from `start` to `end`.

    Args:
        gap: the longest time without a sample that is accepted.

    Raises:
        WindowError: the samples do not reach from edge to edge, have a gap, or cannot be.
    """
    times, values = _counted(series, traits, start, end) if traits.quantity == ENERGY else (series.times, series.values)
    _must_cover(times, start, end, gap)
    edges = [start + (end - start) * part / _BLOCKS for part in range(_BLOCKS + 1)]
    if traits.quantity == ENERGY:
        joules = [_at(times, values, edge) for edge in edges]
        parts = [(joules[i + 1] - joules[i]) * _BLOCKS / (end - start) for i in range(_BLOCKS)]
    else:
        length = (end - start) / _BLOCKS
        parts = [_trapezoid(times, values, edges[i], edges[i + 1]) / length for i in range(_BLOCKS)]
    inside = values[bisect_left(times, start) : bisect_right(times, end)]
    steady = traits.quantity != ENERGY and _scatter(inside) < traits.resolution / 2
    watts = sum(parts) / _BLOCKS
    if abs(watts) > MOST_WATT:
        raise WindowError(f"{traits.name}: {watts:g} W cannot be; the counter was reset or is broken")
    return Mean(watts, _scatter(parts) / _BLOCKS**0.5, len(inside), steady)


def _counted(series: Series, traits: Traits, start: float, end: float) -> tuple[array[float], array[float]]:
    """The counter at the times it changed, without its wraps, around the window."""
    first = max(0, bisect_left(series.times, start) - 64)
    last = bisect_right(series.times, end) + 64
    times, joules, total, before = array("d"), array("d"), 0.0, None
    for time, value in zip(series.times[first:last], series.values[first:last]):  # noqa: B905
        if value == before:
            continue
        if before is not None:
            if value < before and not traits.wrap_j:
                raise WindowError("the counter went back")
            total += value - before + (traits.wrap_j if value < before else 0.0)
        times.append(time)
        joules.append(total)
        before = value
    return times, joules


def _must_cover(times: Sequence[float], start: float, end: float, gap: float) -> None:
    first, last = bisect_left(times, start), bisect_right(times, end)
    around = list(times[max(0, first - 1) : last + 1])
    if not around or around[0] > start + gap or around[-1] < end - gap:
        raise WindowError("no samples at an edge of the window; the sensor was gone or stuck")
    longest = max((around[i] - around[i - 1] for i in range(1, len(around))), default=end - start)
    if longest > gap:
        raise WindowError(f"{longest:.2f} s without a sample; the sensor was gone or stuck, or the machine overloaded")


def _at(times: Sequence[float], values: Sequence[float], time: float) -> float:
    """The value at a time, by straight lines between samples."""
    after = bisect_left(times, time)
    if after == 0:
        return values[0]
    if after == len(times):
        return values[-1]
    share = (time - times[after - 1]) / (times[after] - times[after - 1])
    return values[after - 1] + share * (values[after] - values[after - 1])


def _trapezoid(times: Sequence[float], values: Sequence[float], start: float, end: float) -> float:
    """Integral of the samples, joined by straight lines, from `start` to `end`."""
    first, last = bisect_right(times, start), bisect_left(times, end)
    xs = [start, *times[first:last], end]
    ys = [_at(times, values, start), *values[first:last], _at(times, values, end)]
    return sum((ys[i] + ys[i - 1]) * (xs[i] - xs[i - 1]) for i in range(1, len(xs))) / 2


def _scatter(values: Sequence[float]) -> float:
    """Standard deviation around the straight line through equally spaced values."""
    count = len(values)
    if count < 3:
        return 0.0
    centre, mean = (count - 1) / 2, sum(values) / count
    spread = sum((i - centre) ** 2 for i in range(count))
    slope = sum((i - centre) * (value - mean) for i, value in enumerate(values)) / spread
    return float((sum((v - mean - slope * (i - centre)) ** 2 for i, v in enumerate(values)) / (count - 2)) ** 0.5)
