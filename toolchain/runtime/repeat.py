"""A reference must answer twice alike: a model that draws random numbers cannot be proved."""

from __future__ import annotations

from collections.abc import Iterator

import onnx
from onnx import NodeProto

from toolchain.errors import ModelError
from toolchain.runtime.graph_index import GraphIndex
from toolchain.runtime.rows import Rows, same

# Vectors that are run again.
ROWS = 128

_RANDOM = {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"}


def must_repeat(model: onnx.ModelProto, first: Rows, again: Rows) -> None:
    """Refuse a model whose answers to the same inputs differ from one run to the next.

    Args:
        first, again: answers to the same inputs, shape (N, ...).

    Raises:
        ModelError: they differ; names what is random, where that can be told.
    """
    if same(first, again):
        return
    names = list(_random_nodes(model))
    cause = f": {', '.join(names[:3])} draws random numbers" if names else ""
    raise ModelError(
        f"it answers the same input otherwise each time{cause}; export it for inference (PyTorch: model.eval())"
    )


def _random_nodes(model: onnx.ModelProto) -> Iterator[str]:
    index = GraphIndex(model)
    for node in _nodes(model.graph):
        name = node.name or (node.output[0] if node.output else "")
        if node.op_type in _RANDOM:
            yield f"node {name} ({node.op_type})"
        elif node.op_type == "Dropout" and len(node.input) > 2 and node.input[2]:
            training = index.constant(node.input[2])
            if training is None or training.any():
                yield f"node {name} (Dropout in training mode)"


def _nodes(graph: onnx.GraphProto) -> Iterator[NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)
