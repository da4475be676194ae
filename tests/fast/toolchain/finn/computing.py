"""What FINN's layers compute, by their documentation: held against the integer graph that they were made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolchain.finn.layers import Chain, Layer, Levels, Padding, Product, Windows
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph
from toolchain.graph.ops import window
from toolchain.graph.types import IntType

Integers = NDArray[np.int64]


def computed(layer: Layer, x: Integers) -> Integers:
    """What FINN's layer makes of a batch, by its documentation."""
    if isinstance(layer, Padding):
        top, left, bottom, right = layer.edges
        return np.pad(x.reshape(-1, *layer.size, layer.channels), ((0, 0), (top, bottom), (left, right), (0, 0)))
    if isinstance(layer, Windows):
        op = window(layer.kernel, layer.stride, dilation=layer.dilation)
        return op.run(x.reshape(-1, *layer.size, layer.channels)).astype(np.int64)
    if isinstance(layer, Product):
        rows = x.reshape(len(x), -1, len(layer.weights)) @ layer.weights
        return rows.reshape(len(x), *layer.shape[1:])
    reached = x.reshape(len(x), -1, layer.channels)[..., None] >= layer.table
    return layer.least + reached.sum(axis=-1).reshape(len(x), *layer.shape[1:])


def must_hold(kind: str, values: Integers) -> None:
    held = IntType.of(kind)
    assert held.bits >= 2
    assert held.low <= values.min() <= values.max() <= held.high


def must_equal(graph: Graph, chain: Chain, x: Integers) -> None:
    names = [name for name, _ in chain.answers]
    right, values, found = run_one(graph, x, names), x, []
    must_hold(chain.kind, x)
    for layer in chain.layers:
        values = computed(layer, values)
        must_hold(layer.kind, values)
        if isinstance(layer, Levels) or layer is chain.layers[-1]:
            found.append(values)
    for (name, shift), held in zip(chain.answers, found, strict=True):
        assert np.array_equal(held.reshape(len(x), -1) + shift, right[name].reshape(len(x), -1)), name
