"""Cycles respect dependences and the clock; chains never hold sums that depend on each other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from hls.unrolled.emit import carry_groups, last_reads
from hls.unrolled.fabric import ECP5, FOUR
from hls.unrolled.generate import Pipeline, plan_pipeline, scheduled
from hls.unrolled.ir import Constant, Input, operands_of
from hls.unrolled.lower import LoweredLayer
from hls.unrolled.schedule import budget_ns, delay_ns
from tests.fast.hls.unrolled.networks import NETWORKS
from tests.properties import given, st


@cache
def lowered(name: str) -> Sequence[LoweredLayer]:
    return plan_pipeline(NETWORKS[name], 25_000_000).layers


def pipeline_at(clock_mhz: int, name: str = "ternary on bits") -> Pipeline:
    return scheduled(lowered(name), clock_mhz * 1_000_000)


@given(clock_mhz=st.integers(5, 400), name=st.sampled_from(["ternary on bits", "bipolar activations", "all zero"]))
def test_no_cycle_holds_more_than_is_planned_for_the_clock(clock_mhz: int, name: str) -> None:
    pipeline = pipeline_at(clock_mhz, name)
    budget = budget_ns(FOUR, clock_mhz * 1_000_000)
    # Behind the link's choice; a layer goes on in the cycle in which the one before it has ended.
    before = [FOUR.delays.lut] * NETWORKS[name].inputs
    for layer, times in zip(pipeline.layers, pipeline.schedules, strict=True):
        arrival: dict[int, float] = {}
        for identifier in sorted(times.cycle):
            node, delay = layer.graph.nodes[identifier], delay_ns(layer.graph, identifier)
            sources = [s for s in operands_of(node)]
            assert all(times.cycle[s] <= times.cycle[identifier] for s in sources)
            start = max((arrival[s] for s in sources if times.cycle[s] == times.cycle[identifier]), default=0.0)
            arrival[identifier] = before[node.index] if isinstance(node, Input) else start + delay
            # One node alone may be slower than the clock; nothing can be cut there.
            assert arrival[identifier] <= budget or start == 0.0
        outputs = [(arrival[output], times.cycle[output]) for output in layer.graph.outputs]
        before = [at if cycle == times.latency else 0.0 for at, cycle in outputs]
    # To the register behind the core's output the queue and the link choose once more.
    assert before[0] + 2 * FOUR.delays.lut <= budget or before[0] == 0.0


def test_a_slow_clock_leaves_one_register() -> None:
    assert (pipeline_at(5).latency, [times.latency for times in pipeline_at(5).schedules]) == (1, [0, 0, 0, 1])


def test_a_faster_clock_takes_more_cycles() -> None:
    latencies = [pipeline_at(mhz).latency for mhz in (12, 25, 60, 120)]
    assert latencies == sorted(latencies)
    assert latencies[0] < latencies[-1]


def test_less_is_planned_for_a_large_core_of_tables_where_such_a_core_was_measured() -> None:
    hz, of = 25_000_000, 10_000
    assert budget_ns(ECP5, hz, 1_000) == budget_ns(ECP5, hz)
    assert budget_ns(ECP5, hz, 4 * of) < budget_ns(ECP5, hz, of) < budget_ns(ECP5, hz)
    assert budget_ns(FOUR, hz, of) == budget_ns(FOUR, hz)


def test_values_live_until_they_are_read() -> None:
    pipeline = pipeline_at(120)
    for layer, times in zip(pipeline.layers, pipeline.schedules, strict=True):
        last = last_reads(layer, times)
        for output in layer.graph.outputs:
            if not isinstance(layer.graph.nodes[output], Constant):
                assert last[output] == times.latency >= times.cycle[output]


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
