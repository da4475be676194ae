"""A chain of dense layers that ends in one class, as a view of the integer graph: it has core generators of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph, Node, with_outputs
from toolchain.graph.ops import ArgMax, Input, Linear, Reshape, Table, Threshold
from toolchain.graph.types import IntType, TensorType, weight_type

Integers = NDArray[np.int64]

# Sums of so many values may go on without a quantiser: those of a byte.
_MOST_VALUES = 255

MOST_TABLE_BITS = 6
"""Input bits of a neuron that is a look-up table: those of the largest look-up table of any device."""

LOGITS, LABEL, INPUT = "logits", "label", "input"
"""Names that the graph of a classifier gives to its outputs, and to its input."""


@dataclass(frozen=True)
class DenseLayer:
    """Integer matrix product, followed (except in the last layer) by thresholds or a table.

    Attributes:
        name: the product's name in the graph.
        weights: shape (inputs, outputs).
        input_type, output_type: names of qonnx DataTypes ("BINARY", "UINT8", "BIPOLAR").
        thresholds: shape (outputs, levels), ascending along levels, or None: the layer yields accumulators.
        out_scale, out_bias: the output is ``out_scale * sum(accumulator >= thresholds) + out_bias``; with a table its
            values are ``out_scale * code + out_bias``, codes from zero up.
        bias: shape (outputs,), part of the accumulators; zeros where there are thresholds, which hold it.
        table: what the accumulators become, in the place of thresholds: a neuron of at most `MOST_TABLE_BITS` input
            bits is any function of them, which its weights number.
    """

    name: str
    weights: Integers
    input_type: str
    output_type: str = "INT32"
    thresholds: Integers | None = None
    out_scale: int = 1
    out_bias: int = 0
    bias: Integers | None = None
    table: Table | None = None

    @property
    def inputs(self) -> int:
        """Number of input elements."""
        return int(self.weights.shape[0])

    @property
    def outputs(self) -> int:
        """Number of neurons."""
        return int(self.weights.shape[1])

    @property
    def biases(self) -> Integers:
        """The bias of each neuron, zeros where there is none."""
        return np.zeros(self.outputs, np.int64) if self.bias is None else self.bias

    @property
    def quantised(self) -> bool:
        """Whether it yields codes, and no accumulators."""
        return self.thresholds is not None or self.table is not None

    @property
    def weight_type(self) -> str:
        """Name of the weights' DataType; see `toolchain.graph.types.weight_type`."""
        return weight_type(self.weights)

    def accumulator_range(self) -> tuple[Integers, Integers]:
        """Least and greatest accumulator of each neuron over all inputs of the input type, shape (outputs,)."""
        source = IntType.of(self.input_type)
        positive, negative = np.maximum(self.weights, 0).sum(0), np.minimum(self.weights, 0).sum(0)
        low = positive * source.low + negative * source.high + self.biases
        return low, positive * source.high + negative * source.low + self.biases


@dataclass(frozen=True)
class Execution:
    """All results of a batch: each layer's outputs (the last one's are the logits) and the labels."""

    layers: tuple[Integers, ...]
    labels: Integers

    @property
    def logits(self) -> Integers:
        """Integer logits, shape (batch, classes)."""
        return self.layers[-1]


@dataclass(frozen=True)
class DenseNetwork:
    """A chain of dense layers that ends in an argmax; the first of equal logits wins.

    Attributes:
        graph: what it is a view of, and what answers for it.
        outputs: the node of each layer whose tensor is the layer's output.
    """

    graph: Graph
    layers: tuple[DenseLayer, ...]
    outputs: tuple[str, ...]

    @property
    def input_type(self) -> str:
        """DataType name of the network's input elements."""
        return self.layers[0].input_type

    @property
    def inputs(self) -> int:
        """Number of input elements."""
        return self.layers[0].inputs

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.layers[-1].outputs

    @property
    def logit_scale(self) -> float:
        """The float network's logits are ``logit_scale * integer logits + logit_offset``."""
        return next((o.scale for o in self.graph.outputs if o.node == self.outputs[-1]), 1.0)

    @property
    def logit_offset(self) -> float:
        """See `logit_scale`."""
        return next((o.offset for o in self.graph.outputs if o.node == self.outputs[-1]), 0.0)

    @property
    def scores(self) -> Graph:
        """The graph up to its logits, without the label."""
        return with_outputs(self.graph, [o for o in self.graph.outputs if o.node == self.outputs[-1]])

    def run(self, x: NDArray[Any]) -> Execution:
        """Execute integer inputs of shape (batch, inputs) exactly.

        Raises:
            ModelError: a value is none of the input type, for which neither widths nor thresholds were made.
        """
        values = run_one(self.graph, x, self.outputs)
        layers = tuple(
            values[name].astype(np.int64).reshape(len(x), layer.outputs)
            for name, layer in zip(self.outputs, self.layers, strict=True)
        )
        return Execution(layers, layers[-1].argmax(axis=1).astype(np.int64))


def dense_graph(layers: Sequence[DenseLayer], logit_scale: float = 1.0, logit_offset: float = 0.0) -> Graph:
    """The graph of a chain of dense layers, ended by an argmax; outputs are the logits and the label."""
    graph, source = Graph(), IntType.of(layers[0].input_type)
    bounds = TensorType((layers[0].inputs,), source.low, source.high, source.step)
    current = graph.add(INPUT, Input(bounds))
    for index, layer in enumerate(layers):
        current = graph.add(layer.name, Linear(layer.weights, layer.biases), current)
        if layer.thresholds is not None:
            activation = Threshold(layer.thresholds, layer.out_scale, layer.out_bias)
            current = graph.add(f"activation_{index}", activation, current)
        elif layer.table is not None:
            current = graph.add(f"activation_{index}", layer.table, current)
    graph.end(LOGITS, current, logit_scale, logit_offset)
    graph.end(LABEL, graph.add(LABEL, ArgMax(), current))
    return graph


