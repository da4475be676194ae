"""Chains with images, as FINN's RTL takes them: what their layers must compute exactly is spread over a few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input, Linear, Reduce, Reshape, Threshold, window
from toolchain.graph.types import TensorType


class Images:
    """Builds a chain; each step's constants are random, its thresholds spread over what comes in."""

    def __init__(self, seed: int, shape: Sequence[int], low: int, high: int, step: int = 1) -> None:
        self.random, self.graph = np.random.default_rng(seed), Graph()
        self.last = self.graph.add("x", Input(TensorType(shape, low, high, step)))

    def windows(self, kernel: Sequence[int], **how: Any) -> Images:
        """Windows; `how` as `toolchain.graph.ops.window`."""
        return self._add("windows", window(kernel, **how))

    def product(self, outputs: int, *, taps: int = 1, groups: int = 1, bits: int = 3, bias: int = 0) -> Images:
        """A convolution behind windows, or a dense layer; biases of up to `bias`."""
        inputs, most = self.graph.types[self.last].channels, 2 ** (bits - 1) - 1
        weights = self.random.integers(-most, most + 1, (inputs // groups, outputs))
        return self._add("sums", Linear(weights, self.random.integers(-bias, bias + 1, outputs), groups, taps))

    def convolution(self, outputs: int, kernel: Sequence[int], *, groups: int = 1, bias: int = 0, **how: Any) -> Images:
        """Windows and the product behind them."""
        taps = int(np.prod(kernel))
        return self.windows(kernel, **how).product(outputs, taps=taps, groups=groups, bias=bias)

    def sum(self, taps: int) -> Images:
        """The sum over a window's taps."""
        return self._add("reduce", Reduce("sum", taps))

    def levels(self, bits: int, least: int = 0, step: int = 1) -> Images:
        """Thresholds of so many bits, others for each channel."""
        kind, levels = self.graph.types[self.last], 2**bits - 1
        pairs = zip(kind.low, kind.high, strict=True)
        table = np.stack([np.sort(self.random.integers(low, high + 2, levels)) for low, high in pairs])
        return self._add("levels", Threshold(table, step, least))

    def flat(self) -> Images:
        """All elements in a row."""
        return self._add("flat", Reshape((self.graph.types[self.last].size,)))

    def end(self) -> Graph:
        """The graph, whose answer is what came last."""
        self.graph.end("y", self.last)
        return self.graph

    def inputs(self, count: int) -> NDArray[np.int64]:
        """Random inputs, shape (count, elements)."""
        kind = self.graph.types["x"]
        steps = (kind.high - kind.low) // kind.step
        codes = self.random.integers(0, steps + 1, (count, *kind.shape))
        x: NDArray[np.int64] = (kind.low + kind.step * codes).reshape(count, -1)
        return x

    def _add(self, name: str, op: Any) -> Images:
        self.last = self.graph.add(f"{name}_{len(self.graph)}", op, self.last)
        return self


def small() -> Images:
    """Two convolutions, one of stride 2, and a dense layer."""
    images = Images(1, (8, 8, 2), 0, 15).convolution(4, (3, 3)).levels(4)
    images.convolution(6, (3, 3), stride=(2, 2)).levels(3).flat().product(5)
    images.end()
    return images


def as_tflite_has_it() -> Images:
    """Zero points, biases, uneven padding, a depthwise and a pointwise layer, a mean, codes at the end."""
    images = Images(2, (7, 6, 3), -128, 127).convolution(4, (3, 3), before=(1, 0), after=(1, 2), fill=5, bias=20)
    images.levels(8, -128).convolution(4, (3, 3), before=(1, 1), fill=-128, groups=4, bias=20).levels(8, -100)
    images.product(6, bias=20).levels(4).windows((7, 6), stride=(7, 6)).sum(42).levels(4)
    images.flat().product(5, bias=20).levels(4, -3).end()
    return images


def of_rows() -> Images:
    """One axis: bipolar values, dilation, strides, thresholds that fall, a padding between two values."""
    images = Images(3, (31, 2), -1, 1, 2).convolution(4, (5,), before=(2,)).levels(3, 2)
    images.convolution(6, (3,), stride=(2,), dilation=(2,)).levels(1, -1, 2)
    images.convolution(4, (4,), stride=(3,), before=(1,), after=(2,), fill=1).levels(2, 7, -1).flat().product(3).end()
    return images


def of_other_windows() -> Images:
    """Strided pointwise, uneven and dilated kernels, padding alone, thresholds twice, sums that go on as they are."""
    images = Images(4, (9, 11, 4), 0, 3).convolution(6, (1, 1), stride=(2, 2)).levels(4)
    images.convolution(4, (2, 3), dilation=(2, 1), groups=2).levels(4).levels(2)
    images.windows((1, 1), before=(1, 0)).convolution(3, (3, 3), stride=(1, 2), before=(0, 1), bias=3).product(2).end()
    return images
