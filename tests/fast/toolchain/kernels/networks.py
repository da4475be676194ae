"""Inputs of networks, and what their C must give."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from toolchain.graph.execute import run
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input, Linear, Threshold, window
from toolchain.graph.types import Integers, TensorType
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


def bytes_by_bytes(low: int) -> Graph:
    """A convolution up to the least and greatest byte, rows that fill no register, and more outputs than one holds."""
    random, graph = np.random.default_rng(2), Graph()
    graph.add("x", Input(TensorType((3, 5, 19), low, 255 if low == 0 else 127)))
    graph.add("window", window((3, 2), stride=(1, 2), before=(1, 0), after=(1, 0), fill=low), "x")
    weights = random.choice([-128, 127, -1, 0, 55], (114, 21))
    weights[:, 0], weights[:, 1] = -128, 127
    graph.add("sums", Linear(weights, random.integers(-9999, 9999, 21), taps=6), "window")
    graph.add("codes", Threshold(np.sort(random.integers(-(2**19), 2**19, (21, 60))), least=-128), "sums")
    graph.end("y", "codes")
    return graph
