"""Graphs of branches side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.graph import Graph
from toolchain.graph.ops import Concat, Input, Linear, Reduce, Reshape, Threshold, dense
from toolchain.graph.ops.moves import window
from toolchain.graph.types import TensorType


def values(graph: Graph, vectors: int = 8) -> NDArray[np.int64]:
    """Inputs over the whole range."""
    kind = graph.types[graph.sole_input]
    return np.random.default_rng(1).integers(kind.element.low, kind.element.high + 1, (vectors, *kind.shape))


def branched(
    branches: int,
    *,
    flat: bool = True,
    outputs: tuple[int, ...] = (4,),
    levels: tuple[int, ...] = (15,),
    strides: tuple[int, ...] = (1,),
    groups: int = 1,
    seen: bool = False,
    taken: bool = False,
) -> Graph:
    """Branches of convolution, thresholds, convolution and a maximum, joined and followed by a product.

    Args:
        flat: whether their features are one axis where they meet.
        outputs, levels, strides: of the first convolution of each branch, in turn.
        groups: of the first convolution.
        seen: whether the middle of a branch is an output, too; `taken`: whether something else takes it.
    """
    random, graph = np.random.default_rng(branches), Graph()
    graph.add("x", Input(TensorType((6, 6, 2), 0, 15)))
    ends = []
    for i in range(branches):
        pick = {"outputs": outputs, "levels": levels, "strides": strides}
        own = {name: some[i % len(some)] for name, some in pick.items()}
        step, size = own["strides"], own["outputs"]
        graph.add(f"window{i}", window([3, 3], [step, step], [1, 1]), "x")
        first = Linear(random.integers(-8, 8, (18 // groups, size)), random.integers(-9, 9, size), groups, 9)
        graph.add(f"conv{i}", first, f"window{i}")
        rows = np.arange(own["levels"])[None] * 20 + 3 * i
        graph.add(f"quant{i}", Threshold(rows), f"conv{i}")
        graph.add(f"second window{i}", window([2, 2]), f"quant{i}")
        graph.add(f"second{i}", Linear(random.integers(-8, 8, (4 * size, 3)), np.arange(3), 1, 4), f"second window{i}")
        graph.add(f"pool window{i}", window([2, 2], [2, 2]), f"second{i}")
        ends.append(graph.add(f"pool{i}", Reduce("max", 4), f"pool window{i}"))
        if flat:
            ends[-1] = graph.add(f"flat{i}", Reshape((graph.types[ends[-1]].size,)), ends[-1])
    both = graph.add("both", Concat(), *ends)
    if taken:
        both = graph.add("more", Concat(), both, ends[0])
    product = dense(random.integers(-8, 8, (graph.types[both].channels, 5)))
    graph.end("scores", graph.add("scores", product, both))
    if seen:
        graph.end("seen", "quant0")
    return graph
