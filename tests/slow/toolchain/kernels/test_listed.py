"""Products whose zeros are left out: the interpreter's integers, of few values and of many, to any input's type."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fast.toolchain.kernels.networks import feeds_of, mostly_zeros, must_agree
from toolchain.graph.graph import Graph
from toolchain.kernels.compiled import PORTABLE, CompiledNetwork
from toolchain.kernels.generate import c_source
from toolchain.kernels.ways import LISTED, Ways

_FEW, _MANY = (1, -1, 2), tuple(range(1, 128))
_LISTED = {
    "few values": mostly_zeros(_FEW),
    "many values": mostly_zeros(_MANY),
    "wide inputs": mostly_zeros((1,), high=4095),
    "inputs without a sign": mostly_zeros((-128, *_MANY), low=0, high=9),
}
_NOT_LISTED = {
    "many of few values": mostly_zeros(_FEW, share=0.8),
    "many of many values": mostly_zeros(_MANY, share=0.6),
    "zeros alone": mostly_zeros((0,)),
    "sums of 64 bits": mostly_zeros(_MANY, high=2**26),
}


@pytest.mark.parametrize("graph", _LISTED.values(), ids=_LISTED)
def test_lists_of_places(graph: Graph, tmp_path: Path) -> None:
    network = CompiledNetwork(graph, tmp_path, ("-O1",), ways=Ways({"sums": LISTED}))
    assert network.source.ways["sums"] == LISTED
    must_agree(graph, feeds_of(graph, 1, 20), network)


def test_a_processor_of_single_products_takes_them_unasked(tmp_path: Path) -> None:
    graph = mostly_zeros(_FEW)
    network = CompiledNetwork(graph, tmp_path, ("-O1", PORTABLE, "-DMODEL_SCALAR"))
    assert "#if defined(MODEL_SCALAR)" in network.source.source
    must_agree(graph, feeds_of(graph, 1, 20), network)


@pytest.mark.parametrize("graph", _NOT_LISTED.values(), ids=_NOT_LISTED)
def test_where_lists_win_nothing_there_are_none(graph: Graph) -> None:
    assert c_source(graph, ways=Ways({"sums": LISTED})).ways["sums"] != LISTED
