"""Windows, intervals, plans and refresh: what the figures are made of."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from toolchain.device.agent.interval import Interval, bootstrap
from toolchain.device.agent.plan import Settings, make_plan, probe_seconds, refresh_of
from toolchain.device.agent.sampler import Series
from toolchain.device.agent.source import ENERGY, MEASURED, POWER, RAIL, Traits
from toolchain.device.agent.window import WindowError, mean_power


def traits(quantity: str = POWER, wrap: float = 0.0, step: float = 0.001) -> Traits:
    return Traits("s", "rail", RAIL, MEASURED, quantity, 0.01, step, "path", wrap)


def series(value: Callable[[float], float], start: float = 0.0, end: float = 10.0, every: float = 0.01) -> Series:
    result = Series()
    for index in range(round((end - start) / every) + 1):
        result.add(start + index * every, value(start + index * every))
    return result


def test_the_mean_of_a_ramp_has_interpolated_edges() -> None:
    # Samples at whole seconds, a window between them: only interpolated edges give the ramp's own mean.
    mean = mean_power(series(lambda t: 2 * t, every=1.0), traits(), 2.25, 7.5, 2.0)
    assert mean.watts == pytest.approx(2.25 + 7.5)
    assert mean.error == pytest.approx(0.0, abs=1e-9)


def test_the_error_is_that_of_the_mean() -> None:
    generator = random.Random(3)
    means = [mean_power(series(lambda t: generator.gauss(5, 0.1)), traits(), 0.5, 9.5, 1.0) for _ in range(60)]
    scatter = (sum((mean.watts - 5) ** 2 for mean in means) / len(means)) ** 0.5
    claimed = (sum(mean.error**2 for mean in means) / len(means)) ** 0.5
    assert claimed == pytest.approx(scatter, rel=0.3)


def test_rounding_that_nothing_averages_out_is_seen() -> None:
    assert mean_power(series(lambda t: 5.0), traits(step=0.025), 1, 9, 1.0).steady
    generator = random.Random(3)
    assert not mean_power(series(lambda t: generator.gauss(5, 0.03)), traits(step=0.025), 1, 9, 1.0).steady


def test_a_counter_wraps() -> None:
    wrapping = series(lambda t: (95 + 3 * t) % 100.0)
    assert mean_power(wrapping, traits(ENERGY, wrap=100.0), 0.5, 9.5, 1.0).watts == pytest.approx(3.0)


def test_a_counter_that_goes_back_gives_nothing() -> None:
    with pytest.raises(WindowError, match="went back"):
        mean_power(series(lambda t: (95 + 3 * t) % 100.0), traits(ENERGY), 0.5, 9.5, 1.0)
    with pytest.raises(WindowError, match="cannot be"):
        mean_power(series(lambda t: (95 + 3 * t) % 100.0), traits(ENERGY, wrap=1e7), 0.5, 9.5, 1.0)


def test_a_counter_that_is_read_more_often_than_it_counts() -> None:
    held = series(lambda t: 3 * (t // 0.1) * 0.1, every=0.013)
    assert mean_power(held, traits(ENERGY), 0.55, 9.5, 1.0).watts == pytest.approx(3.0, rel=0.005)


@pytest.mark.parametrize("end", [4.0, 8.0])
def test_samples_must_reach_over_the_window(end: float) -> None:
    with pytest.raises(WindowError, match="edge of the window"):
        mean_power(series(lambda t: 1.0, end=end), traits(), 1.0, 9.0, 0.5)
    with pytest.raises(WindowError, match="edge of the window"):
        mean_power(series(lambda t: 1.0, start=end), traits(), 1.0, 9.0, 0.5)


def test_a_gap_gives_nothing() -> None:
    gapped = series(lambda t: 1.0, end=4.0)
    later = series(lambda t: 1.0, start=5.0)
    gapped.times.extend(later.times)
    gapped.values.extend(later.values)
    with pytest.raises(WindowError, match=r"1.00 s without a sample"):
        mean_power(gapped, traits(), 1.0, 9.0, 0.5)


def test_the_interval_covers_as_it_says() -> None:
    generator, covered = random.Random(5), 0
    for _ in range(200):
        values = [generator.gauss(10, 0.2) for _ in range(5)]
        interval = bootstrap(values, [0.2] * 5, draws=300)
        covered += interval.low <= 10 <= interval.high
    assert covered >= 185


def test_the_interval_is_the_same_each_time_and_holds_the_median() -> None:
    one = bootstrap([1.0, 1.1, 0.9, 1.05, 5.0], [0.01] * 5, 0.01)
    assert one == bootstrap([1.0, 1.1, 0.9, 1.05, 5.0], [0.01] * 5, 0.01)
    assert one.low < one.median == 1.05 < one.high
    assert bootstrap([2.0]) == Interval(2.0, 2.0, 2.0)


def test_an_error_that_all_repeats_share_is_not_averaged_away() -> None:
    assert bootstrap([1.0] * 50, common=0.1).width > 0.3


def test_slow_sensors_get_long_windows() -> None:
    fast, slow = make_plan([0.002], Settings()), make_plan([0.002, 1.0], Settings())
    assert fast.poll_s == 0.005 and fast.window_s == pytest.approx(10.008)
    assert slow.poll_s == 0.1 and slow.window_s == pytest.approx(104.0) and slow.trim_s == 2.0
    assert make_plan([], Settings()).window_s == 10.0


def test_the_refresh_is_found_though_values_repeat() -> None:
    generator = random.Random(1)
    values = [round(generator.gauss(5, 0.02) / 0.025) * 0.025 for _ in range(100)]
    seen = series(lambda t: values[int((t + 1e-9) / 0.035)], end=2.0, every=0.001)
    assert refresh_of(seen) == pytest.approx(0.035, abs=0.001)
    assert refresh_of(series(lambda t: 5.0)) is None
    assert probe_seconds([0.15]) == pytest.approx(3.6)
