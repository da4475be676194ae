"""Cores of whole networks: the MLPerf Tiny files, and random graphs, simulated in Verilator.

Run with ``make bench``. Rates are of simulated clocks at an assumed 60 MHz, resources are estimated; nothing here is
placed and routed.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from hls.graph_core import core_of
from hls.memories import Resources
from tests.sim.conftest import parsed_once
from tests.sim.hls.graphs import run_core, values_of
from tests.sim.hls.random_graphs import must_be_equal
from toolchain.fpga.families.ecp5 import Ecp5Backend
from toolchain.graph.readers.tflite.reader import read_tflite

FILES = Path(__file__).parents[3] / "shared" / "data" / "tflite" / "mlperf-tiny"
CLOCK_HZ = 60_000_000
# 80 % of an LFE5U-85F.
LIMITS = Resources(lut=67_000, ff=67_000, blocks=166, dsp=124)
RANDOM_GRAPHS = 300


@pytest.mark.parametrize(
    ("file", "rate"),
    [
        ("kws_ref_model.tflite", 3100),
        ("pretrainedResnet_quant.tflite", 500),
        ("vww_96_int8.tflite", 110),
        ("ad01_int8.tflite", 10_000),
    ],
)
def test_an_mlperf_tiny_network(tmp_path: Path, file: str, rate: int) -> None:
    if not (FILES / file).is_file():
        pytest.skip(f"{FILES / file} is absent")
    graph = read_tflite(FILES / file).graph
    started = time.perf_counter()
    core = core_of(graph, LIMITS, None if rate > CLOCK_HZ else CLOCK_HZ // rate, Ecp5Backend.block_ram)
    seconds = time.perf_counter() - started
    x = values_of(graph, np.random.default_rng(0), 6)
    run = run_core(core.netlist, graph, x, tmp_path, optimise=True)
    print(
        f"\n{file}: {len(core.netlist.units)} units, folded in {seconds:.0f} s, {core.tokens.interval:,.0f} clocks "
        f"({CLOCK_HZ / core.tokens.interval:,.0f}/s at {CLOCK_HZ / 1e6:g} MHz, simulated), estimated "
        f"{core.resources}; {run.equal} of {run.compared} vectors equal in every tensor"
    )
    assert run.first_difference is None
    assert (run.latency_cycles, run.greatest) == (core.tokens.latency, core.tokens.peaks)


def test_random_graphs_under_back_pressure(tmp_path: Path) -> None:
    with parsed_once(tmp_path / "headers"):
        for seed in range(RANDOM_GRAPHS):
            folder = tmp_path / str(seed)
            must_be_equal(seed, folder)
            # A simulator is a megabyte, with its Verilog.
            shutil.rmtree(folder)
    print(f"\n{RANDOM_GRAPHS} random graphs: every tensor equal with pauses and without, clocks and FIFOs as told")
