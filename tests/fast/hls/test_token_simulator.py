"""The token simulator against clocks counted by hand."""

from __future__ import annotations

import pytest

from hls.token_simulator import TokenSimulator
from tests.fast.hls.token_cores import chain, residual, slow


def test_a_beat_takes_a_clock_in_each_fifo_and_the_latency_of_each_unit() -> None:
    core = chain(slow("a", 1, 1, latency=3), slow("b", 1, 1))

    # Pushed in clock 0; leaves at 1, pushed at 4, leaves and is pushed at 5, leaves at 6.
    assert TokenSimulator(core).run(core).latency == 6


def test_block_ram_takes_a_clock_more() -> None:
    core = chain(slow("a", 1, 1))
    deep = core.with_depths({0: (64, True)})

    assert TokenSimulator(core).run(deep).latency == TokenSimulator(core).run(core).latency + 1


@pytest.mark.parametrize("clocks", [(1, 5, 2), (3, 1, 1), (1, 1, 4)])
def test_the_slowest_unit_is_the_interval(clocks: tuple[int, ...]) -> None:
    core = chain(*(slow(f"u{i}", 10, count) for i, count in enumerate(clocks)))

    assert TokenSimulator(core).run(core).interval == 10 * max(clocks) == core.interval


def test_a_fifo_before_a_slow_unit_fills_and_no_further() -> None:
    core = chain(slow("a", 40, 1), slow("b", 40, 3))

    assert TokenSimulator(core).run(core.with_depths({1: (5, False)})).peaks[1] == 5


def test_a_fifo_of_fewer_places_than_the_latency_slows_a_unit() -> None:
    core = chain(slow("a", 40, 1, latency=4))
    tight = core.with_depths({1: (2, False)})

    # Two places for beats that are 5 clocks on their way and give their place back the clock after.
    assert TokenSimulator(core).run(tight).interval == 40 * 6 / 2


def test_a_branch_that_waits_stops_the_core_where_the_other_has_no_room() -> None:
    core = residual(beats=100, ahead=40, capacity=64)
    run = TokenSimulator(core).run(core.with_depths({3: (20, False)}))

    assert run.vectors == 0
    assert run.taken[3] == 20
