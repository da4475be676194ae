"""Cells of AMD's devices against what stands for them in simulation: proved equal, with the cells' own models."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RTL = Path(__file__).resolve().parents[4] / "hls" / "rtl"

_PROVE = """
import sys
from pyosys import libyosys
source, module, parameters = sys.argv[1:]
design = libyosys.Design()

def run(*passes):
    for one in passes:
        libyosys.run_pass(one, design)

def read(name, *sources):
    run(*(f"read_verilog {source}" for source in sources), f"hierarchy -top {module} {parameters}")
    run(f"rename -top {name}", "proc", "flatten", "opt_clean", f"design -stash {name}")

read("plain", f"-nosynthesis {source}")
read("cells", source, "+/xilinx/cells_sim.v")
run("design -copy-from plain plain", "design -copy-from cells cells", "miter -equiv -flatten plain cells both")
run("hierarchy -top both", "sat -verify -prove trigger 0 both")
"""


@pytest.mark.parametrize(
    ("module", "parameters"),
    [
        ("lut_pair", "-chparam INIT 64'hFEDCBA9812345678"),
        *(("carry_places", f"-chparam PLACES {places}") for places in (1, 4, 11)),
    ],
)
def test_the_model_is_the_cell(module: str, parameters: str) -> None:
    command = [sys.executable, "-c", _PROVE, str(RTL / f"{module}.v"), module, parameters]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
