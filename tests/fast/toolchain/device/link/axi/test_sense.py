"""What cycles a chip may count, by the package's simulation."""

from __future__ import annotations

import pytest

from toolchain.device.link.answers import Bench
from toolchain.device.link.axi.selftest import bench_of
from toolchain.device.link.axi.sense import Expected, bench_faults, bench_in_reach, expected_of

CLASS, SCORES = Expected(None, 100, 10), Expected(None, 100, 10, answer_bytes=24)


@pytest.mark.parametrize(
    ("expected", "inferences", "cycles", "sound"),
    [
        (CLASS, 1, 100, True),
        (CLASS, 1, 101, False),
        (CLASS, 11, 200, True),
        (CLASS, 11, 310, True),
        (CLASS, 11, 311, False),
        (CLASS, 11, 189, False),
        # The last beat may wait for the bytes of the others, and each answer for that before it.
        (SCORES, 1, 100, True),
        (SCORES, 1, 123, True),
        (SCORES, 1, 124, False),
        (SCORES, 1, 99, False),
        (SCORES, 11, 200, True),
        (SCORES, 11, 473, True),
        (SCORES, 11, 474, False),
        (Expected(None, 100, 1000, answer_bytes=24), 11, 10_233, True),
        (Expected(None, 100, 1000, answer_bytes=24), 11, 10_234, False),
    ],
)
def test_cycles_are_those_of_the_simulation_and_of_the_bytes_of_an_answer(
    expected: Expected, inferences: int, cycles: int, sound: bool
) -> None:
    assert (bench_faults(Bench(inferences, (), cycles, 0, 0.0), expected) == []) == sound


@pytest.mark.parametrize(
    ("expected", "inferences"),
    [
        (Expected(100_000_000), 1000),
        (Expected(100_000_000, 50, 99), 1000),
        (Expected(100_000_000, 5000, 1999), 50),
        (Expected(100_000_000, 50, 10, answer_bytes=1999), 50),
        (Expected(100_000_000, 5000, 1_000_000), 2),
    ],
)
def test_a_bench_ends_within_its_clocks(expected: Expected, inferences: int) -> None:
    assert bench_in_reach(1000, 100_000, expected) == inferences


@pytest.mark.parametrize(("interval", "inferences"), [(976, 1_000_000), (999_999, 6_000), (10**10, 2)])
def test_the_self_test_of_a_slow_network_has_a_bench_of_a_minute(interval: int, inferences: int) -> None:
    timing = {"cycles_kind": "simulated", "latency_cycles": 2000, "initiation_interval": interval}
    assert bench_of({"clock_mhz": 100, "timing": timing}) == inferences
    assert bench_of({"clock_mhz": 100}, 7) == bench_of({"timing": timing}, 7) == 7


def test_packages_without_the_size_of_an_answer_have_classes() -> None:
    timing = {"cycles_kind": "simulated", "latency_cycles": 5, "initiation_interval": 2}
    assert expected_of({"timing": timing}).answer_bytes == 1
    assert expected_of({"timing": timing, "answer_bytes": 24}).answer_bytes == 24


def test_a_bench_of_a_processor_is_as_long_as_its_instructions_allow() -> None:
    expected = expected_of({"clock_mhz": 100.0, "emulated": {"instructions": 20_000}})
    assert expected == Expected(100_000_000, instructions=20_000)
    assert bench_in_reach(1000, 4_000_000, expected) == 100
    assert bench_in_reach(50, 4_000_000, expected) == 50
    # Two tell an interval.
    assert bench_in_reach(1000, 4_000, expected) == 2
