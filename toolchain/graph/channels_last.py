"""Channels-last operators of qonnx as ONNX's own, between two transpositions, which is how qonnx defines them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import onnx
from onnx import NodeProto, helper

from toolchain.errors import ModelError

DOMAIN = "qonnx.custom_op.channels_last"
OPERATORS = frozenset({"Conv", "MaxPool", "BatchNormalization"})


def with_channels_first(model: onnx.ModelProto) -> None:
    """Turn each known operator of `DOMAIN` into one with its channels on the second axis, in place.

    Raises:
        ModelError: nothing says how many axes such an operator's input has; names the node.
    """
    ranks = dict(_ranks(model.graph))
    nodes = [new for index, node in enumerate(model.graph.node) for new in _turned(node, index, ranks)]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _ranks(graph: onnx.GraphProto) -> Iterator[tuple[str, int]]:
    for value in (*graph.input, *graph.value_info, *graph.output):
        yield value.name, len(value.type.tensor_type.shape.dim)
    for node in graph.node:
        if node.input and (kernel := _kernel(node)):
            yield node.input[0], len(kernel) + 2


def _kernel(node: NodeProto) -> list[int]:
    return next((list(a.ints) for a in node.attribute if a.name == "kernel_shape"), [])


def _turned(node: NodeProto, index: int, ranks: Mapping[str, int]) -> Iterator[NodeProto]:
    if node.domain != DOMAIN or node.op_type not in OPERATORS or not node.input or not node.output:
        yield node
        return
    rank = ranks.get(node.input[0], 0)
    if not 3 <= rank <= 5:
        raise ModelError(f"node {node.name or node.output[0]} ({node.op_type}): channels last, and {rank} axes known")
    first, last = [0, rank - 1, *range(1, rank - 1)], [0, *range(2, rank), 1]
    inner = NodeProto()
    inner.CopyFrom(node)
    inner.domain, inner.output[0] = "", f"{node.output[0]}_channels_first"
    # Weights of a Conv have their channels last, too.
    for place in range(2 if node.op_type == "Conv" else 1):
        # The position keeps names apart where two nodes take one tensor.
        inner.input[place] = f"{node.input[place]}_channels_first_{index}"
        yield _transpose(node.input[place], inner.input[place], first)
    yield inner
    yield _transpose(inner.output[0], node.output[0], last)


def _transpose(source: str, target: str, axes: list[int]) -> NodeProto:
    return helper.make_node("Transpose", [source], [target], name=f"{target}_transpose", perm=axes)
