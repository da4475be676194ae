"""The files and the description of a generated core."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from hls.fold import Capacity, choose_folding
from hls.generate import generate_core
from hls.unrolled import estimate_unrolled, least_of_layers, short_clocks, use_of_layers
from hls.unrolled.fabric import ECP5, GOWIN, SERIES_7
from hls.unrolled.generate import plan_pipeline
from tests.doubles.folded import NOTHING
from tests.fast.hls.unrolled.networks import NETWORKS, TABLE_NETWORKS, random_network
from toolchain.errors import FitError, ModelError, TooDenseError
from toolchain.fpga.families.ecp5 import Ecp5Backend
from toolchain.fpga.families.ice40 import Ice40Backend
from toolchain.graph.dense import DenseLayer, network_of
from toolchain.results.core import CoreOutput
from toolchain.results.folding import Folding

NETWORK = NETWORKS["bipolar activations"]


def folding(clock_hz: int = 25_000_000) -> Folding:
    return Folding("unrolled", (), 1, float(clock_hz), clock_hz, None, NOTHING)


def test_description(tmp_path: Path) -> None:
    core = generate_core(NETWORK, folding(), tmp_path)
    assert (core.strategy, core.initiation_interval, core.in_beats) == ("unrolled", 1, 1)
    assert core.in_width == core.vector_bits == 5 * 4
    assert core.output == CoreOutput(1, 2, False, 1, classes=4)
    assert [(s.bits, s.scale, s.offset) for s in core.layers[:-1]] == [(1, 2, -1)] * 2
    assert core.layers[-1].signed
    assert all(stream.elements_per_beat == stream.elements for stream in core.layers)
    assert sorted(core.sources) == sorted(path.name for path in tmp_path.iterdir())


def test_same_network_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        generate_core(NETWORK, folding(), tmp_path / name)
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_the_header_names_the_latency(tmp_path: Path) -> None:
    core = generate_core(NETWORK, folding(), tmp_path)
    latency = plan_pipeline(NETWORK, 25_000_000).latency
    assert f"{latency} cycles later" in (tmp_path / core.sources[0]).read_text()


def test_no_clock_is_worth_trying_at_which_an_answer_takes_longer_than_at_a_slower_one() -> None:
    clocks = (20_000_000, 40_000_000, 50_000_000)
    assert [plan_pipeline(NETWORK, hz, ECP5).latency for hz in clocks] == [1, 1, 2]
    # 25 ns at 40 MHz, 40 at 50.
    assert short_clocks(NETWORK, clocks) == clocks[:2]


def test_estimate_grows_with_the_network_and_the_clock() -> None:
    small, large = (estimate_unrolled(random_network([8, n, 4], 1), 25_000_000) for n in (8, 24))
    assert 0 < small["lut"] < large["lut"]
    assert small["bram"] == 0
    fast = estimate_unrolled(random_network([8, 24, 4], 1), 120_000_000)
    assert (fast["lut"], fast["ff"] > large["ff"]) == (large["lut"], True)


def test_neurons_that_nobody_reads_cost_nothing() -> None:
    network = random_network([8, 16, 4], 2)
    last = network.layers[1].weights.copy()
    last[8:] = 0
    pruned = network_of((network.layers[0], DenseLayer("last", last, "UINT2", "INT32")), network.logit_scale)
    assert estimate_unrolled(pruned, 25_000_000)["lut"] < 0.8 * estimate_unrolled(network, 25_000_000)["lut"]


def test_a_network_too_large_says_by_how_much() -> None:
    capacity = Capacity(lut=100, ff=1000, bram_kbit=0, block=Ecp5Backend.block_ram)
    with pytest.raises(FitError, match=r"unrolled, the network needs an estimated \d+ LUT where 100 are free"):
        choose_folding(NETWORK, clock_hz=25_000_000, target_fps=None, capacity=capacity, strategy="unrolled")


def test_a_layer_too_dense_is_refused_at_once_with_what_it_would_be_folded() -> None:
    # A search for sharing would take many seconds.
    network = random_network([100, 256, 4], 1, "UINT2")
    capacity = Capacity(lut=8_000, ff=60_000, bram_kbit=3000, block=Ecp5Backend.block_ram)
    start = time.process_time()
    with pytest.raises(FitError) as caught:
        choose_folding(network, clock_hz=25_000_000, target_fps=None, capacity=capacity, strategy="unrolled")
    assert time.process_time() - start < 3
    told = str(caught.value)
    assert re.search(r"needs at least an estimated \d+ LUT where 8000 are free .* of them for its layer layer0", told)
    assert re.search(r"STRATEGY=folded \(an estimated \d+ LUT, one inference every \d+ clocks", told)


def test_a_layer_whose_wires_are_foreseen_to_find_no_way_is_refused_at_once_though_it_fits() -> None:
    network = random_network([784, 32, 4], 1, "BINARY", zeros=0.5)
    capacity = Capacity(lut=58_000, ff=58_000, bram_kbit=3000, block=Ecp5Backend.block_ram)
    start = time.process_time()
    with pytest.raises(TooDenseError, match=r"wires of layer layer0 .* 12,\d+ connections .* up to 11,000") as caught:
        choose_folding(network, clock_hz=25_000_000, target_fps=None, capacity=capacity, strategy="unrolled")
    assert time.process_time() - start < 3
    assert re.search(r"STRATEGY=folded \(an estimated \d+ LUT", str(caught.value))


def test_the_least_is_below_what_sharing_finds() -> None:
    for name in ("ternary on bits", "ternary on bytes", "wide weights"):
        for family in ("ecp5", "zynq_ultrascale"):
            least, found = least_of_layers(NETWORKS[name], family), use_of_layers(NETWORKS[name], 25_000_000, family)
            assert all(0 < least[layer] <= found[layer].lut for layer in least)


def test_a_layer_without_thresholds_in_the_middle_is_refused(tmp_path: Path) -> None:
    # Sums of few values could go on as they are.
    first = DenseLayer("first", 100 * NETWORK.layers[0].weights, "UINT4", "INT32")
    with pytest.raises(ModelError, match="first"):
        generate_core(network_of((first, *NETWORK.layers[1:]), NETWORK.logit_scale), folding(), tmp_path)


def test_the_board_s_own_clock_decides_what_fits() -> None:
    slow, fast = (estimate_unrolled(NETWORK, clock_hz)["ff"] for clock_hz in (25_000_000, 187_000_000))
    assert slow < fast
    capacity = Capacity(lut=10_000, ff=fast - 1, bram_kbit=0, block=Ecp5Backend.block_ram)
    chosen = choose_folding(NETWORK, clock_hz=25_000_000, target_fps=None, capacity=capacity, strategy="unrolled")
    assert chosen.estimate.ff == slow
    with pytest.raises(FitError, match=rf"{fast} FF where {fast - 1} are free"):
        choose_folding(NETWORK, clock_hz=187_000_000, target_fps=None, capacity=capacity, strategy="unrolled")


def test_a_neuron_that_is_a_table_is_estimated_as_one_look_up_table_of_six_inputs_or_four_of_four() -> None:
    network = TABLE_NETWORKS["tables of bits"]
    six, four = (use_of_layers(network, 25_000_000, family)["layer0"].lut for family in ("zynq_7000", "ecp5"))
    # Of the 30 neurons 26 are read, two of them constant or the same as another.
    assert six == round(24 * SERIES_7.mapped)
    assert 3.9 * six < four / ECP5.mapped * SERIES_7.mapped <= 4 * six + 1
    # Gowin's synthesis uses no multiplexers to join them.
    gowin = use_of_layers(network, 25_000_000, "gowin")["layer0"].lut / GOWIN.mapped
    assert 1.4 * four < gowin < 1.5 * four


def test_tables_that_are_too_many_are_told_with_their_layer_and_no_folding_is_promised() -> None:
    network = TABLE_NETWORKS["tables of bits"]
    need = estimate_unrolled(network, 25_000_000)["lut"]

    def refused(lut: int) -> TooDenseError:
        few = Capacity(lut, 10**6, 0, Ecp5Backend.block_ram)
        with pytest.raises(TooDenseError, match=rf"{need} LUT where {lut} are free .* for its layer layer0") as caught:
            choose_folding(network, clock_hz=25_000_000, target_fps=None, capacity=few, strategy="unrolled")
        assert caught.value.free == lut
        return caught.value

    # In whole classes of three.
    assert "take fewer neurons, such as 15 and 6 in place of 30 and 12, or a larger board" in str(
        refused(need // 2 + 1)
    )
    assert "take fewer neurons or a larger board; neurons that are look-up tables are not folded" in str(refused(20))


def test_a_vector_comes_in_several_beats_where_the_rest_of_the_chip_has_no_room_for_one() -> None:
    network, fast = TABLE_NETWORKS["wide"], 25_000_000
    need = estimate_unrolled(network, fast)["lut"]

    def beats(lut: int, fps: float = 1000.0) -> int:
        capacity = Capacity(lut, 10**6, 0, Ecp5Backend.block_ram)
        how = {"clock_hz": fast, "strategy": "unrolled", "beat_bit": 2.0}
        return choose_folding(network, target_fps=fps, capacity=capacity, **how).initiation_interval

    # 96 bits in one beat, or 32 in each of three.
    assert (beats(need + 192), beats(need + 191), beats(need + 64)) == (1, 3, 3)
    with pytest.raises(TooDenseError, match=f"{need} LUT where {need - 1} are free"):
        beats(need + 63)
    with pytest.raises(TooDenseError):
        beats(need + 191, fps=fast / 2)


def test_a_vector_s_registers_count_where_lut_and_flip_flop_are_one_cell() -> None:
    network = TABLE_NETWORKS["wide"]
    estimate = estimate_unrolled(network, 25_000_000)

    def choose(lut: int, ff: int = 10**6) -> Folding:
        capacity = Capacity(estimate["lut"] + lut, ff, 0, Ice40Backend.block_ram)
        how = {"clock_hz": 25_000_000, "target_fps": None, "strategy": "unrolled", "beat_bit": 2.0}
        return choose_folding(network, capacity=capacity, **how)

    # In one beat none waits. In three two wait for the third.
    assert (choose(192).initiation_interval, choose(191).initiation_interval) == (1, 3)
    assert choose(128, estimate["ff"] + 64).estimate.ff == estimate["ff"] + 64
    with pytest.raises(TooDenseError):
        choose(127)
    with pytest.raises(TooDenseError):
        choose(128, estimate["ff"] + 63)


def test_the_folded_generator_names_the_strategy_that_makes_tables() -> None:
    network, much = TABLE_NETWORKS["tables of bits"], Capacity(10**5, 10**6, 0, Ecp5Backend.block_ram)
    with pytest.raises(ModelError, match=r"layer0: its neurons are look-up tables, .* use STRATEGY=unrolled"):
        choose_folding(network, clock_hz=25_000_000, target_fps=None, capacity=much, strategy="folded")
