"""How fast a source really changes, and the polling and windows that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .sampler import Series

_PROBE_POLL_S = 0.001
_FASTEST_POLL_S, _SLOWEST_POLL_S = 0.005, 0.1
_ENOUGH_CHANGES = 8
_MOST_DRAWS = 100_000
LAG_SHARE = 0.01
"""Time constant by window: no window is shorter than the time constant over this."""
TRIM_CONSTANTS = 2.0
"""Time constants that are left out at each edge of a window."""


@dataclass(frozen=True)
class Settings:
    """What the person may choose.

    Attributes:
        window_s: seconds of idle, active and idle; lengthened for slow sensors.
        repeats: accepted repeats wanted.
        warm_up_s, warm_up_limit_s: least and greatest time of the warm-up.
        steady_k: temperatures are steady when none moved by more than this within a warm-up's last third.
        cost_limit: share of throughput that sampling may cost.
        width_limit: width of the 95 % interval, as a share of the median, that is still accepted.
        least_window_s, least_repeats: what a figure must be made of; only tests go below.
        draws: of the bootstrap.
    """

    window_s: float = 10.0
    repeats: int = 5
    warm_up_s: float = 30.0
    warm_up_limit_s: float = 300.0
    steady_k: float = 0.5
    cost_limit: float = 0.01
    width_limit: float = 0.05
    least_window_s: float = 10.0
    least_repeats: int = 5
    draws: int = 2000

    def __post_init__(self) -> None:
        """Refuse a number of draws, such as a spoilt raw file holds, that would never be drawn."""
        if not (isinstance(self.draws, int) and 1 <= self.draws <= _MOST_DRAWS):
            raise ValueError(f"draws: {str(self.draws)[:40]}, should be 1 to {_MOST_DRAWS}")


@dataclass(frozen=True)
class Plan:
    """What is done.

    Attributes:
        poll_s: from one poll to the next.
        window_s: length of each window, with its trimmed edges.
        trim_s: left out at each edge.
        lag_s: the greatest time constant or refresh of all sources.
    """

    poll_s: float
    window_s: float
    trim_s: float
    lag_s: float


def probe_seconds(constants: Sequence[float]) -> float:
    """How long to probe: enough for a sensor to change often."""
    return max(2.0, 3 * _ENOUGH_CHANGES * max(constants, default=0.0))


def probe_poll(count: int) -> float:
    """Seconds from poll to poll while probing that many sources."""
    return _PROBE_POLL_S * max(1, count)


def refresh_of(series: Series) -> float | None:
    """Seconds from one change of the value to the next; None where it hardly changed.

    A low quantile: a value that happens to stay the same makes some gaps longer, none shorter.
    """
    times, values = series.times, series.values
    changes = [times[i] for i in range(1, len(times)) if values[i] != values[i - 1]]
    if len(changes) < _ENOUGH_CHANGES:
        return None
    gaps = sorted(changes[i] - changes[i - 1] for i in range(1, len(changes)))
    return gaps[len(gaps) // 5]


def make_plan(lags: Sequence[float], settings: Settings) -> Plan:
    """Polling and windows for sources of these time constants (or refreshes, where they are longer)."""
    lag = max(lags, default=0.0)
    poll = min(max(lag / 2, _FASTEST_POLL_S), _SLOWEST_POLL_S)
    trim = TRIM_CONSTANTS * lag
    return Plan(poll, max(settings.window_s, lag / LAG_SHARE) + 2 * trim, trim, lag)
