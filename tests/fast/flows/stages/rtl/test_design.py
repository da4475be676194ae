"""Which core a network gets: generators of chains of dense layers, or units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flows.stages.context import Context
from flows.stages.rtl.dense_design import DenseDesign
from flows.stages.rtl.design import choose_for, design_of
from flows.stages.rtl.graph_design import GraphDesign
from hls.chip import LINK_COST
from tests.fast.hls.networks import Shape, random_network
from tests.fast.toolchain.fabricated import record
from toolchain.graph.dense import DenseLayer, DenseNetwork, network_of
from toolchain.graph.file.store import save_graph
from toolchain.layout import Layout, Request
from toolchain.results.facts import FoldFacts
from toolchain.results.record import write_record

TERNARY = Shape("UINT4", 32, (32, 4))
WIDE = Shape("UINT8", 64, (64, 4), "int4", 7)
SMALL = Shape("UINT8", 8, (8, 4), "int4", 7)
BLOCKS = {"lut": 1, "ff": 1, "bram": 1, "dsp": 1}
HEAD = {"initiation_interval": 8, "fps": 1.0, "clock_hz": 1, "target_fps": None}
FOLDINGS = {
    "folded": {"strategy": "folded", "layers": [], **HEAD, "estimate": {"lut": 1, "ff": 1, "bram": 1}},
    "units": {
        "strategy": "units",
        "stages": [],
        "fifos": [],
        "latency_cycles": 9,
        **HEAD,
        "estimate": BLOCKS,
        "small_ram": "distributed",
    },
}


def context(folder: Path, strategy: str = "folded", fps: float | str | None = None) -> Context:
    layout = Layout(Request("ulx3s", "cqmlp", strategy=strategy, fps=fps), folder)
    return Context("fold", layout.request, layout, folder)


@pytest.mark.parametrize(("shape", "strategy"), [(TERNARY, "folded"), (SMALL, "unrolled")])
def test_narrow_weights_and_unrolled_cores_have_generators_of_their_own(
    tmp_path: Path, shape: Shape, strategy: str
) -> None:
    network = random_network(shape, 1)
    assert isinstance(choose_for(context(tmp_path, strategy), network.graph, LINK_COST), DenseDesign)


def test_wide_weights_go_by_units_where_those_take_fewer_luts(tmp_path: Path) -> None:
    network, build = random_network(WIDE, 1), context(tmp_path)
    design = choose_for(build, network.graph, LINK_COST)
    assert isinstance(design, GraphDesign)
    assert design.rank(build, LINK_COST) < DenseDesign(network).rank(build, LINK_COST)
    # The chip answers with the scores, which tell the class.
    assert [end.node for end in design.graph.outputs] == [network.outputs[-1]]


def test_weights_that_the_generators_refuse_go_by_units(tmp_path: Path) -> None:
    wide = network_of([DenseLayer("fc", np.array([[300, -300], [5, 7]]), "UINT4")])
    assert isinstance(choose_for(context(tmp_path), wide.graph, LINK_COST), GraphDesign)


@pytest.mark.parametrize(("strategy", "kind"), [("folded", DenseDesign), ("units", GraphDesign)])
def test_later_stages_take_what_was_folded(tmp_path: Path, strategy: str, kind: type) -> None:
    build, network = context(tmp_path), random_network(TERNARY, 1)
    _write(build, network, strategy)
    assert isinstance(design_of(build), kind)


def _write(build: Context, network: DenseNetwork, strategy: str) -> None:
    """What the stages before wrote."""
    facts = FoldFacts.model_validate({"estimate": {"of": "chip", **BLOCKS}, "folding": FOLDINGS[strategy]})
    for stage in ("streamline", "fold"):
        build.layout.stage(stage).mkdir(parents=True)
        build.layout.record(stage).parent.mkdir(parents=True, exist_ok=True)
    save_graph(network.graph, build.layout.stage("streamline") / "integer.onnx")
    write_record(build.layout.record("fold"), record("fold", facts=facts))
