"""The estimate of resources against yosys, and the chains that it must not take apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from hls.generate import generate_core
from hls.unrolled import estimate_unrolled
from tests.benchmarks.synthesis import cells_of, synthesise
from tests.doubles.folded import NOTHING
from tests.fast.hls.unrolled.networks import random_network
from toolchain.results.folding import FoldedUse, Folding


@pytest.mark.parametrize(
    ("family", "command", "cells"),
    [
        ("ecp5", "synth_ecp5 -abc9 -nodsp", ["DP16KD"]),
        ("ice40", "synth_ice40 -device u", ["SB_RAM40_4K"]),
        ("gowin", "synth_gowin -family gw1n -nodsp -nowidelut", ["DPB", "DPX9B", "SP", "SPX9", "pROM"]),
        ("zynq_7000", "synth_xilinx -family xc7 -flatten -nodsp -abc9", ["RAMB18E1", "RAMB36E1"]),
        ("zynq_ultrascale", "synth_xilinx -family xcup -flatten -nodsp -abc9", ["RAMB18E2", "RAMB36E2"]),
    ],
)
def test_a_rom_of_neurons_is_one_block_ram(family: str, command: str, cells: list[str], tmp_path: Path) -> None:
    network = random_network([48, 24, 12, 5], 30, "BINARY", zeros=0.6)
    use = FoldedUse(lut=0, ff=0, bram=6)
    core = generate_core(network, Folding("unrolled", (), 1, 25e6, 25_000_000, None, use), tmp_path, family)
    assert core.roms
    found = cells_of("gateweave_core", [tmp_path / name for name in core.sources], command)
    assert sum(found.get(cell, 0) for cell in cells) == len(core.roms)


@pytest.mark.parametrize("family", ["ecp5", "zynq_ultrascale"])
def test_estimate_is_close_to_yosys(family: str, tmp_path: Path) -> None:
    network = random_network([48, 24, 12, 5], 30, "BINARY")
    core = generate_core(network, Folding("unrolled", (), 1, 25e6, 25_000_000, None, NOTHING), tmp_path, family)
    measured = synthesise("gateweave_core", [tmp_path / name for name in core.sources], family)
    estimate = estimate_unrolled(network, 25_000_000, family)
    assert 0.85 < estimate["lut"] / measured.positions < 1.15
    assert 0.8 < estimate["ff"] / measured.ff < 1.25
    if family != "ecp5":
        return
    # Sums share carry chains: were they taken apart, more than half the additions would be LUTs.
    assert measured.ccu2c > 0.2 * measured.positions
