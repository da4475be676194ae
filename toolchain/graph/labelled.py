"""A network of scores as one that names a class, which is what an FPGA answers with."""

from __future__ import annotations

import numpy as np

from toolchain.errors import ModelError
from toolchain.graph.dense import LABEL, DenseNetwork, dense_network, refusals
from toolchain.graph.graph import Graph, Output
from toolchain.graph.ops import ArgMax


def classifier(graph: Graph) -> DenseNetwork:
    """A network of scores as an FPGA takes it: a chain of dense layers that ends in a class.

    Raises:
        ModelError: it is something else; names the first node that the hardware does not take, else what else is wrong.
    """
    for name, why in refusals(graph).items():
        raise ModelError(f"node {name} ({type(graph[name].op).__name__}): {why}")
    return dense_network(with_label(graph))


def with_label(graph: Graph) -> Graph:
    """The graph with an argmax behind its scores; the graph itself where it ends in one.

    Raises:
        ModelError: it has several outputs, or one that is no vector of scores that rise with their integers.
    """
    ends = [output for output in graph.outputs if not isinstance(graph[output.node].op, ArgMax)]
    if len(ends) < len(graph.outputs):
        return graph
    if len(ends) != 1:
        names = ", ".join(output.name for output in ends)
        raise ModelError(f"the network has {len(ends)} outputs ({names}); an FPGA answers with one class")
    _must_be_scores(graph, ends[0])
    result = Graph()
    for node in graph:
        result.add(node.name, node.op, *node.inputs)
    scores = ends[0]
    result.end(scores.name, scores.node, scores.scale, scores.offset)
    name = LABEL if LABEL not in result else f"{LABEL}_of_{scores.node}"
    result.end(f"{scores.name}_{LABEL}", result.add(name, ArgMax(), scores.node))
    return result


def _must_be_scores(graph: Graph, scores: Output) -> None:
    shape = graph.types[scores.node].shape
    if len(shape) != 1 or shape[0] < 2 or not scores.scale > 0 or not np.isfinite(scores.offset):
        raise ModelError(
            f"output {scores.name} of shape {shape} is no vector of scores; an FPGA answers with one class"
        )