def dense_network(graph: Graph) -> DenseNetwork:
    """The graph as a chain of dense layers.

    Raises:
        ModelError: it is something else; names the first node that does not belong.
    """
    steps = list(_chain(graph))
    layers, outputs = [], []
    kind = graph.types[graph.sole_input].element.datatype
    products = [node for node in steps if isinstance(node.op, Linear)]
    for node, follower in zip(steps, [*steps[1:], None], strict=True):
        if isinstance(node.op, Linear):
            counted = follower if follower is not None and isinstance(follower.op, Threshold | Table) else node
            activation = counted.op if isinstance(counted.op, Threshold | Table) else None
            if activation is None and node is not products[-1]:
                activation = _as_they_are(graph.types[node.name])
            if isinstance(activation, Table):
                layers.append(_tabled(node.name, node.op, kind, activation, graph.types[counted.name].element))
            else:
                layers.append(_layer(node.name, node.op, kind, activation))
            outputs.append(counted.name)
            kind = layers[-1].output_type
    for layer in layers:
        if layer.quantised == (layer is layers[-1]):
            raise ModelError(f"node {layer.name} (Linear): {_LAST if layer is layers[-1] else _INNER}")
    if not layers:
        raise ModelError("the network has no dense layer; nothing to map to hardware")
    return DenseNetwork(graph, tuple(layers), tuple(outputs))


def _as_they_are(sums: TensorType) -> Threshold | None:
    """Thresholds that leave small sums as they are, one at each value; None where there would be too many."""
    low, high = int(sums.low.min()), int(sums.high.max())
    return Threshold(np.arange(low + 1, high + 1)[None], 1, low) if 0 < high - low <= _MOST_VALUES else None


def _layer(name: str, op: Linear, input_type: str, activation: Threshold | None) -> DenseLayer:
    layer = DenseLayer(name, op.weights, input_type, bias=op.bias if op.bias.any() else None)
    if activation is None:
        return layer
    # Thresholds of the bare sums hold the bias.
    table = np.broadcast_to(activation.table, (op.outputs, activation.levels)) - op.bias[:, None]
    least, step = activation.least, activation.step
    ends = sorted((least, least + step * activation.levels))
    output = IntType(ends[0], ends[1], abs(step) if activation.levels else 1).datatype
    return replace(layer, output_type=output, thresholds=table, out_scale=step, out_bias=least, bias=None)


def _tabled(name: str, op: Linear, input_type: str, table: Table, output: IntType) -> DenseLayer:
    """A layer of look-up tables.

    Raises:
        ModelError: a neuron has more input bits than a look-up table.
    """
    bits = np.count_nonzero(op.weights, axis=0) * IntType.of(input_type).bits
    if (most := int(bits.max())) > MOST_TABLE_BITS:
        raise ModelError(
            f"node {name} (Linear): a table follows, and neuron {int(bits.argmax())} has {most} input bits; a neuron "
            f"that is a table has {MOST_TABLE_BITS} at most; {_ONLY}"
        )
    bias = op.bias if op.bias.any() else None
    return DenseLayer(name, op.weights, input_type, output.datatype, None, output.step, output.low, bias, table)


def must_be_dense(graph: Graph, node: Node) -> None:
    """Refuse a node that cannot stand in a chain of dense layers.

    Raises:
        ModelError: names it.
    """
    if not isinstance(node.op, Input | Linear | Threshold | Table | Reshape | ArgMax) or _not_flat(graph, node):
        raise ModelError(f"node {node.name} ({type(node.op).__name__}): {_ONLY}")


def _chain(graph: Graph) -> Iterator[Node]:
    """The nodes from the input to the label, reshapes left out.

    Raises:
        ModelError: a node that is no part of such a chain.
    """
    current, before = graph.sole_input, ""
    while True:
        takers = graph.takers(current)
        if not takers:
            break
        node = takers[0]
        where = f"node {node.name} ({type(node.op).__name__})"
        if len(takers) > 1:
            raise ModelError(f"{where}: the network branches at {current}; {_ONLY}")
        must_be_dense(graph, node)
        if isinstance(node.op, Threshold | Table) and before != "Linear":
            what = "a table" if isinstance(node.op, Table) else "thresholds"
            raise ModelError(f"{where}: {what} behind {before or 'the input'}; {_ONLY}")
        current = node.name
        if not isinstance(node.op, Reshape):
            before = type(node.op).__name__
            yield node
    if before != "ArgMax":
        raise ModelError(f"the network ends in {current}, which is no class; {_ONLY}")


_ONLY = (
    "STRATEGY=unrolled takes chains of dense layers that end in a class; our own folded RTL takes any graph, without "
    "STRATEGY"
)

_LAST = f"the last layer's scores are quantised again; {_ONLY}"
_INNER = f"no quantiser follows it; {_ONLY}"


def _not_flat(graph: Graph, node: Node) -> bool:
    """Whether a product works on more than one row of an input, or in groups."""
    return isinstance(node.op, Linear) and (node.op.groups > 1 or len(graph.types[node.name].shape) > 1)


def network_of(layers: Sequence[DenseLayer], logit_scale: float = 1.0, logit_offset: float = 0.0) -> DenseNetwork:
    """A chain of dense layers as a network of its own; see `dense_graph`."""
    return dense_network(dense_graph(layers, logit_scale, logit_offset))
