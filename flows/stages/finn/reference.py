"""What answers for FINN's design: a class where the network ends in one, which the driver finds, else its integers."""

from __future__ import annotations

from flows.stages.rtl.reference import GraphReference
from toolchain.graph.graph import Graph, with_outputs
from toolchain.graph.ops import ArgMax
from toolchain.graph.types import IntType
from toolchain.results.core import CoreOutput


def finn_reference(graph: Graph) -> GraphReference:
    """The network up to its last output: the class, where there is one."""
    end = graph.outputs[-1]
    return GraphReference(with_outputs(graph, [end]), _output(graph, end.node))


def _output(graph: Graph, name: str) -> CoreOutput:
    node, found = graph[name], graph.types[name]
    if isinstance(node.op, ArgMax):
        return CoreOutput.label(graph.types[node.inputs[0]].channels)
    kind = IntType.of(found.element.datatype)
    return CoreOutput(found.size, kind.bits, kind.low < 0, found.size, None, found.shape)
