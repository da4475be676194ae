"""A folding of a graph as plain data gives the same netlist again, and another graph's is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flows.stages.rtl.unit_folding import folding_of, netlist_of
from hls.graph_core import GraphCore, core_of
from hls.memories import Resources
from tests.sim.hls.graphs import Growing
from toolchain.errors import BuildError
from toolchain.fpga.families.ecp5 import Ecp5Backend
from toolchain.graph.graph import Graph
from toolchain.results.folding import FoldedUnits, read_folding, write_folding
from toolchain.results.model import AnyRecord

LIMITS = Resources(lut=20_000, ff=20_000, blocks=50, dsp=20)


@pytest.fixture(scope="module")
def graph() -> Graph:
    growing = Growing(np.random.default_rng(5), (4, 48, 2), -8, 7)
    growing.residual()
    return growing.end()


@pytest.fixture(scope="module")
def core(graph: Graph) -> GraphCore:
    return core_of(graph, LIMITS, None, Ecp5Backend.block_ram)


@pytest.fixture
def folding(graph: Graph, core: GraphCore) -> FoldedUnits:
    return folding_of(graph, core, 25_000_000, None)


def test_the_netlist_comes_back_from_the_file(
    tmp_path: Path, graph: Graph, core: GraphCore, folding: FoldedUnits
) -> None:
    write_folding(tmp_path, folding)
    read = read_folding(tmp_path)
    assert isinstance(read, FoldedUnits)
    again = netlist_of(graph, read)
    assert again.fifos == core.netlist.fifos
    assert [(unit.name, unit.module, unit.parameters) for unit in again.units] == [
        (unit.name, unit.module, unit.parameters) for unit in core.netlist.units
    ]


def test_figures_are_those_of_the_tokens(core: GraphCore, folding: FoldedUnits) -> None:
    assert (folding.initiation_interval, folding.latency_cycles) == (core.tokens.interval, core.tokens.latency)
    assert folding.fps == pytest.approx(25e6 / core.tokens.interval)
    fifos = {(fifo.source, fifo.sink) for fifo in folding.fifos}
    assert ("input", folding.stages[0].tensor) in fifos
    assert (folding.stages[-1].tensor, "output") in fifos
    # Of the whole core, not of its stages alone.
    assert folding.estimate.lut == round(core.resources.lut) > core.folded.resources.lut


def _with(record: AnyRecord, **fields: object) -> AnyRecord:
    return record.model_copy(update=fields)


def test_another_graph_s_folding_is_refused(graph: Graph, folding: FoldedUnits) -> None:
    stage, *rest = folding.stages
    with pytest.raises(BuildError, match="its stages are not those of the network"):
        netlist_of(graph, _with(folding, stages=tuple(rest)))
    with pytest.raises(BuildError, match=f"{stage.tensor}: no option 'PE 0'; build again from the fold stage"):
        netlist_of(graph, _with(folding, stages=(_with(stage, option="PE 0"), *rest)))
    with pytest.raises(BuildError, match="its FIFOs are not those of the network"):
        netlist_of(graph, _with(folding, fifos=(_with(folding.fifos[0], sink="there"), *folding.fifos[1:])))
