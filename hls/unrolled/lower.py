"""From integer layers to graphs: one graph a layer, plus one for the argmax.

Wire values: an input element as its type says (BIPOLAR as one bit), a layer's output as the count of
thresholds reached. ``scale * wire + offset`` is the integer executor's value; both are folded into the
weights and thresholds of the layer that reads the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hls.arithmetic import analyse
from hls.unrolled.cost import total_positions
from hls.unrolled.ir import AtLeast, Choose, Constant, Count, Graph, Greater, Input, Operand
from hls.unrolled.linear import LinearGraph
from hls.unrolled.sharing import SharedTerms, signed_digits
from hls.unrolled.trees import add_up
from toolchain.graph.dense import DenseLayer, DenseNetwork
from toolchain.graph.types import IntType

Integers = NDArray[np.int64]

# Seeds of the sharing that are tried for each layer; the cheapest result is taken.
_SEEDS = range(4)


@dataclass(frozen=True)
class Wire:
    """The vector between two layers.

    Attributes:
        low, high: range of each element's wire value, shape (elements,).
        bits: bits of one element on the wire; signed: whether it is two's complement.
        scale, offset: the integer executor's value is ``scale * wire + offset``.
    """

    low: Integers
    high: Integers
    bits: int
    signed: bool
    scale: int = 1
    offset: int = 0


@dataclass(frozen=True)
class LoweredLayer:
    """One layer (or the argmax) as a graph, with the vectors before and after it.

    Attributes:
        live: which outputs a later layer reads; the others are only there to be observed.
    """

    name: str
    graph: Graph
    source: Wire
    result: Wire
    live: tuple[bool, ...]


def lower_network(network: DenseNetwork) -> list[LoweredLayer]:
    """All layers in order, then the argmax.

    Raises:
        ModelError: a layer that the hardware cannot compute; the message names it.
    """
    analyse(network)
    lowered, wire = [], _input_wire(network)
    for index, layer in enumerate(network.layers):
        readers = network.layers[index + 1].weights if index + 1 < len(network.layers) else None
        live = np.ones(layer.outputs, np.bool_) if readers is None else np.asarray(readers.any(axis=1))
        lowered.append(_lower_layer(layer, wire, live))
        wire = lowered[-1].result
    return [*lowered, _lower_argmax(wire)]


def _input_wire(network: DenseNetwork) -> Wire:
    low, high = IntType.of(network.input_type).ends
    bits, shape = IntType.of(network.input_type).bits, network.inputs
    if network.input_type == "BIPOLAR":
        return Wire(np.zeros(shape, np.int64), np.ones(shape, np.int64), 1, False, 2, -1)
    return Wire(np.full(shape, low), np.full(shape, high), bits, low < 0)


def _lower_layer(layer: DenseLayer, wire: Wire, live: NDArray[np.bool_]) -> LoweredLayer:
    graph = cheapest(lambda seed: _layer_graph(layer, wire, live, seed), live)
    return LoweredLayer(layer.name, graph, wire, _result(graph, layer), tuple(live.tolist()))


def cheapest(make: Callable[[int], Graph], live: NDArray[np.bool_]) -> Graph:
    """Of the graphs that are made with several seeds the one whose live outputs take the least logic."""

    def cost(graph: Graph) -> float:
        return total_positions(graph, [o for o, wanted in zip(graph.outputs, live, strict=True) if wanted])

    return min(map(make, _SEEDS), key=cost)


def _layer_graph(layer: DenseLayer, wire: Wire, live: NDArray[np.bool_], seed: int) -> Graph:
    bias = wire.offset * layer.weights.sum(axis=0) + layer.biases
    if layer.thresholds is None:
        return sums_of(wire, layer.weights * wire.scale, bias, live, seed)
    linear = LinearGraph(wire.low, wire.high)
    sums = _accumulators(linear, layer.weights, live, seed)
    cuts = -((bias[:, None] - layer.thresholds) // wire.scale)
    linear.graph.outputs = [_count(linear, term, row) for term, row in zip(sums, cuts.tolist(), strict=True)]
    return linear.graph


def sums_of(wire: Wire, weights: Integers, constants: Integers, live: NDArray[np.bool_], seed: int) -> Graph:
    """The graph of ``constants + wire @ weights``; see `LoweredLayer` for `live`."""
    linear = LinearGraph(wire.low, wire.high)
    sums = _accumulators(linear, weights, live, seed)
    linear.graph.outputs = [_sum(linear, term, int(c)) for term, c in zip(sums, constants, strict=True)]
    return linear.graph


def _result(graph: Graph, layer: DenseLayer) -> Wire:
    low = np.array([graph.low[output] for output in graph.outputs], dtype=np.int64)
    high = np.array([graph.high[output] for output in graph.outputs], dtype=np.int64)
    if layer.thresholds is not None:
        bits = max(1, layer.thresholds.shape[1].bit_length())
        return Wire(low, high, bits, False, layer.out_scale, layer.out_bias)
    least, most = layer.accumulator_range()
    bits = 1 + max(int(most.max()).bit_length(), (-1 - int(least.min())).bit_length())
    return Wire(low, high, bits, True)


def _accumulators(linear: LinearGraph, weights: Integers, live: NDArray[np.bool_], seed: int) -> list[Operand | None]:
    """Each column's sum, None where all its weights are zero; equal and opposite columns share one."""
    columns = [tuple(column) for column in weights.T.tolist()]
    signs = [int(np.sign(next((weight for weight in column if weight), 0))) for column in columns]
    keys = [tuple(sign * weight for weight in column) for sign, column in zip(signs, columns, strict=True)]
    known: dict[tuple[int, ...], Operand] = {}
    # Live columns share among themselves; the others, which synthesis prunes, must not change that.
    for wanted in (live, ~live):
        new = [key for key, ok in zip(keys, wanted, strict=True) if ok and any(key) and key not in known]
        new = list(dict.fromkeys(new))
        known.update(zip(new, _sums(linear, new, seed), strict=True))
    return [_signed(known[key], sign) if sign else None for key, sign in zip(keys, signs, strict=True)]


