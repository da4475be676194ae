"""Convolutions that run whole where the processor can: the interpreter's integers, by any window and to any byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fast.toolchain.kernels.networks import CONVOLUTIONS, convolution, feeds_of, must_agree
from toolchain.graph.graph import Graph
from toolchain.kernels.compiled import PORTABLE, CompiledNetwork
from toolchain.kernels.generate import c_source

NATIVE = ("-O1", "-march=native")


@pytest.mark.parametrize("name", CONVOLUTIONS)
@pytest.mark.parametrize("flags", [NATIVE, (*NATIVE, PORTABLE), ("-O1", "-mavx2")])
def test_convolutions_of_bytes(name: str, flags: tuple[str, ...], tmp_path: Path) -> None:
    graph = CONVOLUTIONS[name]
    network = CompiledNetwork(graph, tmp_path, flags)
    text = network.source.source
    assert ("depthwise(&" in text) if name.startswith("a channel each") else ("layer_rows(&" in text)
    must_agree(graph, feeds_of(graph, 5, 12), network)


@pytest.mark.parametrize(
    "graph",
    [
        convolution((9, 9, 8), 9, kernel=(3, 3), dilation=(2, 2)),
        convolution((6, 9, 6), 0, stride=(1, 2)),
        convolution((1, 1, 8), 9, kernel=None),
        convolution((2, 3, 7), 9, kernel=None),
    ],
)
def test_what_does_not_lie_in_lines_of_words_goes_row_by_row(graph: Graph, tmp_path: Path) -> None:
    network = CompiledNetwork(graph, tmp_path, NATIVE)
    assert "layer_rows(&" not in network.source.source and "depthwise(&" not in network.source.source
    must_agree(graph, feeds_of(graph, 5, 12), network)


def test_where_memory_is_scarce_nothing_is_copied() -> None:
    graph = CONVOLUTIONS["several blocks"]
    assert "bordered" not in c_source(graph).source and c_source(graph).memory.size < c_source(graph, 8).memory.size
