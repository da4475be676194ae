"""A third-party QONNX network as integer graphs: its float front, then the same integer core as our own networks'.

The front is what stands before the first matrix product, its quantiser included; it yields the integers that the core
takes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import ModelError
from toolchain.graph.network import IntegerNetwork, Integers
from toolchain.graph.segments import LINEAR, cut
from toolchain.graph.streamline import read_quantiser
from toolchain.runtime.builder import INPUT, IR_VERSIONS, GraphSettings
from toolchain.runtime.free_batch import free_batch
from toolchain.runtime.graphs import graphs_of
from toolchain.runtime.lower import lower, opset_of
from toolchain.runtime.session import RunOptions, open_session, run_session

_INTEGERS = "front_integers"


def integer_graphs(
    model: ModelWrapper, network: IntegerNetwork, settings: GraphSettings
) -> dict[str, onnx.ModelProto]:
    """All variants of a streamlined third-party network, with the model's own input.

    Args:
        model: the tidy QONNX model.
        network: the same model from `toolchain.graph.streamline`.

    Raises:
        ModelError: the network cannot be expressed so.
    """
    cores = graphs_of(network, replace(settings, batch=None))
    opening = free_batch if settings.batch is None else _as_it_is
    opsets = {opset_of(core) for core in cores.values()}
    fronts = {opset: _front(model, opening(lower(model, opset)), network) for opset in opsets}
    return {name: _join(fronts[opset_of(core)], core) for name, core in cores.items()}


def _as_it_is(model: onnx.ModelProto) -> onnx.ModelProto:
    return model


def front_integers(model: ModelWrapper, network: IntegerNetwork, x: NDArray[Any], opset: int) -> Integers:
    """The integers that the core is given for inputs x, shape (N, inputs), by the front without any optimisation."""
    session = open_session(_front(model, free_batch(lower(model, opset)), network), RunOptions("none"))
    integers: Integers = np.rint(run_session(session, x)).astype(np.int64).reshape(len(x), -1)
    return integers


def _front(model: ModelWrapper, lowered: onnx.ModelProto, network: IntegerNetwork) -> onnx.ModelProto:
    """From the model's input to integers of shape (rows, inputs)."""
    product = next(node for node in model.graph.node if node.op_type in LINEAR)
    needed = _ancestors(lowered, product.input[0])
    nodes = [node for node in lowered.graph.node if node.output[0] in needed]
    taken = {name for node in nodes for name in node.input}
    constants = [tensor for tensor in lowered.graph.initializer if tensor.name in taken]
    shape = numpy_helper.from_array(np.array([-1, network.inputs], np.int64), "front_shape")
    unit = numpy_helper.from_array(np.asarray(_unit(model), np.float32), "front_unit")
    nodes.append(helper.make_node("Reshape", [product.input[0], shape.name], ["front_flat"], name="front_flat"))
    nodes.append(helper.make_node("Div", ["front_flat", unit.name], ["front_units"], name="front_units"))
    nodes.append(helper.make_node("Round", ["front_units"], [_INTEGERS], name=_INTEGERS))
    sink = helper.make_tensor_value_info(_INTEGERS, TensorProto.FLOAT, [None, network.inputs])
    graph = helper.make_graph(nodes, "front", list(lowered.graph.input), [sink], [*constants, shape, unit])
    opset = opset_of(lowered)
    opsets, version = [helper.make_opsetid("", opset)], IR_VERSIONS[opset]
    return helper.make_model(graph, producer_name="gateweave", opset_imports=opsets, ir_version=version)


def _unit(model: ModelWrapper) -> float:
    """Float value of one integer unit of what enters the first product."""
    quantiser = cut(model)[0].quantiser
    return 1.0 if quantiser is None else read_quantiser(model, quantiser, "input").scale


def _ancestors(model: onnx.ModelProto, tensor: str) -> set[str]:
    """First outputs of the nodes that a tensor depends on."""
    producers = {name: node for node in model.graph.node for name in node.output}
    found, pending = set(), [tensor]
    while pending:
        node = producers.get(pending.pop())
        if node is not None and node.output[0] not in found:
            found.add(node.output[0])
            pending.extend(node.input)
    return found


def _join(front: onnx.ModelProto, core: onnx.ModelProto) -> onnx.ModelProto:
    try:
        joined: onnx.ModelProto = onnx.compose.merge_models(front, core, io_map=[(_INTEGERS, INPUT)])
    except ValueError as error:
        raise ModelError(f"its front and core do not join: {error}") from error
    joined.producer_name = "gateweave"
    return joined
