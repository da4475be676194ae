"""Every form of a graph in Verilator: each answers as the graph itself does, element by element."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hls.fifo_depths import with_depths
from hls.graph_forms import forms_of
from tests.sim.hls.branches import branched, values
from tests.sim.hls.graphs import netlist_of, run_core
from toolchain.graph.execute import run_one


@pytest.mark.parametrize("form", [0, 1], ids=["apart", "joined"])
def test_branches_side_by_side(tmp_path: Path, form: int) -> None:
    graph, random = branched(2), np.random.default_rng(form)
    made, x = forms_of(graph)[form], values(graph)
    (end,), (own,) = graph.outputs, made.outputs
    assert np.array_equal(run_one(graph, x, [end.node])[end.node], run_one(made, x, [own.node])[own.node])

    netlist, told = with_depths(netlist_of(made, random).made_of("registers"), blocks=True)
    run = run_core(netlist, made, x, tmp_path, seed=7)
    assert run.first_difference is None
    assert run_core(netlist, made, x, tmp_path).initiation_interval == told.interval
