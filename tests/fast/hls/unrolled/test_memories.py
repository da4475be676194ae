"""Neurons in block RAM: the same network, no more blocks than there are, two tables in one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hls.fold import Capacity, choose_folding
from hls.generate import generate_core
from hls.unrolled import estimate_unrolled, use_of_layers
from hls.unrolled.fabric import ECP5, FOUR, ICE40, Fabric
from hls.unrolled.generate import plan_pipeline
from hls.unrolled.ir import Bit, Graph, Input, Memory, operands_of
from hls.unrolled.lower import lower_network
from hls.unrolled.memories import Rom, Table, into_memory, roms_of
from tests.fast.hls.unrolled.networks import NETWORKS, TABLE_NETWORKS, random_inputs, random_network
from tests.fast.hls.unrolled.test_lower import same
from toolchain.errors import TooDenseError
from toolchain.fpga.families.ecp5 import Ecp5Backend
from toolchain.graph.dense import LABEL, DenseNetwork
from toolchain.results.folding import Folding

SPARSE = random_network([30, 12, 6, 5], 2, "BINARY", zeros=0.6)
HZ = 25_000_000


@pytest.mark.parametrize("name", ["ternary on bytes", "bipolar activations", "very sparse", "tables of bits"])
@pytest.mark.parametrize("fabric", [FOUR, ECP5, ICE40], ids=str)
def test_the_network_stays_the_same(name: str, fabric: Fabric) -> None:
    network = (NETWORKS | TABLE_NETWORKS)[name]
    layers = lower_network(network, fabric)
    into_memory(layers, 100)
    same(layers, network, random_inputs(network, 400))


@pytest.mark.parametrize("fabric", [ECP5, ICE40], ids=str)
def test_no_more_blocks_are_taken_than_there_are_and_more_save_more(fabric: Fabric) -> None:
    luts = []
    for blocks in (0, 1, 3, 100):
        use = estimate_unrolled(SPARSE, HZ, fabric.name.lower(), blocks)
        assert use["bram"] <= blocks
        luts.append(use["lut"])
    assert luts == sorted(set(luts), reverse=True)


def test_the_blocks_that_a_layer_takes_are_told() -> None:
    uses = use_of_layers(SPARSE, HZ, "ecp5", 100)
    assert uses["layer0"].tables > uses["layer0"].blocks > 0
    # The choice of the class is no neuron.
    assert uses[LABEL].tables == 0
    assert sum(use.blocks for use in uses.values()) == estimate_unrolled(SPARSE, HZ, "ecp5", 100)["bram"]


def test_what_a_block_ram_shows_is_read_a_cycle_after_its_address() -> None:
    pipeline, found = plan_pipeline(SPARSE, HZ, ECP5, 100), 0
    for layer, times in zip(pipeline.layers, pipeline.schedules, strict=True):
        for identifier, cycle in times.cycle.items():
            if isinstance(layer.graph.nodes[identifier], Memory):
                found += 1
                sources = operands_of(layer.graph.nodes[identifier])
                assert max(times.cycle[source] for source in sources) < cycle <= times.latency
    assert found > 10
    # A register lies before it where the way to its address is too long for the clock.
    far = replace(ECP5, delays=replace(ECP5.delays, address=1000.0))
    assert plan_pipeline(SPARSE, HZ, far, 100).latency > pipeline.latency
    # No more than the edge at which each layer's tables read.
    assert pipeline.latency <= plan_pipeline(SPARSE, HZ, ECP5).latency + len(SPARSE.layers)


def test_a_second_table_lies_at_the_highest_addresses() -> None:
    graph = Graph()
    for index in range(3):
        graph.add(Input(index), 0, 1)
    bits = tuple(Bit(index, 0) for index in range(3))
    first = graph.add(Memory(bits, (0, 1, 2, 3, 3, 2, 1, 0)), 0, 3)
    second = graph.add(Memory(bits[:2], (0, -1, 0, -1)), -1, 0)
    graph.outputs = [first, second]
    (rom,) = roms_of(graph)
    assert rom == Rom((Table(first, 3, 2), Table(second, 2, 1)))
    assert (rom.bits, rom.width) == (4, 2)
    assert rom.words(graph) == [0, 1, 2, 3, 3, 2, 1, 0, *[0] * 4, 0, 1, 0, 1]


def test_one_port_holds_one_table() -> None:
    layers = lower_network(SPARSE, ICE40)
    into_memory(layers, 100)
    assert all(len(rom.tables) == 1 for layer in layers for rom in roms_of(layer.graph))


def choose(network: DenseNetwork, strategy: str, lut: int, kbit: int) -> Folding:
    capacity = Capacity(lut, 10**6, kbit, Ecp5Backend.block_ram)
    return choose_folding(network, clock_hz=HZ, target_fps=None, capacity=capacity, strategy=strategy)


def test_neurons_go_into_block_ram_where_the_core_fits_no_other_way_or_somebody_asks() -> None:
    need, less = (estimate_unrolled(SPARSE, HZ, "ecp5", blocks)["lut"] for blocks in (0, 4))
    assert choose(SPARSE, "unrolled", need, 4 * 18).estimate.bram == 0
    squeezed = choose(SPARSE, "unrolled", need - 1, 4 * 18)
    asked = choose(SPARSE, "unrolled-rom", need, 4 * 18)
    assert squeezed == asked
    assert (asked.strategy, asked.estimate.lut, asked.estimate.bram) == ("unrolled", less, 4)
    assert sum(layer.blocks for layer in asked.layers) == 4 < sum(layer.tables for layer in asked.layers)
    with pytest.raises(TooDenseError, match=rf"{less} LUT where {less - 1} are free"):
        choose(SPARSE, "unrolled", less - 1, 4 * 18)


def test_a_core_is_generated_with_the_blocks_of_its_folding(tmp_path: Path) -> None:
    folding = choose(SPARSE, "unrolled-rom", 10_000, 3 * 18)
    core = generate_core(SPARSE, folding, tmp_path)
    assert len(core.roms) == 3
    assert "shared_rom.v" in core.sources
    assert sorted((*core.sources, *core.roms)) == sorted(path.name for path in tmp_path.iterdir())
