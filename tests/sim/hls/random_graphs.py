"""Random graphs of every node kind that has a unit, built in random ways, and what must be so of each of them.

A few are tried by `make test`, three hundred by `make bench`.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hls.fifo_depths import with_depths
from hls.netlist import Netlist
from hls.token_simulator import TokenRun
from tests.sim.hls.graphs import Growing, Random, netlist_of, run_core, values_of
from toolchain.graph.graph import Graph
from toolchain.graph.ops import (
    Add,
    ArgMax,
    Concat,
    Linear,
    Op,
    Reduce,
    Repeat,
    Reshape,
    Select,
    Softmax,
    Table,
    Threshold,
    Transpose,
)
from toolchain.graph.ops.moves import window
from toolchain.graph.types import TensorType

VECTORS = 6
_MOST_ELEMENTS, _MOST_CHANNELS, _MOST_BITS = 260, 12, 8
_STEPS = ("convolve", "convolve", "activate", "tabulate", "pool", "residual", "concat", "reorder", "move", "move")
_ENDS = ("scores", "label", "softmax", "whole", "quantised")


class Drawn(Growing):
    """A graph that grows by steps drawn at random; tensors stay small, and products take 8 bits at most."""

    def __init__(self, random: Random) -> None:
        bits, axes = (int(n) for n in random.integers((1, 1), (9, 3)))
        low = int(random.choice([0, -(1 << (bits - 1)), -3]))
        shape = [*(int(n) for n in random.integers(1, 9, axes)), int(random.integers(1, 6))]
        super().__init__(random, tuple(shape), low, low + (1 << bits) - 1)

    def grow(self) -> None:
        """One more step."""
        getattr(self, str(self.random.choice(_STEPS)))()

    @property
    def here(self) -> TensorType:
        """The type of the newest tensor."""
        return self.graph.types[self.last]

    @property
    def axes(self) -> int:
        return len(self.here.shape) - 1

    def number(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def then(self, op: Op) -> None:
        """A node behind the newest."""
        self.last = self.add(op, self.last)

    # Products

    def convolve(self) -> None:
        """Dense, grouped or depthwise, of any kernel, stride, padding and dilation that fits."""
        self.narrow()
        groups = int(self.random.choice([g for g in range(1, self.channels + 1) if self.channels % g == 0]))
        channels, most = self.channels, max(1, _MOST_CHANNELS // groups)
        taps = self._window(self.number(1, 3))
        positions = math.prod(self.here.shape[:-1])
        outputs = groups * self.number(1, max(1, min(most, _MOST_ELEMENTS // positions // groups)))
        self.then(self._linear(taps * channels // groups, outputs, groups, taps))

    def _window(self, most: int) -> int:
        """A window over the newest tensor; its number of taps."""
        sizes, fit = self.here.shape[:-1], []
        for size in sizes:
            kernel, stride, dilation = self.number(1, most), self.number(1, 3), self.number(1, 3)
            before, after = self.number(0, kernel - 1), self.number(0, kernel - 1)
            while (kernel - 1) * dilation >= size + before + after:
                kernel, dilation = kernel - (dilation == 1), max(1, dilation - 1)
            fit.append((kernel, stride, before, after, dilation))
        self.then(window(*zip(*fit, strict=True), fill=self._fill()))
        return math.prod(kernel for kernel, *_ in fit)

    def _fill(self) -> int:
        """A value of the newest tensor, mostly; 0 may lie outside."""
        element = self.here.element
        inside = element.low + element.step * self.number(0, (element.high - element.low) // element.step)
        return int(self.random.choice([0, inside, element.low]))

    def _linear(self, inputs: int, outputs: int, groups: int = 1, taps: int = 1) -> Linear:
        bits = self.number(1, _MOST_BITS)
        size = (inputs, outputs)
        reach = 1 << (bits - 1)
        weights = self.random.choice([-1, 1], size) if bits == 1 else self.random.integers(-reach, reach, size)
        # Some outputs never move.
        weights[:, self.random.random(outputs) < 0.1] = 0
        return Linear(weights, self.random.integers(-99, 100, outputs) * self.number(0, 1), groups, taps)

    def of(self, x: str, outputs: int) -> str:
        """A product of each position."""
        return self.add(self._linear(self.graph.types[x].channels, outputs), x)

    # Functions

    def narrow(self) -> None:
        """What goes into a product has 8 bits at most."""
        if self.here.element.bits > _MOST_BITS:
            self.activate()

    def tabulate(self) -> None:
        """Any function of a small integer, a channel's own or shared."""
        self.narrow()
        x, reach = self.here.element, 1 << self.number(0, 7)
        tables = int(self.random.choice([1, self.channels]))
        self.then(Table(self.random.integers(-reach, reach, (tables, x.high - x.low + 1)), x.low))

    def activate(self) -> None:
        """Thresholds of a line that is rounded, or anywhere; a channel's own or shared; codes that rise or fall."""
        x, levels = self.here, self.number(1, 2 ** self.number(1, _MOST_BITS) - 1)
        rows, low, high = int(self.random.choice([1, self.channels])), int(x.low.min()), int(x.high.max())
        if self.number(0, 2):
            slope = self.random.uniform(0.4, 1.2, (rows, 1)) * (high - low + 2) / levels
            start = low + self.random.integers(-2, 3, (rows, 1)) * slope
            table = np.rint(np.arange(levels) * slope + start).astype(np.int64)
        else:
            table = np.sort(self.random.integers(low - 1, high + 2, (rows, levels)), axis=1)
        self.then(Threshold(table, int(self.random.choice([-2, -1, 1, 1, 3])), self.number(-130, 9)))

    def pool(self) -> None:
        """A maximum or a sum over windows, or of all positions."""
        channels, whole = self.channels, self.number(0, 3) == 0
        if whole:
            sizes = self.here.shape[:-1]
            self.then(window(sizes))
            taps = math.prod(sizes)
        else:
            taps = self._window(3)
        self.then(Reduce("max" if self.number(0, 1) else "sum", taps))
        assert self.channels == channels

    # Branches

    def residual(self) -> None:
        """A sum of two or three: what is there, products of it, convolutions of the same size."""
        self.narrow()
        x = self.last
        count = self.number(2, 3)
        parts = [self._branch(x) for _ in range(count)]
        factors = self.random.choice([-3, -1, 1, 2], count)
        self.last = self.add(Add(tuple(factors.tolist())), *parts)

    def _branch(self, x: str) -> str:
        kind = self.number(0, 3)
        if kind == 0:
            return x
        if kind == 1:
            return self.of(x, self.channels)
        self.last, channels = x, self.channels
        kernel = [int(self.random.choice([1, 3])) for _ in range(self.axes)]
        half = [k // 2 for k in kernel]
        self.then(window(kernel, before=half, fill=self._fill()))
        taps = math.prod(kernel)
        # Depthwise, or of all channels.
        groups = channels if kind == 2 else 1
        self.then(self._linear(taps * channels // groups, channels, groups, taps))
        branch, self.last = self.last, x
        return branch

    def concat(self) -> None:
        """Channels of two or three tensors side by side, one of them with other steps."""
        self.narrow()
        x = self.last
        most = max(1, min(_MOST_CHANNELS, _MOST_ELEMENTS // math.prod(self.here.shape[:-1])) - self.channels)
        parts = [x, self.of(x, self.number(1, min(4, most)))]
        if self.number(0, 1):
            self.last = parts.pop()
            self.activate()
            parts.append(self.last)
        self.random.shuffle(parts)
        self.last = self.add(Concat(), *parts)

    # Moves

    def reorder(self) -> None:
        """Channels: all in another order, or a part of them; or their unit."""
        kind = self.number(0, 3)
        if kind == 0:
            self.then(Select(tuple(self.random.permutation(self.channels).tolist())))
        elif kind == 1:
            kept = np.flatnonzero(self.random.random(self.channels) < 0.6)
            self.then(Select(tuple(kept.tolist()) or (0,)))
        elif kind == 2:
            half = self.channels // 2
            self.then(Select((*range(half, self.channels), *range(half))))
        else:
            self.then(Add((int(self.random.choice([-5, -1, 3])),)))

    def move(self) -> None:
        """Positions repeated, axes exchanged or joined, or a padding alone."""
        kind, size = self.number(0, 3), self.here.size
        if kind == 0 and 2**self.axes * size <= _MOST_ELEMENTS:
            self.then(Repeat(tuple(self.number(1, 2) for _ in range(self.axes))))
        elif kind == 1:
            self.then(Transpose(tuple(self.random.permutation(self.axes + 1).tolist())))
        elif kind == 2 and self.axes == 2:
            (rows, columns, channels) = self.here.shape
            shapes = [(rows * columns, channels), (rows, columns * channels)]
            self.then(Reshape(shapes[self.number(0, 1)]))
        elif kind == 3 and size <= _MOST_ELEMENTS // 3:
            edges = [self.number(0, 1) for _ in range(self.axes)]
            self.then(window((1,) * self.axes, before=edges, after=(1,) * self.axes, fill=self._fill()))
            self.activate()

    # Ends

    def leave(self) -> Graph:
        """End in scores, their class, their softmax, or in the newest tensor as it is."""
        kind = str(self.random.choice(_ENDS))
        if kind == "quantised":
            self.activate()
        elif kind != "whole":
            self.narrow()
            self.then(Reshape((self.here.size,)))
            self.last = self.of(self.last, self.number(1, 6))
        if kind == "label":
            self.then(ArgMax())
        elif kind == "softmax":
            self.narrow()
            self.then(Softmax(float(self.random.uniform(0.01, 1))))
        self.graph.end("out", self.last)
        return self.graph


def random_graph(random: Random) -> Graph:
    """Three to six steps, and an end."""
    drawn = Drawn(random)
    drawn.convolve()
    for _ in range(drawn.number(2, 5)):
        drawn.grow()
    return drawn.leave()


def random_core(seed: int) -> tuple[Graph, Netlist, TokenRun, NDArray[np.int64]]:
    """A graph, a core of it with stages built in one of their ways and ROMs shared, what its tokens do, and inputs."""
    random = np.random.default_rng(seed)
    graph = random_graph(random)
    small = netlist_of(graph, random).made_of("registers" if random.integers(2) else "distributed")
    netlist, told = with_depths(small, blocks=bool(random.integers(2)))
    x = values_of(graph, random, VECTORS)
    return graph, netlist.sharing(_pairs(netlist, random)), told, x


def _pairs(netlist: Netlist, random: Random) -> list[tuple[str, str]]:
    """Two units each whose ROM may lie outside, whether that saves anything or not; in half of the cores none."""
    names = random.permutation([unit.name for unit in netlist.units if unit.shareable]).tolist()
    return list(zip(names[::2], names[1::2], strict=False)) if random.integers(2) else []


def must_be_equal(seed: int, folder: Path) -> None:
    """Every element of every tensor, with pauses at both ends and without; clocks and FIFOs as the tokens told."""
    graph, netlist, told, x = random_core(seed)
    runs = [run_core(netlist, graph, x, folder, pauses) for pauses in (None, seed)]
    plain, _ = runs
    assert [run.first_difference for run in runs] == [None, None], f"seed {seed}"
    assert [run.equal for run in runs] == [VECTORS, VECTORS]
    clocks = plain.latency_cycles, plain.initiation_interval, plain.greatest
    assert clocks == (told.latency, math.ceil(told.interval), told.peaks), f"seed {seed}"
