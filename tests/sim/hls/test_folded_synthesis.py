"""yosys reads the folded core, and the estimate that steers the folding is near what it makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyosys import libyosys

from hls.fold import Capacity, choose_folding
from hls.generate import generate_core
from tests.fast.hls.networks import Shape, random_network
from toolchain.fpga.families import ecp5, ice40

ECP5 = Capacity(lut=20000, ff=20000, bram_kbit=500, block=ecp5.Ecp5Backend.block_ram)
ICE40 = Capacity(lut=5000, ff=5000, bram_kbit=100, block=ice40.Ice40Backend.block_ram)


@pytest.mark.parametrize(
    ("command", "capacity", "shape"),
    [
        ("synth_ecp5 -abc9 -nodsp -nowidelut", ECP5, Shape("BINARY", 48, (24, 16, 5))),
        ("synth_ice40 -abc9", ICE40, Shape("INT4", 12, (16, 4), "int4", 7)),
    ],
)
def test_estimate_is_near_synthesis(
    command: str, capacity: Capacity, shape: Shape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = random_network(shape, seed=1)
    folding = choose_folding(network, clock_hz=12_000_000, target_fps=150_000, capacity=capacity, strategy="folded")
    core = generate_core(network, folding, tmp_path)
    monkeypatch.chdir(tmp_path)
    design = libyosys.Design()
    design.run_pass(f"read_verilog {' '.join(core.sources)}")
    design.run_pass(f"{command} -top {core.top}")
    design.run_pass("tee -q -o stat.json stat -json")
    cells = json.loads((tmp_path / "stat.json").read_text())["design"]["num_cells_by_type"]
    luts = cells.get("LUT4", 0) + 2 * cells.get("CCU2C", 0) + 4 * cells.get("TRELLIS_DPR16X4", 0)
    luts += cells.get("SB_LUT4", 0)
    assert folding.estimate.lut == pytest.approx(luts, rel=0.3)
    assert folding.estimate.bram == cells.get("DP16KD", 0) + cells.get("SB_RAM40_4K", 0)
