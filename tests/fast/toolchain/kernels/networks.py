"""Inputs of networks, and what their C must give."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from toolchain.graph.execute import run
from toolchain.graph.graph import Graph
from toolchain.graph.types import Integers
from toolchain.kernels.compiled import CompiledNetwork


def feeds_of(graph: Graph, seed: int, vectors: int) -> dict[str, Integers]:
    """Values over the whole range of each input, both ends of it first."""
    random = np.random.default_rng(seed)
    feeds = {}
    for name in graph.inputs:
        kind = graph.types[name]
        step = kind.element.step
        values = kind.low + step * random.integers(0, (kind.high - kind.low) // step + 1, (vectors, *kind.shape))
        values[0], values[1] = kind.low, kind.high
        feeds[name] = values
    return feeds


def must_agree(graph: Graph, feeds: Mapping[str, Integers], network: CompiledNetwork) -> None:
    """Every element of every output is the interpreter's."""
    found, expected = network.run(feeds), run(graph, feeds)
    for output in graph.outputs:
        np.testing.assert_array_equal(found[output.name], expected[output.node], err_msg=output.name)
