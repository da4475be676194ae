"""From integer layers to graphs: one graph a layer, plus one for the argmax.

Wire values: an input element as its type says (BIPOLAR as one bit), a layer's output as the count of
thresholds reached. ``scale * wire + offset`` is the integer executor's value; both are folded into the
weights and thresholds of the layer that reads the wire.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hls.arithmetic import must_be_computable
from hls.unrolled.adding import heap_sum, node_of
from hls.unrolled.common import share_common
from hls.unrolled.cost import total_positions
from hls.unrolled.fabric import FOUR, Fabric
from hls.unrolled.heaps import Heap
from hls.unrolled.ir import AtLeast, Choose, Constant, Count, Graph, Greater, Input, Operand, Reached
from hls.unrolled.linear import LinearGraph
from hls.unrolled.neurons import table_graph
from hls.unrolled.sharing import SharedTerms, Sharing, signed_digits
from hls.unrolled.trees import add_up
from toolchain.graph.dense import DenseLayer, DenseNetwork
from toolchain.graph.types import IntType

Integers = NDArray[np.int64]

# Ways of sharing that are tried for each layer; the cheapest result is taken.
_WAYS = [Sharing(seed) for seed in range(4)]
# Non-zero weights of a layer from which on what neurons have in common is looked for with the best seed alone: it takes
# as long as all the rest.
_LARGE = 2_000

# A neuron's sum: a node of the graph, or bits that are not added up.
Total = Operand | Heap


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

    @property
    def live_outputs(self) -> list[int]:
        """Nodes of the live outputs, each once."""
        return sorted({output for output, wanted in zip(self.graph.outputs, self.live, strict=True) if wanted})

    @property
    def positions(self) -> float:
        """LUT positions that synthesis makes of it, estimated."""
        return self.graph.fabric.mapped * total_positions(self.graph, self.live_outputs)


def lower_network(network: DenseNetwork, fabric: Fabric = FOUR) -> list[LoweredLayer]:
    """All layers in order, then the argmax, for a fabric.

    Raises:
        ModelError: a layer that the hardware cannot compute; the message names it.
    """
    for layer in network.layers:
        must_be_computable(layer)
    lowered, wire = [], _input_wire(network)
    for index, layer in enumerate(network.layers):
        readers = network.layers[index + 1].weights if index + 1 < len(network.layers) else None
        live = np.ones(layer.outputs, np.bool_) if readers is None else np.asarray(readers.any(axis=1))
        lowered.append(_lower_layer(layer, wire, live, fabric))
        wire = lowered[-1].result
    return [*lowered, _lower_argmax(wire, fabric)]


def _input_wire(network: DenseNetwork) -> Wire:
    low, high = IntType.of(network.input_type).ends
    bits, shape = IntType.of(network.input_type).bits, network.inputs
    if network.input_type == "BIPOLAR":
        return Wire(np.zeros(shape, np.int64), np.ones(shape, np.int64), 1, False, 2, -1)
    return Wire(np.full(shape, low), np.full(shape, high), bits, low < 0)


def _lower_layer(layer: DenseLayer, wire: Wire, live: NDArray[np.bool_], fabric: Fabric) -> LoweredLayer:
    if layer.table is not None:
        graph = table_graph(layer, wire, fabric)
    else:
        large = fabric.heaped and int(np.count_nonzero(layer.weights)) > _LARGE
        graph = cheapest(lambda sharing: _layer_graph(layer, wire, live, sharing, fabric), live, large=large)
    return LoweredLayer(layer.name, graph, wire, _result(graph, layer), tuple(live.tolist()))


def cheapest(make: Callable[[Sharing], Graph], live: NDArray[np.bool_], *, large: bool = False) -> Graph:
    """Of the graphs that are made in several ways the one whose live outputs take the least logic.

    Args:
        large: try the ways without sharing what neurons have in common, and do that in the best alone.
    """

    def cost(graph: Graph) -> float:
        return total_positions(graph, [o for o, wanted in zip(graph.outputs, live, strict=True) if wanted])

    if not large:
        return min(map(make, _WAYS), key=cost)
    quick = [replace(way, common=False) for way in _WAYS]
    return make(replace(min(quick, key=lambda way: cost(make(way))), common=True))


def _layer_graph(layer: DenseLayer, wire: Wire, live: NDArray[np.bool_], sharing: Sharing, fabric: Fabric) -> Graph:
    bias = wire.offset * layer.weights.sum(axis=0) + layer.biases
    if layer.thresholds is None:
        return sums_of(wire, layer.weights * wire.scale, bias, live, sharing, fabric)
    linear = LinearGraph(wire.low, wire.high, fabric)
    cuts = -((bias[:, None] - layer.thresholds) // wire.scale)
    outputs = cuts.shape[1].bit_length()
    sums = _accumulators(linear, layer.weights, live, sharing, outputs if outputs <= fabric.search_bits else 0)
    linear.graph.outputs = [_count(linear, total, row) for total, row in zip(sums, cuts.tolist(), strict=True)]
    return linear.graph


def sums_of(
    wire: Wire, weights: Integers, constants: Integers, live: NDArray[np.bool_], sharing: Sharing, fabric: Fabric = FOUR
) -> Graph:
    """The graph of ``constants + wire @ weights``; see `LoweredLayer` for `live`."""
    linear = LinearGraph(wire.low, wire.high, fabric)
    sums = _accumulators(linear, weights, live, sharing, 0)
    linear.graph.outputs = [_sum(linear, total, int(c)) for total, c in zip(sums, constants, strict=True)]
    return linear.graph


def _result(graph: Graph, layer: DenseLayer) -> Wire:
    low = np.array([graph.low[output] for output in graph.outputs], dtype=np.int64)
    high = np.array([graph.high[output] for output in graph.outputs], dtype=np.int64)
    if layer.table is not None:
        return Wire(low, high, max(1, int(high.max()).bit_length()), False, layer.out_scale, layer.out_bias)
    if layer.thresholds is not None:
        bits = max(1, layer.thresholds.shape[1].bit_length())
        return Wire(low, high, bits, False, layer.out_scale, layer.out_bias)
    least, most = layer.accumulator_range()
    bits = 1 + max(int(most.max()).bit_length(), (-1 - int(least.min())).bit_length())
    return Wire(low, high, bits, True)


def _accumulators(
    linear: LinearGraph, weights: Integers, live: NDArray[np.bool_], sharing: Sharing, outputs: int
) -> list[Total | None]:
    """Each column's sum, None where all its weights are zero; equal and opposite columns share one.

    Args:
        outputs: bits that a sum is compared to give; 0 where its value is wanted.
    """
    columns = [tuple(column) for column in weights.T.tolist()]
    signs = [int(np.sign(next((weight for weight in column if weight), 0))) for column in columns]
    keys = [tuple(sign * weight for weight in column) for sign, column in zip(signs, columns, strict=True)]
    known: dict[tuple[int, ...], Total] = {}
    # Live columns share among themselves; the others, which synthesis prunes, must not change that.
    for wanted in (live, ~live):
        new = [key for key, ok in zip(keys, wanted, strict=True) if ok and any(key) and key not in known]
        new = list(dict.fromkeys(new))
        known.update(zip(new, _sums(linear, new, sharing, outputs), strict=True))
    return [_signed(known[key], sign) if sign else None for key, sign in zip(keys, signs, strict=True)]


def _signed(total: Total, sign: int) -> Total:
    if isinstance(total, Heap):
        return total.negated() if sign < 0 else total
    return Operand(total.node, sign * total.sign, total.shift)


def _sums(linear: LinearGraph, columns: list[tuple[int, ...]], sharing: Sharing, outputs: int) -> list[Total]:
    terms = {column: _few_terms(linear, column, outputs) for column in columns}
    many = [column for column in columns if not terms[column]]
    totals = dict(zip(many, _shared_sums(linear, many, sharing, outputs), strict=True))
    return [_heaped(linear, few, outputs) if (few := terms[column]) else totals[column] for column in columns]


def _few_terms(linear: LinearGraph, column: tuple[int, ...], outputs: int) -> list[Operand]:
    """The terms of a sum that is compared, where all its bits go into one look-up table; there is nothing to share."""
    if not outputs or not linear.fabric.heaped or sum(map(bool, column)) > linear.fabric.lut_inputs:
        return []
    digits = signed_digits(np.array(column, dtype=np.int64)[:, None])[:, 0]
    terms = [Operand(row, int(digits[row, place]), place) for row, place in np.argwhere(digits).tolist()]
    bits = sum(linear.graph.width(term.node) for term in terms)
    return terms if bits <= linear.fabric.lut_inputs else []


def _shared_sums(linear: LinearGraph, columns: list[tuple[int, ...]], sharing: Sharing, outputs: int) -> list[Total]:
    if not columns:
        return []
    shared = SharedTerms(linear, signed_digits(np.array(columns, dtype=np.int64).T), sharing.seed)
    shared.reduce()
    left = shared.columns()
    if not linear.fabric.heaped:
        return [add_up(linear, terms) for terms in left]
    if sharing.common:
        left = share_common(linear, left, outputs)
    return [_heaped(linear, terms, outputs) for terms in left]


def _heaped(linear: LinearGraph, terms: list[Operand], outputs: int) -> Total:
    if len(terms) == 1 and not outputs:
        return terms[0]
    heap = heap_sum(linear, terms, outputs)
    return heap if outputs else node_of(heap)


def _sum(linear: LinearGraph, total: Total | None, constant: int) -> int:
    if total is None:
        return linear.constant(constant)
    assert isinstance(total, Operand), "sums that are not compared are nodes"
    return linear.exact(total, constant)


def _count(linear: LinearGraph, total: Total | None, cuts: list[int]) -> int:
    graph = linear.graph
    if isinstance(total, Heap):
        return _reached(linear, total, sorted(cuts))
    levels = tuple(_level(linear, total, cut) for cut in sorted(cuts))
    low = sum(graph.low[level] for level in levels)
    high = sum(graph.high[level] for level in levels)
    return linear.constant(low) if low == high else graph.add(Count(levels), low, high)


def _reached(linear: LinearGraph, heap: Heap, cuts: list[int]) -> int:
    low, high = (bisect_right(cuts, end) for end in (heap.low, heap.high))
    if low == high:
        return linear.constant(low)
    return linear.graph.add(Reached(heap.columns, tuple(cut + heap.constant for cut in cuts)), low, high)


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


def _lower_argmax(wire: Wire, fabric: Fabric) -> LoweredLayer:
    """A tree of comparisons of neighbours; the left one wins when equal, so the first of equals wins."""
    graph = Graph(fabric=fabric)
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
