"""Generated unrolled cores in Verilator: every element of every layer, with and without back-pressure."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from hls.generate import generate_core
from hls.simulate import simulate_core
from hls.unrolled.fabric import ECP5, fabric_of
from hls.unrolled.generate import plan_pipeline
from tests.doubles.folded import NOTHING
from tests.fast.hls.unrolled.networks import NETWORKS, TABLE_NETWORKS, random_inputs
from toolchain.graph.dense import network_of
from toolchain.results.folding import Folding

CASES = [
    ("ternary on bits", 25, "ecp5"),
    ("ternary on bytes", 120, "ecp5"),
    ("bipolar activations", 120, "ecp5"),
    ("wide weights", 25, "ecp5"),
    ("signed inputs", 60, "ecp5"),
    ("all zero", 25, "ecp5"),
    ("ternary on bits", 100, "zynq_ultrascale"),
    ("ternary on bytes", 400, "zynq_ultrascale"),
    ("wide weights", 100, "zynq_7000"),
    ("signed inputs", 200, "zynq_7000"),
    ("tables of bits", 25, "ecp5"),
    ("tables of signed numbers", 120, "ecp5"),
    ("tables of bits", 100, "zynq_7000"),
    ("tables of numbers", 400, "zynq_ultrascale"),
]


def folding(clock_mhz: int) -> Folding:
    clock_hz = clock_mhz * 1_000_000
    return Folding("unrolled", (), 1, float(clock_hz), clock_hz, None, NOTHING)


@pytest.mark.parametrize(("name", "clock_mhz", "family"), CASES)
def test_bit_exact(name: str, clock_mhz: int, family: str, tmp_path: Path) -> None:
    network = (NETWORKS | TABLE_NETWORKS)[name]
    core = generate_core(network, folding(clock_mhz), tmp_path / "rtl", family)
    x = random_inputs(network, 3000)
    # Some thousands of cycles are over sooner than -O2 has compiled.
    where = (tmp_path / "rtl", x, tmp_path / "work")
    free = simulate_core(core, network, *where, optimise=False)
    assert (free.compared, free.equal, free.first_difference) == (3000, 3000, None)
    assert free.initiation_interval == core.initiation_interval == 1
    assert free.latency_cycles == plan_pipeline(network, clock_mhz * 1_000_000, fabric_of(family)).latency
    stalled = simulate_core(core, network, *where, backpressure_seed=7, optimise=False, quick=True)
    assert (stalled.equal, stalled.first_difference) == (3000, None)
    assert stalled.cycles > 1.5 * free.cycles


@pytest.mark.parametrize(("name", "beats"), [("wide", 3), ("ternary on bytes", 2), ("bipolar everywhere", 20)])
def test_a_vector_may_come_in_several_beats(name: str, beats: int, tmp_path: Path) -> None:
    network = (NETWORKS | TABLE_NETWORKS)[name]
    core = generate_core(network, dataclasses.replace(folding(25), initiation_interval=beats), tmp_path / "rtl")
    x = random_inputs(network, 1000)
    where = (tmp_path / "rtl", x, tmp_path / "work")
    free = simulate_core(core, network, *where, optimise=False)
    assert (free.compared, free.equal, free.first_difference) == (1000, 1000, None)
    assert free.initiation_interval == core.in_beats == beats
    assert free.latency_cycles == beats - 1 + plan_pipeline(network, 25_000_000, ECP5).latency
    stalled = simulate_core(core, network, *where, backpressure_seed=7, optimise=False)
    assert (stalled.equal, stalled.first_difference) == (1000, None)


@pytest.mark.parametrize(
    ("name", "clock_mhz", "family", "least"),
    [
        ("ternary on bits", 25, "ecp5", 8),
        ("ternary on bits", 120, "ice40", 8),
        ("ternary on bits", 100, "zynq_ultrascale", 2),
        ("tables of numbers", 25, "ecp5", 4),
    ],
)
def test_neurons_in_block_ram(name: str, clock_mhz: int, family: str, least: int, tmp_path: Path) -> None:
    network = (NETWORKS | TABLE_NETWORKS)[name]
    wanted = folding(clock_mhz)
    wanted = dataclasses.replace(wanted, estimate=wanted.estimate.model_copy(update={"bram": 100}))
    core = generate_core(network, wanted, tmp_path / "rtl", family)
    assert len(core.roms) >= least
    x = random_inputs(network, 3000)
    where = (tmp_path / "rtl", x, tmp_path / "work")
    free = simulate_core(core, network, *where, optimise=False)
    assert (free.equal, free.first_difference) == (3000, None)
    assert free.latency_cycles == plan_pipeline(network, clock_mhz * 1_000_000, fabric_of(family), 100).latency
    stalled = simulate_core(core, network, *where, backpressure_seed=7, optimise=False)
    assert (stalled.equal, stalled.first_difference) == (3000, None)


def test_a_wrong_word_in_block_ram_is_caught(tmp_path: Path) -> None:
    network, wanted = NETWORKS["ternary on bits"], folding(25)
    wanted = dataclasses.replace(wanted, estimate=wanted.estimate.model_copy(update={"bram": 1}))
    core = generate_core(network, wanted, tmp_path / "rtl")
    (rom,) = (tmp_path / "rtl" / name for name in core.roms)
    rom.write_text("".join(f"{int(word, 16) ^ 1:x}\n" for word in rom.read_text().split()))
    result = simulate_core(
        core, network, tmp_path / "rtl", random_inputs(network, 100), tmp_path / "work", optimise=False
    )
    assert result.equal < result.compared


def test_a_threshold_off_by_one_is_caught(tmp_path: Path) -> None:
    network = NETWORKS["ternary on bits"]
    thresholds = network.layers[1].thresholds
    assert thresholds is not None
    moved = thresholds.copy()
    # The middle threshold of a neuron that can reach it.
    moved[3, 1] += 1
    wrong = dataclasses.replace(network.layers[1], thresholds=moved)
    broken = network_of((network.layers[0], wrong, network.layers[2]), network.logit_scale)
    core = generate_core(broken, folding(25), tmp_path / "rtl")
    x = random_inputs(network, 3000)
    result = simulate_core(core, network, tmp_path / "rtl", x, tmp_path / "work", optimise=False)
    assert result.equal < result.compared
    assert result.first_difference is not None
    assert "layer 1 (layer1), element 3" in result.first_difference
