"""A network of somebody else's as hardware takes it."""

from __future__ import annotations

from hls.graph_stages import stages_of
from toolchain.errors import ModelError
from toolchain.graph.graph import Graph
from toolchain.graph.labelled import classifier, must_be_single
from toolchain.graph.readers.source import Source


def as_hardware(source: Source, flow: str) -> Graph:
    """A chain of dense layers ended by its class, where the graph is one; of our own RTL any other graph as it is.

    Raises:
        ModelError: several inputs or outputs, or nodes that the flow does not take; names them.
    """
    try:
        return classifier(source.graph).graph
    except ModelError:
        if flow == "finn":
            raise
    must_be_single(source)
    stages_of(source.graph)
    return source.graph
