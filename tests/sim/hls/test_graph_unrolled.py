"""A chain of which one layer is too dense to unroll: that one is folded, the others are wiring, all answers equal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hls.graph_core import Fitted, finished, fit
from hls.graph_unrolled import OPTION, Wish, unrolled_where_it_fits
from hls.memories import Resources
from tests.fast.hls.unrolled.networks import random_network
from tests.sim.hls.graphs import run_core, values_of
from toolchain.errors import TooLargeError
from toolchain.fpga.families.ecp5 import Ecp5Backend
from toolchain.graph.dense import network_of
from toolchain.graph.graph import Graph, with_outputs
from toolchain.graph.labelled import scores_of

BLOCK = Ecp5Backend.block_ram
INTERVAL = 400


def _chain() -> Graph:
    """The middle layer is the dense one."""
    sizes = [24, 20, 24, 4]
    sparse, dense = (random_network(sizes, 3, "BINARY", zeros=zeros).layers for zeros in (0.75, 0.0))
    graph = network_of((sparse[0], dense[1], sparse[2])).graph
    return with_outputs(graph, scores_of(graph) or graph.outputs)


GRAPH = _chain()


def made(wish: Wish, lut: float) -> Fitted:
    return fit(GRAPH, Resources(lut, 20_000, 20, 0), INTERVAL, BLOCK, wish=wish)


def test_the_dense_layer_is_folded_and_every_element_equal(tmp_path: Path) -> None:
    whole = made(Wish(), 20_000)
    room = whole.resources.lut - 200
    fitted, wish = unrolled_where_it_fits(GRAPH, lambda wish: made(wish, room))
    assert [each.tensor for each in wish.dense] == ["layer1"]
    options = {name: option.name for name, option in fitted.folded.options.items() if name.startswith("layer")}
    assert (options.pop("layer1").startswith("PE"), set(options.values())) == (True, {OPTION})
    core = finished(fitted, Resources(room, 20_000, 20, 0), INTERVAL, BLOCK)
    x = values_of(core.graph, np.random.default_rng(0), 200)
    run = run_core(core.netlist, core.graph, x, tmp_path)
    assert (run.compared, run.equal, run.first_difference) == (200, 200, None)
    assert run.initiation_interval == core.tokens.interval <= INTERVAL


def test_all_are_unrolled_where_there_is_room_and_none_fit_where_there_is_none() -> None:
    fitted, wish = unrolled_where_it_fits(GRAPH, lambda wish: made(wish, 20_000))
    assert not wish.dense
    assert [o.name for name, o in fitted.folded.options.items() if name.startswith("layer")] == 3 * [OPTION]
    with pytest.raises(TooLargeError):
        unrolled_where_it_fits(GRAPH, lambda wish: made(wish, 10))
