from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from hls.fold import Capacity, choose_folding
from tests.fast.hls.networks import Shape, random_network
from toolchain.errors import ConfigError, FitError
from toolchain.fpga.families import ecp5, ice40
from toolchain.results.folding import Folding

ULX3S = Capacity(lut=58548, ff=58548, bram_kbit=2620, block=ecp5.Ecp5Backend.block_ram)
UP5K = Capacity(lut=4488, ff=4488, bram_kbit=102, block=ice40.Ice40Backend.block_ram)
NETWORK = random_network(Shape("BINARY", 316, (64, 32, 32, 5)), seed=1)


@cache
def choose(fps: float | None, capacity: Capacity, clock_hz: int, fixed_lut: int = 0) -> Folding:
    return choose_folding(
        NETWORK, clock_hz=clock_hz, target_fps=fps, capacity=capacity, strategy="folded", fixed_lut=fixed_lut
    )


@pytest.mark.parametrize(("fps", "capacity", "clock_hz"), [(1e5, ULX3S, 25_000_000), (1e4, UP5K, 12_000_000)])
def test_rate_is_met_within_the_device(fps: float, capacity: Capacity, clock_hz: int) -> None:
    chosen = choose(fps, capacity, clock_hz)
    assert chosen.fps >= fps
    assert chosen.initiation_interval <= clock_hz / fps
    assert chosen.estimate.lut <= capacity.lut
    assert chosen.estimate.bram * capacity.block.kbit <= capacity.bram_kbit


def test_pe_and_simd_divide_their_layers() -> None:
    for layer, chosen in zip(NETWORK.layers, choose(1e5, ULX3S, 25_000_000).layers, strict=True):
        assert layer.outputs % chosen.pe == 0
        assert layer.inputs % chosen.simd == 0
        assert chosen.cycles == layer.outputs // chosen.pe * (layer.inputs // chosen.simd)


def test_lower_rate_takes_no_more_luts() -> None:
    luts = [choose(fps, ULX3S, 25_000_000).estimate.lut for fps in (1e6, 1e5, 1e4, 1e3)]
    assert luts == sorted(luts, reverse=True)
    assert luts[0] > luts[-1]


def test_fastest_is_faster_than_any_smaller_rate_and_still_fits() -> None:
    fastest = choose(None, UP5K, 12_000_000)
    assert fastest.target_fps is None
    assert fastest.estimate.lut <= UP5K.lut
    with pytest.raises(FitError, match="the best that fits"):
        choose(fastest.fps * 1.001, UP5K, 12_000_000)


def test_out_of_reach_rate_names_the_best() -> None:
    fastest = choose(None, ULX3S, 25_000_000)
    with pytest.raises(FitError, match=rf"the best that fits is {int(fastest.fps)} inferences/s"):
        choose(2e7, ULX3S, 25_000_000)


def test_a_rate_that_nobody_asked_for_gives_way_to_the_fastest_that_fits() -> None:
    given_way = choose_folding(
        NETWORK, clock_hz=12_000_000, target_fps=1e7, capacity=UP5K, strategy="folded", strict=False
    )
    assert given_way == choose(None, UP5K, 12_000_000)


def test_network_that_does_not_fit_says_by_how_much_and_what_to_do() -> None:
    with pytest.raises(FitError, match=r"LUT where 300 are free \(\d+ % over\); its largest layer is \w+ with \d+ LUT"):
        choose(None, replace(ULX3S, lut=400, ff=5000), 25_000_000, fixed_lut=100)


def test_without_block_ram_every_rom_lies_in_logic() -> None:
    chosen = choose(1e3, replace(ULX3S, lut=40000, ff=40000, bram_kbit=0), 27_000_000)
    assert {layer.weight_rom for layer in chosen.layers} == {"logic"}
    assert chosen.estimate.bram == 0


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan")])
def test_impossible_rate_is_refused(fps: float) -> None:
    with pytest.raises(ConfigError, match="FPS="):
        choose(fps, ULX3S, 25_000_000)


def test_unknown_strategy_is_refused() -> None:
    with pytest.raises(ConfigError, match="allowed are folded, unrolled and unrolled-rom"):
        choose_folding(NETWORK, clock_hz=1, target_fps=None, capacity=ULX3S, strategy="spread")
