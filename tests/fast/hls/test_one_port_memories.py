"""Line buffers go into large RAMs of one port where a device has such, and block RAMs are left for others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flows.stages.rtl.unit_folding import folding_of, netlist_of
from hls.graph_core import GraphCore, core_of, fit
from hls.memories import Resources
from toolchain.errors import TooLargeError
from toolchain.fpga.families.ecp5 import Ecp5Backend
from toolchain.fpga.families.ice40 import Ice40Backend
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input, Linear, Reduce, Threshold, window
from toolchain.graph.types import TensorType
from toolchain.results.folding import FoldedUnits, read_folding, write_folding

ICE40 = Ice40Backend.block_ram
LIMITS = Resources(lut=20_000, ff=20_000, blocks=30, cells=30_000)


@pytest.fixture(scope="module")
def graph() -> Graph:
    """A convolution and a maximum, both with lines of their own."""
    random, graph = np.random.default_rng(5), Graph()
    graph.add("x", Input(TensorType((16, 16, 4), 0, 15)))
    graph.add("taps", window([3, 3], None, [1, 1]), "x")
    graph.add("sums", Linear(random.integers(-8, 8, (36, 4)), random.integers(-9, 9, 4), 1, 9), "taps")
    graph.add("codes", Threshold(20 * np.arange(15)[None]), "sums")
    graph.add("pairs", window([2, 2], [2, 2]), "codes")
    graph.end("most", graph.add("most", Reduce("max", 4), "pairs"))
    return graph


def large(core: GraphCore) -> list[str]:
    return [unit.name for unit in core.netlist.units if unit.needs.one_port]


def test_as_many_line_buffers_as_there_are_large_rams(graph: Graph) -> None:
    without = core_of(graph, LIMITS, None, ICE40)
    core = core_of(graph, replace(LIMITS, one_port=1), None, ICE40)
    assert not large(without) and without.resources.one_port == 0
    assert len(large(core)) == core.resources.one_port == 1
    assert core.resources.blocks < without.resources.blocks
    assert core.tokens.interval <= core.netlist.interval * 9 / 8


def test_a_device_without_such_rams_keeps_its_line_buffers_in_block_ram(graph: Graph) -> None:
    core = core_of(graph, replace(LIMITS, cells=0, one_port=4), None, Ecp5Backend.block_ram)
    assert not large(core)


def test_what_fits_with_large_rams_alone(graph: Graph) -> None:
    core = fit(graph, replace(LIMITS, blocks=0, one_port=2), 10**6, ICE40)
    assert (core.resources.blocks, core.resources.one_port) == (0, 2)
    with pytest.raises(TooLargeError, match="2 block RAMs where 0 are free"):
        fit(graph, replace(LIMITS, blocks=0), 10**6, ICE40)


def test_the_file_of_a_folding_tells_them(tmp_path: Path, graph: Graph) -> None:
    core = core_of(graph, replace(LIMITS, one_port=2), None, ICE40)
    write_folding(tmp_path, folding_of(core.graph, core, 12_000_000, None))
    folding = read_folding(tmp_path)
    assert isinstance(folding, FoldedUnits)
    assert [unit.parameters for unit in netlist_of(core.graph, folding).units] == [
        unit.parameters for unit in core.netlist.units
    ]
    assert folding.one_port == tuple(large(core)) != ()
