"""What works for each stage of a network that decides, and the vectors on which the clocks of each are simulated."""

from __future__ import annotations

import numpy as np
import pytest

from flows.stages.rtl.unit_folding import folding_of
from flows.stages.rtl.ways import MULTIPLIER_BITS, VECTORS, cycles_of_ways, work_of
from hls.graph_core import core_of
from hls.memories import Resources
from hls.simulate_stream import CoreSimulation
from tests.fast.toolchain.graph.staged_graphs import decides, staged, vectors
from toolchain.fpga.families.ecp5 import Ecp5Backend
from toolchain.graph.deciding import numbers_of
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph
from toolchain.graph.types import Integers
from toolchain.results.folding import FoldedUnits

LIMITS = Resources(lut=20_000, ff=20_000, blocks=50, dsp=20)


@pytest.fixture(scope="module")
def decided() -> tuple[Graph, FoldedUnits]:
    graph = staged(2)
    core = core_of(decides(graph, vectors(graph, 50)), LIMITS, 2000, Ecp5Backend.block_ram)
    return core.graph, folding_of(core.graph, core, 25_000_000, None)


def test_a_stage_adds_the_work_of_its_own_units(decided: tuple[Graph, FoldedUnits]) -> None:
    graph, folding = decided
    first, second = work_of(graph, folding, Ecp5Backend.block_ram)
    every = folding.stages

    assert (second.units, second.clocks) == (len(every), sum(unit.cycles for unit in every))
    assert second.interval == max(unit.cycles for unit in every)
    assert second.switched_bits == sum(u.cycles * (u.lut + u.ff + MULTIPLIER_BITS * u.dsp + 36 * u.bram) for u in every)
    behind = {"window1", "sums1", "codes1", "scores1"}
    later = [unit for unit in every if unit.tensor in behind]
    assert second.clocks - first.clocks >= sum(unit.cycles for unit in later) > 0
    assert 0 < first.switched_bits < second.switched_bits


def test_a_network_of_one_stage_has_one_way() -> None:
    graph = staged(2)
    core = core_of(graph, LIMITS, 2000, Ecp5Backend.block_ram)
    (way,) = work_of(core.graph, folding_of(core.graph, core, 25_000_000, None), Ecp5Backend.block_ram)
    assert way.units == len(core.folded.chosen)


def test_the_clocks_of_a_stage_are_simulated_on_inputs_that_it_answers(decided: tuple[Graph, FoldedUnits]) -> None:
    graph, _ = decided
    x = vectors(graph, 60)
    seen: list[set[int]] = []

    def simulate(some: Integers) -> CoreSimulation:
        assert len(some) <= VECTORS
        seen.append(set(run_one(graph, some, [graph.outputs[0].node])[graph.outputs[0].node][:, -1].tolist()))
        return CoreSimulation(
            len(some), len(some), None, 70 + len(seen), 50, 900, 0.1, toggles=8000 * len(seen), inferences=8
        )

    first, second = cycles_of_ways(graph, x, simulate)
    assert seen == [{number} for number in numbers_of(graph)]
    assert (first.latency_cycles, second.latency_cycles, second.interval) == (71, 72, 50)
    assert (first.toggles, second.toggles) == (1000, 2000)
    answered = run_one(graph, x, [graph.outputs[0].node])[graph.outputs[0].node][:, -1]
    (none, _) = cycles_of_ways(graph, x[answered == numbers_of(graph)[1]], simulate)
    assert (none.vectors, none.latency_cycles, none.interval) == (0, None, None)
    assert np.isin(answered, numbers_of(graph)).all()
