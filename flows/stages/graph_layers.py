"""What is told of an integer graph's matrix products."""

from __future__ import annotations

from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Linear, Threshold
from toolchain.graph.types import weight_type
from toolchain.results.facts.network import Layer, layers_of
from toolchain.runtime.trained import Trained


def layers_of_graph(graph: Graph) -> tuple[Layer, ...]:
    """One entry for each product, convolutions among them."""
    return tuple(_layer(graph, node, node.op) for node in graph if isinstance(node.op, Linear))


def layers_of_trained(trained: Trained) -> tuple[Layer, ...]:
    """The same of a trained model; of a chain of dense layers as hardware has them."""
    return layers_of_graph(trained.graph) if trained.network is None else layers_of(trained.network.layers)


def _layer(graph: Graph, node: Node, op: Linear) -> Layer:
    """A product; its output is that of the thresholds behind it, where there are any."""
    last = next((taker for taker in graph.takers(node.name) if isinstance(taker.op, Threshold)), node)
    return Layer(
        name=node.name,
        inputs=op.inputs,
        outputs=op.outputs,
        input_type=graph.types[node.inputs[0]].element.datatype,
        weight_type=weight_type(op.weights),
        output_type=graph.types[last.name].element.datatype,
    )
