"""Graphs that grow node by node, and cores of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hls.graph_netlist import build_netlist
from hls.graph_stages import output_tensor, stages_of
from hls.netlist import Netlist
from hls.netlist_core import write_core
from hls.simulate_graph import simulate_graph
from hls.simulate_stream import CoreSimulation
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Add, Input, Linear, Reduce, Reshape, Threshold
from toolchain.graph.ops.moves import window
from toolchain.graph.types import TensorType

Random = np.random.Generator


def netlist_of(graph: Graph, random: Random) -> Netlist:
    """A core of the graph, each stage built in one of its ways."""
    stages = stages_of(graph)
    chosen = {stage.tensor: stage.options[random.integers(len(stage.options))] for stage in stages}
    return build_netlist(graph, stages, chosen, output_tensor(graph))


def fastest_of(graph: Graph) -> Netlist:
    """A core of the graph, each stage as fast as it can be."""
    stages = stages_of(graph)
    chosen = {stage.tensor: min(stage.options, key=lambda option: option.cycles) for stage in stages}
    return build_netlist(graph, stages, chosen, output_tensor(graph))


def smallest_of(graph: Graph) -> Netlist:
    """A core of the graph, each stage as slow as it can be, which compiles soonest."""
    stages = stages_of(graph)
    chosen = {stage.tensor: max(stage.options, key=lambda option: option.cycles) for stage in stages}
    return build_netlist(graph, stages, chosen, output_tensor(graph))


def values_of(graph: Graph, random: Random, vectors: int) -> NDArray[np.int64]:
    """Inputs over the whole range."""
    x = graph.types[graph.sole_input]
    return random.integers(x.element.low, x.element.high + 1, (vectors, *x.shape))


def run_core(
    netlist: Netlist, graph: Graph, x: NDArray[np.int64], folder: Path, seed: int | None = None, optimise: bool = False
) -> CoreSimulation:
    """Write a core below `folder`, and run inputs through it; with a seed under back-pressure."""
    write_core(netlist, folder / "rtl")
    return simulate_graph(netlist, graph, x, folder / "rtl", folder / "work", backpressure_seed=seed, optimise=optimise)


class Growing:
    """A graph that grows by random nodes behind its last one."""

    def __init__(self, random: Random, shape: tuple[int, ...], low: int, high: int) -> None:
        self.random, self.graph = random, Graph()
        self.last = self.graph.add("x", Input(TensorType(shape, low, high)))

    def add(self, op: object, *inputs: str) -> str:
        """A node under the next name."""
        return self.graph.add(f"n{len(self.graph)}", op, *inputs)  # type: ignore[arg-type]

    @property
    def channels(self) -> int:
        return self.graph.types[self.last].channels

    def convolution(self, outputs: int, groups: int = 1, most: int = 3) -> None:
        """A convolution of random kernel, stride, padding and dilation, as far as they fit."""
        size = self.graph.types[self.last].shape[:-1]
        kernel = [int(self.random.integers(1, min(n, most) + 1)) for n in size]
        before, after = ([int(self.random.integers(0, k)) for k in kernel] for _ in range(2))
        dilation = [
            1 if k == 1 or n < 2 * k else int(self.random.integers(1, 3)) for n, k in zip(size, kernel, strict=True)
        ]
        stride = [int(self.random.integers(1, 3)) for _ in size]
        fill = self.graph.types[self.last].element.low
        taken = self.add(window(kernel, stride, before, after, dilation, fill), self.last)
        taps = int(np.prod(kernel))
        weights = self.random.integers(-3, 4, (taps * self.channels // groups, outputs))
        self.last = self.add(Linear(weights, self.random.integers(-9, 10, outputs), groups, taps), taken)

    def quantise(self) -> None:
        """Thresholds: scaled and rounded ones, or anywhere; results that rise or fall."""
        x = self.graph.types[self.last]
        levels = int(self.random.choice([1, 3, 7, 255]))
        span = (x.high - x.low).max() + 2
        anywhere = np.sort(self.random.integers(x.low.min() - 1, x.high.max() + 2, (self.channels, levels)), axis=1)
        starts = self.random.integers(x.low.min() - 9, x.low.min() + 9, (self.channels, 1))
        scaled = np.rint(np.arange(levels) * span / levels * self.random.uniform(0.3, 1, (self.channels, 1)) + starts)
        table = anywhere if self.random.integers(3) == 0 else scaled.astype(np.int64)
        op = Threshold(table, int(self.random.choice([-2, -1, 1, 3])), int(self.random.integers(-9, 9)))
        self.last = self.add(op, self.last)

    def product(self, x: str, outputs: int) -> str:
        """A 1x1 convolution, or a dense layer."""
        weights = self.random.integers(-1, 2, (self.graph.types[x].channels, outputs))
        return self.add(Linear(weights, self.random.integers(-9, 10, outputs)), x)

    def residual(self) -> None:
        """Two branches and their sum."""
        short = self.product(self.last, self.channels)
        size = self.graph.types[self.last].shape[:-1]
        ones = [min(n, 3) | 1 if n > 2 else 1 for n in size]
        half = [k // 2 for k in ones]
        taken = self.add(window(ones, None, half, half, None, self.graph.types[self.last].element.low), self.last)
        taps = int(np.prod(ones))
        weights = self.random.integers(-1, 2, (taps * self.channels, self.channels))
        long = self.add(Linear(weights, self.random.integers(-9, 10, self.channels), 1, taps), taken)
        self.last = self.add(Add((int(self.random.integers(1, 4)), -1)), long, short)

    def end(self) -> Graph:
        """The sum of all positions, and a dense layer."""
        size = self.graph.types[self.last].shape[:-1]
        taken = self.add(window(size), self.last)
        total = self.add(Reduce("sum", int(np.prod(size))), taken)
        flat = self.add(Reshape((self.channels,)), total)
        self.graph.end("scores", self.product(flat, 5))
        return self.graph