def _signed(term: Operand, sign: int) -> Operand:
    return Operand(term.node, sign * term.sign, term.shift)


def _sums(linear: LinearGraph, columns: list[tuple[int, ...]], seed: int) -> list[Operand]:
    if not columns:
        return []
    shared = SharedTerms(linear, signed_digits(np.array(columns, dtype=np.int64).T), seed)
    shared.reduce()
    return [add_up(linear, terms) for terms in shared.columns()]


def _sum(linear: LinearGraph, term: Operand | None, constant: int) -> int:
    return linear.constant(constant) if term is None else linear.exact(term, constant)


def _count(linear: LinearGraph, term: Operand | None, cuts: list[int]) -> int:
    graph = linear.graph
    levels = tuple(_level(linear, term, cut) for cut in sorted(cuts))
    low = sum(graph.low[level] for level in levels)
    high = sum(graph.high[level] for level in levels)
    return linear.constant(low) if low == high else graph.add(Count(levels), low, high)


def _level(linear: LinearGraph, term: Operand | None, cut: int) -> int:
    """Node that is 1 where the sum reaches `cut`."""
    if term is None:
        return linear.constant(int(cut <= 0))
    inverted = term.sign < 0
    # -(v << s) >= cut is not (v >= floor(-cut / 2**s) + 1); (v << s) >= cut is v >= ceil(cut / 2**s).
    bound = (-cut >> term.shift) + 1 if inverted else -(-cut >> term.shift)
    bound += linear.constants[term.node]
    low, high = linear.graph.low[term.node], linear.graph.high[term.node]
    if bound <= low or bound > high:
        return linear.constant(int((bound <= low) != inverted))
    return linear.graph.add(AtLeast(term.node, bound, inverted), 0, 1)


def _lower_argmax(wire: Wire) -> LoweredLayer:
    """A tree of comparisons of neighbours; the left one wins when equal, so the first of equals wins."""
    graph = Graph()
    rivals = []
    for index, (low, high) in enumerate(zip(wire.low.tolist(), wire.high.tolist(), strict=True)):
        value = graph.add(Input(index), low, high)
        rivals.append((value, graph.add(Constant(index), index, index)))
    while len(rivals) > 1:
        pairs = zip(rivals[::2], rivals[1::2], strict=False)
        rivals = [_winner(graph, a, b) for a, b in pairs] + rivals[len(rivals) & ~1 :]
    graph.outputs = [rivals[0][1]]
    label = rivals[0][1]
    bits = max(1, (len(wire.low) - 1).bit_length())
    ends = np.array([graph.low[label]]), np.array([graph.high[label]])
    return LoweredLayer("argmax", graph, wire, Wire(*ends, bits, False), (True,))


def _winner(graph: Graph, left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
    if graph.low[left[0]] >= graph.high[right[0]]:
        return left
    if graph.low[right[0]] > graph.high[left[0]]:
        return right
    select = graph.add(Greater(right[0], left[0]), 0, 1)
    value, label = (_choose(graph, select, *pair) for pair in zip(right, left, strict=True))
    return value, label


def _choose(graph: Graph, select: int, one: int, zero: int) -> int:
    low = [graph.low[one], graph.low[zero]]
    high = [graph.high[one], graph.high[zero]]
    return graph.add(Choose(select, one, zero), min(low), max(high))
