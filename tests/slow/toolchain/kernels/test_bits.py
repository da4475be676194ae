"""Products of bits by -1, 0 and 1 are counted, and are the interpreter's; others are not counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.kernels.networks import feeds_of, must_agree
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input, Linear
from toolchain.graph.types import TensorType
from toolchain.kernels.compiled import PORTABLE, CompiledNetwork
from toolchain.kernels.generate import c_source


def _dense(inputs: int, outputs: int, *, most: int = 1, high: int = 1, rows: int = 3) -> Graph:
    """Some rows, so that they stay rows and are not taken together; sums are as large as they can be in two outputs."""
    random, graph = np.random.default_rng(inputs), Graph()
    graph.add("x", Input(TensorType((rows, inputs), 0, high)))
    weights = random.integers(-most, most + 1, (inputs, outputs))
    weights[:, 0], weights[:, -1] = -most, most
    graph.add("y", Linear(weights, random.integers(-99999, 99999, outputs)), "x")
    graph.end("y", "y")
    return graph


@pytest.mark.parametrize(("inputs", "outputs"), [(48, 8), (64, 5), (65, 9), (183, 128), (1024, 16)])
@pytest.mark.parametrize("flags", [("-O1", "-march=native"), ("-O1", "-march=native", PORTABLE)])
def test_bits_by_signs(inputs: int, outputs: int, flags: tuple[str, ...], tmp_path: Path) -> None:
    graph = _dense(inputs, outputs)
    network = CompiledNetwork(graph, tmp_path, flags)
    assert "counted(x0" in network.source.source
    must_agree(graph, feeds_of(graph, 7, 40), network)


@pytest.mark.parametrize("graph", [_dense(47, 8), _dense(1025, 8), _dense(64, 8, most=2), _dense(64, 8, high=2)])
def test_what_is_not_counted(graph: Graph) -> None:
    assert "counted(" not in c_source(graph, 8).source
