"""FINN's Verilog of chains with images equals the integer graph at every layer, with and without back-pressure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from flows.stages.finn.core import expected, stream_core
from hls.simulate_stream import simulate_stream
from tests.fast.toolchain.finn import images
from tests.fast.toolchain.finn.images import Images
from tests.sim.finn.networks import PYNQ, RESOURCES, ZCU104
from toolchain.finn.execute import run_python
from toolchain.finn.generate import generate_rtl
from toolchain.finn.mapping import Mapped, MapTarget, map_network
from toolchain.finn.stitch import stitch
from toolchain.fpga.xilinx import synthesise
from toolchain.results.core import StitchedCore

VECTORS = 20
# Slow and small, in part, and as fast as fits: other lanes, other widths between the layers.
FOLDINGS = {"slow": (ZCU104, 1e5), "fast": (PYNQ, None)}
NETWORKS = (images.small, images.as_tflite_has_it, images.of_rows, images.of_other_windows)
CASES = [(images.small, "slow"), *((make, "fast") for make in NETWORKS), (images.as_tflite_has_it, "slow")]


@dataclass(frozen=True)
class Made:
    """A chain on its way to Verilog."""

    images: Images
    part: str
    mapped: Mapped
    core: StitchedCore
    rtl: Path


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0].__name__}-{case[1]}")
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    make: Callable[[], Images] = request.param[0]
    part, fps = FOLDINGS[request.param[1]]
    made, folder = make(), tmp_path_factory.mktemp("images")
    target = MapTarget(part, RESOURCES, 100.0, fps, 0.5)
    mapped = map_network(made.graph, target, folder / "map", folder / "finn", print)
    core = stitch(generate_rtl(mapped.model, part, 10.0, folder / "generate", print), folder / "rtl")
    return Made(made, part, mapped, core, folder / "rtl")


def test_every_element_of_every_layer_equals_the_integer_graph(made: Made, tmp_path: Path) -> None:
    x, core = made.images.inputs(VECTORS), stream_core(made.core)
    for seed in (None, 1, 2):
        found = simulate_stream(
            core, made.rtl, x, expected(made.images.graph, x), tmp_path, backpressure_seed=seed, optimise=False
        )
        assert (found.equal, found.first_difference) == (VECTORS, None)
        if seed is None:
            assert found.initiation_interval <= 1.01 * made.mapped.facts.initiation_interval


def test_finns_own_execution_equals_the_integer_graph(made: Made, tmp_path: Path) -> None:
    x = made.images.inputs(VECTORS)
    *_, right = expected(made.images.graph, x)
    assert np.array_equal(run_python(made.mapped.model, x, tmp_path), right)


def test_synthesis_counts_what_the_sources_instantiate(made: Made, tmp_path: Path) -> None:
    if made.images.graph.types["x"].shape != (8, 8, 2) or made.part != ZCU104:
        pytest.skip("one network is synthesised, for one family")
    sources = [made.rtl / name for name in made.core.sources]
    result = synthesise("zynq_ultrascale", made.core.top, sources, made.rtl, tmp_path, system_verilog=True)
    used, estimated = result.resources, made.mapped.facts.estimate
    assert used.dsp == estimated.dsp
    assert (used.lut, used.ff) == pytest.approx((estimated.lut, estimated.ff), rel=0.4)
