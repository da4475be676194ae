"""A trained model as an integer graph: what streamline writes, check tries and ONNX Runtime's graphs are made of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper

from flows.stages.graph_layers import layers_of_graph
from toolchain.errors import ModelError
from toolchain.graph.dense import dense_network
from toolchain.graph.execute import run
from toolchain.graph.export import Golden
from toolchain.graph.graph import Graph
from toolchain.graph.labelled import with_label
from toolchain.graph.model_file import run_model
from toolchain.graph.ops import Threshold
from toolchain.graph.readers.qonnx.read import read_qonnx
from toolchain.graph.segments import is_chain
from toolchain.graph.streamline import streamline
from toolchain.graph.verify import Named, compare, fail, verify_integer
from toolchain.results.check import Check
from toolchain.results.facts.network import Layer, layers_of
from toolchain.runtime.network_file.answer import integers_of, outputs_of
from toolchain.runtime.network_file.whole import with_outputs

# What may follow the logits: it moves them.
_MOVING = {"Flatten", "Identity", "Reshape", "Transpose"}


def trained_graph(model: ModelWrapper) -> Graph:
    """The integer graph of an exported model, ended by its label.

    Raises:
        ModelError: it cannot be expressed so; names the nodes and the mend.
    """
    if is_chain(model):
        return streamline(model).graph
    source = read_qonnx(model)
    behind = [] if source.tail is None else [n for n in source.tail.graph.node if n.op_type not in _MOVING]
    if behind:
        raise ModelError(
            f"node {behind[0].name} ({behind[0].op_type}): follows the last layer, and may make equal what the logits "
            "tell apart; end the network with its logits"
        )
    return with_label(source.graph)


def verify_graph(graph: Graph, model: ModelWrapper, golden: Golden) -> Check:
    """The integer graph against the golden float logits: scaled, its own must equal them exactly.

    Raises:
        VerificationError: they differ; names the first input and layer.
    """
    if is_chain(model):
        return verify_integer(dense_network(graph), model, golden)
    source = read_qonnx(model)
    source = replace(source, graph=with_outputs(graph, source.graph.outputs))
    x = golden.x.reshape(len(golden.x), *source.inputs[0].shape).astype(np.float32)
    integers = integers_of(source, x)
    logits = outputs_of(source, integers)
    check, index = compare("streamline", golden.logits, logits.reshape(golden.logits.shape))
    if index is not None:
        one = {name: values[index : index + 1] for name, values in integers.items()}
        fail("streamline", check, index, *_layers(source.graph, model, golden.x[index], one))
    return check


def told_layers(graph: Graph, model: ModelWrapper) -> tuple[Layer, ...]:
    """What the facts tell of the layers."""
    return layers_of(dense_network(graph).layers) if is_chain(model) else layers_of_graph(graph)


def _layers(
    graph: Graph, model: ModelWrapper, x: NDArray[Any], integers: dict[str, NDArray[Any]]
) -> tuple[Named, Named]:
    """Activations of one input in the QONNX model, in units of their quantisers, and in the integer graph."""
    quantisers = {node.name: node for node in model.graph.node}
    names = [node.name for node in graph if isinstance(node.op, Threshold) and node.name in quantisers]
    values = run_model(model, x[None], tuple(quantisers[name].output[0] for name in names), batch=1)
    wanted = []
    for name in names:
        node = quantisers[name]
        units = values[node.output[0]] / model.get_initializer(node.input[1])
        wanted.append((name, np.moveaxis(np.rint(units).astype(np.int64), 1, -1)))
    found = run(graph, integers, names)
    return wanted, [(name, found[name]) for name in names]
