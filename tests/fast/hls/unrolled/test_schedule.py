"""Cycles respect dependences and the clock; chains never hold sums that depend on each other."""

from __future__ import annotations

from functools import cache

import pytest

from hls.unrolled.emit import carry_groups, last_reads
from hls.unrolled.generate import Pipeline, plan_pipeline
from hls.unrolled.ir import Constant, operands_of
from hls.unrolled.schedule import delay_ns
from tests.fast.hls.unrolled.networks import NETWORKS


@cache
def pipeline_at(clock_mhz: int) -> Pipeline:
    """The one network at a clock; most tests look at the same few."""
    return plan_pipeline(NETWORKS["ternary on bits"], clock_mhz * 1_000_000)


@pytest.mark.parametrize("clock_mhz", [12, 25, 60, 120, 300])
def test_no_cycle_holds_more_than_the_clock_allows(clock_mhz: int) -> None:
    pipeline = pipeline_at(clock_mhz)
    for layer, times in zip(pipeline.layers, pipeline.schedules, strict=True):
        arrival: dict[int, float] = {}
        for identifier in sorted(times.cycle):
            sources = [s for s in operands_of(layer.graph.nodes[identifier])]
            assert all(times.cycle[s] <= times.cycle[identifier] for s in sources)
            start = [arrival[s] for s in sources if times.cycle[s] == times.cycle[identifier]]
            arrival[identifier] = delay_ns(layer.graph, identifier) + max(start, default=0.0)
            # One node alone may be slower than the clock; nothing can be cut there.
            assert arrival[identifier] <= 1e3 / clock_mhz or max(start, default=0.0) == 0.0


def test_a_faster_clock_takes_more_cycles() -> None:
    latencies = [pipeline_at(mhz).latency for mhz in (12, 25, 60, 120)]
    assert latencies == sorted(latencies)
    assert latencies[0] < latencies[-1]


def test_values_live_until_they_are_read() -> None:
    pipeline = pipeline_at(120)
    for layer, times in zip(pipeline.layers, pipeline.schedules, strict=True):
        last = last_reads(layer, times)
        for output in layer.graph.outputs:
            if not isinstance(layer.graph.nodes[output], Constant):
                assert last[output] == times.latency > times.cycle[output]


def test_sums_on_one_chain_do_not_depend_on_each_other() -> None:
    shared = 0
    pipeline = pipeline_at(12)
    for layer, times in zip(pipeline.layers, pipeline.schedules, strict=True):
        for group in carry_groups(layer, times):
            below = layer.graph.needed([s for i in group for s in operands_of(layer.graph.nodes[i])])
            same_cycle = {i for i in below if times.cycle[i] == times.cycle[group[0]]}
            assert not same_cycle & set(group)
            shared += len(group) > 1
    assert shared > 3
