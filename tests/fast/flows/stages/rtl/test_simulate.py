"""Cycles of a chip that keeps earlier answers: one vector at a time, those of all stages at most."""

from __future__ import annotations

from flows.stages.rtl.simulate import _one_by_one
from tests.fast.toolchain.fabricated import DECISION
from toolchain.results.facts import SimulateFacts
from toolchain.results.facts.hardware import WayCycles


def way(latency: int | None) -> WayCycles:
    return WayCycles(
        kind="simulated", vectors=int(latency is not None), latency_cycles=latency, interval=latency, toggles=None
    )


def test_a_chip_that_keeps_answers_takes_one_vector_at_a_time() -> None:
    """Of 100 answers the first stage gives 80."""
    facts = SimulateFacts(latency_cycles=500, initiation_interval=90, mean_interval=60, ways=(way(100), way(400)))
    made = _one_by_one(facts, 480, 30, DECISION)
    assert (made.latency_cycles, made.initiation_interval, made.mean_interval) == (510, 510, 160 + 30)


def test_without_a_vector_of_a_stage_the_mean_is_of_the_others() -> None:
    facts = SimulateFacts(latency_cycles=520, initiation_interval=90, ways=(way(100), way(None)))
    assert _one_by_one(facts, 480, 30, DECISION).mean_interval == 130
    bare = SimulateFacts(latency_cycles=520, initiation_interval=90)
    made = _one_by_one(bare, 480, 30, DECISION)
    assert (made.latency_cycles, made.mean_interval) == (520, 520)
