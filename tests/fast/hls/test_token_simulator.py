"""The token simulator against clocks counted by hand."""

from __future__ import annotations

import pytest

from hls.netlist import Netlist
from hls.token_simulator import TokenSimulator
from tests.fast.hls.token_cores import chain, held, residual, slow


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


@pytest.mark.parametrize("core", [chain(slow("a", 50, 3, latency=4)), residual(beats=3000, ahead=40, capacity=64)])
def test_a_lone_vector_before_the_others_changes_nothing_of_their_interval(core: Netlist) -> None:
    core = core.with_depths({i: (60, False) for i in range(len(core.fifos))})
    lone, following = TokenSimulator(core).run(core, 6), TokenSimulator(core).run(core, 5, lone=False)

    assert (lone.vectors, following.vectors) == (6, 5)
    assert lone.interval == following.interval > 0


@pytest.mark.parametrize("clocks", [1, 2, 3, 7])
def test_a_memory_of_one_port_issues_nothing_in_a_clock_that_writes(clocks: int) -> None:
    two = chain(slow("a", 2000, clocks), held(2000, 3))
    one = chain(slow("a", 2000, clocks), held(2000, 3, one_port=True))

    assert TokenSimulator(two).run(two).interval == 2000 * max(clocks, 3)
    # The last words stand in the memory before their turn: 4 at most.
    assert 2000 * max(clocks, 4) - 4 <= TokenSimulator(one).run(one).interval <= 2000 * max(clocks, 4)


def test_words_that_nobody_reads_are_freed_before_they_are_written() -> None:
    # The one operation needs 1 of 40 words: the others are written, and are gone, while the next inference waits.
    core = chain(held(40, 1, reads=1))

    assert TokenSimulator(core).run(core).interval == 40
