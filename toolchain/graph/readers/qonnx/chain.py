"""A QONNX model as a chain of dense layers: what hardware is made of, with inputs in the file's own order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper

from toolchain.errors import ModelError
from toolchain.graph.dense import DenseNetwork, network_of
from toolchain.graph.labelled import classifier
from toolchain.graph.labelling import CHOOSING, described, no_label
from toolchain.graph.readers.qonnx.ends import SOFTMAX_UNIT
from toolchain.graph.readers.source import Source

MOVING = frozenset({"Flatten", "Identity", "Reshape", "Transpose"})
"""Operators that change no value."""


def chain_of(source: Source) -> DenseNetwork:
    """What was read as a chain of dense layers.

    Its graph has the names that hardware gives, takes the elements of an input as they lie in the file, one after
    another, and has no node but products, thresholds and the label.

    Raises:
        ModelError: it is something else, or answers with more than the greatest of its scores; names the first node
            that is no part of a chain.
    """
    _must_end_in_a_class(source)
    network = classifier(source.graph)
    if network.logit_scale < SOFTMAX_UNIT and any(n.op_type == "Softmax" for n in _behind(source)):
        raise ModelError(
            f"layer {network.layers[-1].name}: a Softmax cannot tell logits of {network.logit_scale:g} a unit apart; "
            "leave it out"
        )
    first, *others = network.layers
    weights = np.empty_like(first.weights)
    weights[_order(source)] = first.weights
    return network_of([replace(first, weights=weights), *others], network.logit_scale, network.logit_offset)


def must_end_in_scores(source: Source) -> None:
    """Refuse whatever stands behind the last integers, and is more than another order of axes.

    Raises:
        ModelError: names the first such node.
    """
    if behind := _behind(source):
        raise ModelError(_why_not(behind[0]))


def _must_end_in_a_class(source: Source) -> None:
    """Refuse an end of which the greatest integer is not the class, and a label of another rule.

    Raises:
        ModelError: names the node.
    """
    steps = {f"{output.name}_" for output in source.graph.outputs}
    for node in _behind(source):
        step = any(node.name.startswith(name) for name in steps)
        if (step and not source.ordered) or (not step and node.op_type != "Softmax"):
            raise ModelError(_why_not(node))


def _why_not(node: NodeProto) -> str:
    if node.op_type in CHOOSING:
        return no_label(node)
    return (
        f"node {node.name} ({described(node)}): follows the last layer, and may make equal what the logits tell "
        "apart, or scale or shift classes differently; end the network with its logits, all of one scale"
    )


def _behind(source: Source) -> list[NodeProto]:
    return [] if source.tail is None else [n for n in source.tail.graph.node if n.op_type not in MOVING]


def _order(source: Source) -> NDArray[np.int64]:
    """Where each element of the graph's input lies in the file's, both flat: channels go last in the graph."""
    graph = source.graph
    shape = graph.types[graph.sole_input].shape
    last = next((n for n in source.front.graph.node if n.output[0] == graph.sole_input), None) if source.front else None
    if last is None or last.op_type != "Transpose":
        return np.arange(int(np.prod(shape)))
    axes = [axis - 1 for axis in helper.get_node_attr_value(last, "perm")[1:]]
    places = np.arange(int(np.prod(shape))).reshape([shape[axes.index(axis)] for axis in range(len(axes))])
    return places.transpose(axes).reshape(-1)
