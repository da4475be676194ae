"""Inputs of networks, and what their C must give."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from toolchain.graph.execute import run
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input, Linear, Threshold, window
from toolchain.graph.types import Integers, TensorType
from toolchain.graph.uniform import with_uniform
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


def small_values(high: int, least: int, step: int) -> Graph:
    """Two products of few weights, of values that take few bits; thresholds that are always and never reached."""
    random, graph = np.random.default_rng(high), Graph()
    graph.add("x", Input(TensorType((70,), 0, high)))
    weights = random.choice([-1, 0, 1, 3], (70, 9), p=[0.2, 0.6, 0.15, 0.05])
    graph.add("a", Linear(weights, random.integers(-9, 9, 9)), "x")
    table = np.sort(random.integers(-12, 12, (9, 3)))
    table[0], table[1] = -9999, 9999
    graph.add("b", Threshold(table, step=step, least=least), "a")
    graph.add("c", Linear(random.choice([-2, 0, 1], (9, 5)), random.integers(-3, 3, 5)), "b")
    graph.end("y", "c")
    return graph


def mostly_zeros(values: tuple[int, ...], *, low: int = -128, high: int = 127, share: float = 0.3) -> Graph:
    """Two rows through a product of few weights besides 0, of which one output has none and one no zeros, and codes."""
    random, graph = np.random.default_rng(4), Graph()
    graph.add("x", Input(TensorType((2, 61), low, high)))
    weights = random.choice(values, (61, 14)) * (random.random((61, 14)) < share)
    weights[:, 0], weights[:, -1] = 0, values[0]
    graph.add("sums", Linear(weights, random.integers(-99, 99, 14)), "x")
    graph.add("codes", Threshold(np.sort(random.integers(-500, 500, (14, 20))), least=-4), "sums")
    graph.end("y", "codes")
    return graph


def convolution(
    shape: tuple[int, ...],
    outputs: int,
    *,
    kernel: tuple[int, ...] | None = (3, 3),
    stride: tuple[int, ...] = (1, 1),
    before: tuple[int, ...] = (1, 1),
    after: tuple[int, ...] = (1, 1),
    dilation: tuple[int, ...] = (1, 1),
    low: int = -128,
    high: int = 127,
    least: int = -128,
    levels: int = 255,
    bent: bool = False,
    then: int = 0,
    lowest: int = -128,
) -> Graph:
    """A convolution of bytes whose codes are one multiplication of its sums.

    Args:
        outputs: 0 where each channel is for itself.
        kernel: None for a product without a window.
        levels: 0 for the sums themselves.
        bent: whether halves go away from zero.
        then: outputs of a product behind it.
        lowest: weight.
    """
    random, graph, channels = np.random.default_rng(3), Graph(), shape[-1]
    graph.add("x", Input(TensorType(shape, low, high)))
    if kernel:
        wide = window(kernel, stride=stride, before=before, after=after, dilation=dilation, fill=low + 3)
        graph.add("window", wide, "x")
    taps, made = math.prod(kernel or ()), outputs or channels
    weights = random.integers(lowest, 128, (taps * channels if outputs else taps, made))
    weights[:, 0], weights[:, -1] = lowest, 127
    product = Linear(weights, random.integers(-999, 999, made), groups=1 if outputs else channels, taps=taps)
    graph.add("sums", product, "window" if kernel else "x")
    last = "sums"
    if levels:
        graph.add("codes", _coded(graph.types["sums"], levels, least, bent), "sums")
        last = "codes"
    if then:
        graph.add("more", Linear(random.integers(-9, 10, (made, then)), np.zeros(then, np.int64)), "codes")
        graph.add("last", _coded(graph.types["more"], levels, least, bent), "more")
        last = "last"
    graph.end("y", last)
    return graph


def _coded(sums: TensorType, levels: int, least: int, bent: bool) -> Threshold:
    """Codes over most of the sums' range, each channel's by a slope of its own."""
    tables = []
    for channel in range(sums.channels):
        shift = max(1, int(2 * sums.high[channel] // (levels + 1)).bit_length() - channel % 2)
        # The least x whose half, rounded, reaches each code; of halves away from zero it is one more below zero.
        code = np.arange(levels) + 1 - (levels + 1) // 2
        reached = (code << shift) - (1 << shift - 1)
        tables.append(reached + ((reached < 0) & bent))
    return with_uniform(Threshold(np.array(tables), least=least), sums)


_NONE: Mapping[str, tuple[int, ...]] = {"before": (0, 0), "after": (0, 0)}
_ONE_LINE: Mapping[str, tuple[int, ...]] = {"before": (2,), "after": (1,), "dilation": (1,)}

CONVOLUTIONS = {
    "several blocks": convolution((7, 9, 8), 37),
    "one line": convolution((19, 4), 16, kernel=(3,), stride=(1,), **_ONE_LINE),
    "bytes that fill no word": convolution((6, 5, 3), 5, stride=(2, 2), before=(1, 0), after=(0, 2)),
    "lines apart": convolution((9, 6, 4), 20, kernel=(3, 1), dilation=(2, 3)),
    "no padding": convolution((9, 10, 4), 20, kernel=(2, 2), **_NONE),
    "no window": convolution((3, 7, 12), 33, kernel=None),
    "bytes without a sign": convolution((6, 9, 4), 8, low=0, high=255, least=0),
    "sums of their own": convolution((5, 5, 4), 18, levels=0),
    "few codes": convolution((6, 6, 8), 16, levels=7, least=-2),
    "slopes of a half": convolution((5, 7, 4), 8, kernel=None, low=0, high=1),
    "halves away from zero": convolution((6, 6, 8), 16, bent=True),
    "no weight of -128": convolution((5, 6, 12), 20, lowest=-127),
    "sixteen bytes side by side": convolution((5, 6, 16), 20),
    "sixteen bytes side by side, no weight of -128": convolution((5, 6, 16), 20, lowest=-127),
    "a channel each": convolution((6, 9, 8), 0),
    "a channel each, no weight of -128": convolution((6, 9, 8), 0, lowest=-127),
    "a channel each, none fills a register": convolution((5, 6, 5), 0, kernel=(3, 2), dilation=(1, 2)),
    "a channel each, apart": convolution((9, 8, 48), 0, stride=(2, 2), bent=True),
    "a channel each, of one line": convolution((20, 16), 0, kernel=(5,), stride=(3,), **_ONE_LINE),
    "a channel each, without a sign": convolution((6, 9, 8), 0, low=0, high=255, least=0),
    "a channel each, then all": convolution((6, 7, 16), 0, then=24),
}
"""One of each way that a convolution of bytes runs whole, by what is special about it."""
