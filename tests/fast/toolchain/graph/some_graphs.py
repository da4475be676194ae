"""Small integer graphs that hold every node kind."""

from __future__ import annotations

import numpy as np

from toolchain.graph.graph import Graph
from toolchain.graph.ops import (
    Add,
    ArgMax,
    Concat,
    Input,
    Linear,
    Reduce,
    Repeat,
    Reshape,
    Select,
    Table,
    Threshold,
    Transpose,
    dense,
    window,
)
from toolchain.graph.types import TensorType
from toolchain.graph.uniform import with_uniform


def every_kind() -> Graph:
    """A picture of 8 x 6 with 4 channels through all node kinds, a branch, an exit and a label."""
    random = np.random.default_rng(7)
    graph = Graph()
    graph.add("picture", Input(TensorType((8, 6, 4), -8, [7, 7, 3, 0])))
    graph.add("conv/window", window((3, 2), (1, 1), (1, 0), (1, 1), fill=-3), "picture")
    graph.add("conv", Linear(random.integers(-3, 4, (24, 6)), random.integers(-5, 5, 6), taps=6), "conv/window")
    table = np.sort(random.integers(-60, 60, (6, 20)), axis=1)
    table[:4] = np.arange(20) * 7 - random.integers(50, 90, (4, 1))
    graph.add("act", with_uniform(Threshold(table, 1, -4), graph.types["conv"]), "conv")
    graph.add("depthwise/window", window((3, 3), (2, 2), (1, 1), dilation=(1, 1)), "act")
    depthwise = Linear(random.integers(-3, 4, (9, 6)), np.zeros(6, np.int64), groups=6, taps=9)
    graph.add("depthwise", depthwise, "depthwise/window")
    graph.add("pool/window", window((2, 2), (2, 2)), "act")
    graph.add("pool", Reduce("max", 4), "pool/window")
    graph.add("sum", Reduce("sum", 4), "pool/window")
    graph.add("residual", Add((1, 5, -2)), "depthwise", "pool", "sum")
    graph.add("up", Repeat((2, 2)), "residual")
    graph.add("both", Concat(), "up", "act")
    graph.add("some", Select((11, 0, 3, 3)), "both")
    graph.add("step", Threshold(np.array([[-9, 0, 9]])), "some")
    graph.add("curve", Table(np.array([[3, -1, 4, 1]])), "step")
    graph.add("turned", Transpose((2, 0, 1)), "curve")
    graph.add("flat", Reshape((192,)), "turned")
    graph.add("logits", dense(random.integers(-3, 4, (192, 5)), np.arange(5)), "flat")
    graph.add("label", ArgMax(), "logits")
    graph.add("exit/flat", Reshape((72,)), "pool")
    graph.add("exit", dense(random.integers(-3, 4, (72, 5))), "exit/flat")
    graph.end("class", "label")
    graph.end("early", "exit", 0.25, -1.5)
    return graph


def line() -> Graph:
    """Twenty moments of 3 channels: a convolution in two groups over time."""
    random = np.random.default_rng(8)
    graph = Graph()
    graph.add("x", Input(TensorType((20, 4), -1, 1, 2)))
    graph.add("window", window((5,), (3,), (2,), dilation=(2,), fill=1), "x")
    graph.add("conv", Linear(random.integers(-7, 8, (10, 6)), np.zeros(6, np.int64), 2, 5), "window")
    graph.add("bits", Threshold(np.arange(6)[:, None] - 3, 2, -1), "conv")
    graph.add("up", Repeat((2,)), "bits")
    graph.end("y", "up", 0.5)
    return graph


def inputs(graph: Graph, rows: int, seed: int = 0) -> np.ndarray:
    """Random values over all that the only input may hold, shape (rows, ...)."""
    kind = graph.types[graph.sole_input]
    random = np.random.default_rng(seed)
    steps = (kind.high - kind.low) // kind.step
    return kind.low + kind.step * random.integers(0, steps + 1, (rows, *kind.shape))
