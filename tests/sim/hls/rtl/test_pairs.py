"""Cells of devices against what stands for them in simulation: proved equal, with the cells' own models."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RTL = Path(__file__).resolve().parents[4] / "hls" / "rtl"

_PROVE = """
import sys
from pyosys import libyosys
source, module, parameters, models = sys.argv[1:]
design = libyosys.Design()

def run(*passes):
    for one in passes:
        libyosys.run_pass(one, design)

def read(name, *sources):
    run(*(f"read_verilog {source}" for source in sources), f"hierarchy -top {module} {parameters}")
    run(f"rename -top {name}", "proc", "flatten", "opt_clean", f"design -stash {name}")

read("plain", f"-nosynthesis {source}")
read("cells", source, models)
run("design -copy-from plain plain", "design -copy-from cells cells", "miter -equiv -flatten plain cells both")
run("hierarchy -top both", "sat -verify -prove trigger 0 both")
"""


XILINX, ECP5 = "+/xilinx/cells_sim.v", "-overwrite +/ecp5/cells_sim.v"
# A pair and a bit; what the pair moves up and a bit; what a trio moves up.
PLACES = "-chparam PLACES 3 -chparam INIT 48'h78889666A6E8"


@pytest.mark.parametrize(
    ("module", "parameters", "models"),
    [
        ("lut_pair", "-chparam INIT 64'hFEDCBA9812345678", XILINX),
        *(("carry_places", f"-chparam PLACES {places}", XILINX) for places in (1, 4, 11)),
        ("lut_single", "-chparam INIT 16'hCA53", ECP5),
        ("carry_luts", "-chparam PLACES 1 -chparam INIT 16'h000A", ECP5),
        ("carry_luts", PLACES, ECP5),
        ("carry_luts", "-chparam PLACES 4 -chparam INIT 64'hFEDCBA9812345678", ECP5),
    ],
)
def test_the_model_is_the_cell(module: str, parameters: str, models: str) -> None:
    command = [sys.executable, "-c", _PROVE, str(RTL / f"{module}.v"), module, parameters, models]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
