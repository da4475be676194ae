"""A layer whose neurons are look-up tables, as a graph: each a function of the bits that it depends on, no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hls.unrolled.fabric import Fabric
from hls.unrolled.ir import Bit, Constant, Graph, Input, LookUp, width_of
from toolchain.graph.dense import DenseLayer

if TYPE_CHECKING:
    from hls.unrolled.lower import Wire

Integers = NDArray[np.int64]


def table_graph(layer: DenseLayer, wire: Wire, fabric: Fabric) -> Graph:
    """The graph of a layer with a table; its outputs are codes, as `DenseLayer.out_scale` tells."""
    graph = Graph(fabric=fabric)
    for index, (low, high) in enumerate(zip(wire.low.tolist(), wire.high.tolist(), strict=True)):
        graph.add(Input(index), low, high)
    graph.outputs = [_neuron(graph, layer, wire, column) for column in range(layer.outputs)]
    return graph


def _neuron(graph: Graph, layer: DenseLayer, wire: Wire, column: int) -> int:
    """The node of one neuron: a constant, an input of one bit as it is, or a table."""
    rows = np.flatnonzero(layer.weights[:, column]).tolist()
    bits = [Bit(row, place) for row in rows for place in range(graph.width(row))]
    bits, codes = _depended_on(bits, _codes(layer, wire, column, rows))
    low, high = int(codes.min()), int(codes.max())
    if low == high:
        return graph.add(Constant(low), low, low)
    if codes.tolist() == [0, 1] and graph.high[bits[0].node] == 1:
        return bits[0].node
    return graph.add(LookUp(tuple(bits), tuple(codes.tolist())), low, high)


def _codes(layer: DenseLayer, wire: Wire, column: int, rows: list[int]) -> Integers:
    """The neuron's code for every value of its inputs' bits, the first input's lowest; (2 ** bits,)."""
    assert layer.table is not None
    sums = np.full(1, int(layer.biases[column]), np.int64)
    for row in rows:
        values = wire.scale * _wire_values(wire, row) + wire.offset
        sums = (layer.weights[row, column] * values[:, None] + sums).reshape(-1)
    table = layer.table.values[column if len(layer.table.values) > 1 else 0]
    # Bits that no input shows take any entry.
    entries = table[np.clip(sums - layer.table.low, 0, len(table) - 1)]
    codes: Integers = (entries - layer.out_bias) // layer.out_scale
    return codes


def _wire_values(wire: Wire, row: int) -> Integers:
    """What an element's wire shows, for all its bits."""
    low, high = int(wire.low[row]), int(wire.high[row])
    bits = width_of(low, high)
    values = np.arange(1 << bits)
    return np.where(values >> (bits - 1) & 1, values - (1 << bits), values) if low < 0 else values


def _depended_on(bits: list[Bit], codes: Integers) -> tuple[list[Bit], Integers]:
    """The bits that make a difference, and the codes for these alone."""
    kept = list(bits)
    for bit in bits:
        halves = codes.reshape(-1, 2, 1 << kept.index(bit))
        if np.array_equal(halves[:, 0], halves[:, 1]):
            kept.remove(bit)
            codes = halves[:, 0].reshape(-1)
    return kept, codes
