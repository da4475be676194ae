"""Random networks of several stages, and the same as networks that decide."""

from __future__ import annotations

import numpy as np

from toolchain.graph.deciding import deciding, stages_in
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Concat, Input, Linear, Reshape, Threshold, window
from toolchain.graph.ops.staged import margins
from toolchain.graph.types import Integers, TensorType

CLASSES = 4
WIDTHS = (25, 50, 100)
"""Of the networks with nested widths."""


def staged(stages: int, seed: int = 0, *, dual: bool = False) -> Graph:
    """Convolutions with an exit behind each; `dual`: networks side by side, all of which see the input."""
    random = np.random.default_rng(seed)
    graph = Graph()
    last, scores = graph.add("x", Input(TensorType((6, 5, 2), -4, 3))), []
    for number in range(stages):
        last = _block(graph, "x" if dual else last, number, random)
        flat = graph.add(f"flat{number}", Reshape((graph.types[last].size,)), last)
        weights = random.integers(-3, 4, (graph.types[last].size, CLASSES))
        scores.append(graph.add(f"scores{number}", Linear(weights, random.integers(-9, 9, CLASSES)), flat))
    graph.end("logits", graph.add("all", Concat(), *scores), 0.25, 0.0)
    return graph


def nested(seed: int = 0, layers: int = 2) -> Graph:
    """Convolutions of nested widths: a block of channels sees its own and the narrower ones of the layer before."""
    random = np.random.default_rng(seed)
    graph = Graph()
    x = graph.add("x", Input(TensorType((6, 5, 2), -4, 3)))
    scores = []
    made: list[list[str]] = [[] for _ in range(layers)]
    for width in range(len(WIDTHS)):
        for layer in range(layers):
            seen = x if layer == 0 else _beside(graph, made[layer - 1], f"seen{layer}_{width}")
            made[layer].append(_block(graph, seen, f"{layer}_{width}", random))
        last = _beside(graph, made[-1], f"last{width}")
        flat = graph.add(f"flat{width}", Reshape((graph.types[last].size,)), last)
        weights = random.integers(-3, 4, (graph.types[last].size, CLASSES))
        scores.append(graph.add(f"scores{width}", Linear(weights, random.integers(-9, 9, CLASSES)), flat))
    graph.end("logits", graph.add("all", Concat(), *scores), 0.25, 0.0)
    return graph


def _beside(graph: Graph, names: list[str], name: str) -> str:
    return names[0] if len(names) == 1 else graph.add(name, Concat(), *names)


def decides(graph: Graph, x: Integers) -> Graph:
    """The network that decides, with thresholds at which about half of the vectors stop at each stage."""
    names = stages_in(graph, CLASSES).scores[:-1]
    values = run_one(graph, x, names)
    return deciding(graph, CLASSES, [int(np.median(margins(values[name]))) for name in names])


def vectors(graph: Graph, count: int, seed: int = 0) -> Integers:
    """Inputs over the whole range, shape (count, *shape)."""
    kind = graph.types[graph.sole_input]
    return np.random.default_rng(seed).integers(kind.element.low, kind.element.high + 1, (count, *kind.shape))


def _block(graph: Graph, last: str, number: object, random: np.random.Generator) -> str:
    x = graph.types[last]
    kernel = [min(3, size) for size in x.shape[:-1]]
    pads = [k // 2 for k in kernel]
    taken = graph.add(f"window{number}", window(kernel, (1, 1), pads, pads, fill=x.element.low), last)
    taps = int(np.prod(kernel))
    weights = random.integers(-2, 3, (taps * x.channels, 3))
    sums = graph.add(f"sums{number}", Linear(weights, np.zeros(3, np.int64), taps=taps), taken)
    table = np.sort(random.integers(-12, 12, (3, 3)), axis=1)
    return graph.add(f"codes{number}", Threshold(table), sums)
