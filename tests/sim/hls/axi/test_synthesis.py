"""yosys reads the AXI chip as plain Verilog and finds no latch, no loop and no wire with two drivers."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyosys import libyosys

from tests.sim.hls.axi.shapes import SHAPES


@pytest.mark.parametrize("name", ["slow", "wide"])
def test_yosys_accepts_the_chip(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, sources = SHAPES[name].generate(tmp_path)
    monkeypatch.chdir(tmp_path)
    design = libyosys.Design()
    design.run_pass(f"read_verilog -defer {' '.join(path.name for path in sources)}")
    design.run_pass("hierarchy -check -top axi_chip")
    design.run_pass("proc")
    design.run_pass("flatten")
    design.run_pass("opt_clean")
    design.run_pass("check -assert")
    design.run_pass("select -assert-none t:$dlatch t:$adlatch")
