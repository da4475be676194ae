"""A network of scores as one that names a class, which chains of dense layers answer with on an FPGA."""

from __future__ import annotations

import numpy as np
from onnx import numpy_helper

from toolchain.errors import ModelError
from toolchain.graph.dense import LABEL, DenseNetwork, dense_network, must_be_dense
from toolchain.graph.graph import Graph, Output
from toolchain.graph.labelling import CHOOSING, is_first, no_label
from toolchain.graph.ops import ArgMax
from toolchain.graph.readers.source import Source


def classifier(graph: Graph) -> DenseNetwork:
    """A network of scores as a chain of dense layers that ends in a class.

    Raises:
        ModelError: it is something else; names the first node that does not belong, else what else is wrong.
    """
    for node in graph:
        must_be_dense(graph, node)
    return dense_network(with_label(graph))


def as_chain(source: Source) -> DenseNetwork | None:
    """The network as a chain of dense layers that ends in a class; None where it is another graph, for units.

    Raises:
        ModelError: it has several inputs or outputs, or a label of another rule than the first of the greatest.
    """
    _must_choose_the_first(source)
    try:
        return classifier(source.graph)
    except ModelError:
        must_be_single(source)
    return None


def _must_choose_the_first(source: Source) -> None:
    tail = source.tail.graph if source.tail else None
    constants = {each.name: numpy_helper.to_array(each) for each in tail.initializer} if tail else {}
    for node in tail.node if tail else ():
        if node.op_type in CHOOSING and not is_first(node, constants):
            raise ModelError(no_label(node))


def must_be_single(source: Source) -> None:
    """Refuse what an FPGA cannot take.

    Raises:
        ModelError: it has several inputs or outputs; names them.
    """
    for ports, what, takes in ((source.inputs, "inputs", "takes"), (source.outputs, "outputs", "answers with")):
        if len(ports) != 1:
            names = ", ".join(port.name for port in ports)
            raise ModelError(f"the network has {len(ports)} {what} ({names}); an FPGA {takes} one")


def scores_of(graph: Graph) -> tuple[Output, ...]:
    """The outputs before the graph's label; none where it answers with nothing else."""
    return tuple(output for output in graph.outputs if not isinstance(graph[output.node].op, ArgMax))


def with_label(graph: Graph) -> Graph:
    """The graph with an argmax behind its scores; the graph itself where it ends in one.

    Raises:
        ModelError: it has several outputs, or one that is no vector of scores that rise with their integers.
    """
    ends = scores_of(graph)
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


def answer_of(graph: Graph) -> Output:
    """The scores that a network's class is the greatest of, where it ends in one class; else its first output.

    Of a network that answers with the class alone they are what the class is chosen from, in units of their own.
    """
    ends = scores_of(graph)
    if ends or graph.types[graph.outputs[0].node].size != 1:
        return (ends or graph.outputs)[0]
    (scores,) = graph[graph.outputs[0].node].inputs
    return Output(scores, scores)


def _must_be_scores(graph: Graph, scores: Output) -> None:
    shape = graph.types[scores.node].shape
    if len(shape) != 1 or shape[0] < 2 or not scores.scale > 0 or not np.isfinite(scores.offset):
        raise ModelError(
            f"output {scores.name} of shape {shape} is no vector of scores; an FPGA answers with one class"
        )
    _must_be_told_apart(graph, scores)


def _must_be_told_apart(graph: Graph, scores: Output) -> None:
    """Check that integers one apart are still two floats where float32 is coarsest, which is at the ends."""
    kind = graph.types[scores.node]
    low, high = int(kind.low.min()), int(kind.high.max())
    points = np.unique(np.clip([low, low + 1, high - 1, high], low, high))
    floats = (points - (scores.zero or 0)).astype(np.float32) * np.float32(scores.scale)
    floats += np.float32(scores.offset if scores.zero is None else 0)
    apart = np.diff(floats.astype(np.float64)) / np.diff(points)
    if not np.isfinite(floats).all() or (np.abs(apart - scores.scale) > scores.scale / 4).any():
        raise ModelError(
            f"output {scores.name}: logits of {scores.scale:g} a unit from {floats[0]:g} to {floats[-1]:g}: float32 "
            "cannot tell them apart; leave out the shift behind the last layer"
        )
