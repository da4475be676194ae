"""The clocks that cores are reckoned and laid out for."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.stages.context import Context
from flows.stages.rtl.dense_design import DenseDesign
from flows.stages.rtl.design import choose_for
from flows.stages.rtl.graph_design import GraphDesign
from hls.chip import LINK_COST
from tests.fast.flows.stages.rtl.test_design import TERNARY, context
from tests.fast.hls.networks import random_network
from tests.fast.hls.unrolled.networks import random_network as random_chain
from toolchain.errors import FitError
from toolchain.graph.dense import network_of
from toolchain.layout import Layout, Request
from toolchain.results.folding import write_folding


def test_units_count_on_the_slowest_clock_that_suffices(tmp_path: Path) -> None:
    design = GraphDesign(random_network(TERNARY, 1).graph)

    def clock(fps: float | None) -> float:
        return design.reckon(context(tmp_path, fps=fps), LINK_COST).clock_mhz

    assert clock(None) == clock(1e6) == 25
    fastest = design.must_fit(context(tmp_path, fps="max"), LINK_COST).netlist.interval
    assert clock(80e6 / fastest) == 87.5
    with pytest.raises(FitError, match="clocks an inference are out of reach; the best that fits is"):
        clock(101e6 / fastest)
    with pytest.raises(FitError, match=r"^0 clocks an inference are out of reach"):
        clock(1e9)


def test_a_layer_too_dense_to_unroll_is_folded_and_told(tmp_path: Path) -> None:
    layout = Layout(Request("icebreaker", "cqmlp", strategy="unrolled"), tmp_path)
    build = Context("fold", layout.request, layout, tmp_path)
    dense, sparse = (random_chain([64, 48, 16, 4], 1, "BINARY", zeros=zeros).layers for zeros in (0.4, 0.8))
    network = network_of((dense[0], *sparse[1:]))
    design = choose_for(build, network.graph, LINK_COST)
    assert isinstance(design, GraphDesign)
    facts, words = design.fold(build, LINK_COST)
    (folded,) = facts.estimate.too_dense
    assert folded.tensor == "layer0" and folded.lut > 2_000
    assert f"unrolled but what is too dense for the board: layer0 (unrolled an estimated {folded.lut:,} LUT)" in words
    options = {use.name: use.option for use in design.reckon(build, LINK_COST).layers}
    assert options["layer0"].startswith("PE") and options["layer1"] == options["layer2"] == "unrolled"


def test_a_folded_layer_keeps_the_pace_of_the_unrolled_ones_where_nobody_asks_for_a_rate(tmp_path: Path) -> None:
    graph = random_chain([784, 32, 32, 4], 1, "BINARY", zeros=0.5).graph

    def interval(fps: float | None) -> int:
        build = context(tmp_path, "unrolled", fps)
        design = choose_for(build, graph, LINK_COST)
        assert isinstance(design, GraphDesign) and design.wish is not None
        return design.must_fit(build, LINK_COST).folded.interval

    # The others take 784 bits in beats of 28.
    assert interval(None) == 28
    assert 200 < interval(100_000) <= 250


def test_an_unrolled_core_has_the_registers_that_its_clock_asks_for(tmp_path: Path) -> None:
    """The folding counted on the crystal's clock; the chip may get another one of the PLL."""
    build, design = context(tmp_path, "unrolled", 1e6), DenseDesign(random_network(TERNARY, 1))
    build.layout.stage("fold").mkdir(parents=True)
    write_folding(build.layout.stage("fold"), design.must_fit(build, LINK_COST))

    def registers(mhz: int) -> int:
        rtl = tmp_path / str(mhz)
        core = design.generate(build, rtl, mhz * 1_000_000)
        return sum((rtl / name).read_text().count("reg ") for name in core.sources)

    assert registers(25) < registers(50) < registers(100)
