"""The integer graph as an ONNX file: standard qonnx operators that Netron opens, and back again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from toolchain.errors import ModelError
from toolchain.graph.model_file import load_model
from toolchain.graph.network import DenseLayer, IntegerNetwork
from toolchain.record import write_atomic

_DOMAIN = "qonnx.custom_op.general"
_SCALE, _OFFSET = "gateweave.logit_scale", "gateweave.logit_offset"


def save_network(network: IntegerNetwork, path: Path) -> None:
    """Write the network as MatMul and MultiThreshold nodes with annotated types, ended by an ArgMax.

    Equal networks give equal bytes.
    """
    nodes, current = [], "input"
    initializers = []
    for index, layer in enumerate(network.layers):
        product = f"accumulators_{index}" if layer.thresholds is not None else "logits"
        initializers.append(_tensor(f"weights_{index}", layer.weights))
        nodes.append(helper.make_node("MatMul", [current, f"weights_{index}"], [product], name=layer.name))
        current = product
        if layer.thresholds is not None:
            initializers.append(_tensor(f"thresholds_{index}", layer.thresholds))
            nodes.append(_threshold_node(index, layer, product))
            current = f"activations_{index}"
    nodes.append(helper.make_node("ArgMax", ["logits"], ["label"], name="ArgMax", axis=1, keepdims=0))
    write_atomic(path, _annotated(network, nodes, initializers).SerializeToString(deterministic=True))


def _threshold_node(index: int, layer: DenseLayer, source: str) -> NodeProto:
    return helper.make_node(
        "MultiThreshold",
        [source, f"thresholds_{index}"],
        [f"activations_{index}"],
        name=f"MultiThreshold_{index}",
        domain=_DOMAIN,
        out_dtype=layer.output_type,
        out_scale=float(layer.out_scale),
        out_bias=float(layer.out_bias),
    )


def _tensor(name: str, values: np.ndarray) -> TensorProto:
    return onnx.numpy_helper.from_array(values.astype(np.float32), name)


def _annotated(network: IntegerNetwork, nodes: list[NodeProto], initializers: list[TensorProto]) -> onnx.ModelProto:
    value = helper.make_tensor_value_info
    source = value("input", TensorProto.FLOAT, [1, network.inputs])
    sinks = [value("label", TensorProto.INT64, [1])]
    inner = []
    for index, layer in enumerate(network.layers):
        last = layer.thresholds is None
        inner.append(value("logits" if last else f"accumulators_{index}", TensorProto.FLOAT, [1, layer.outputs]))
        if not last:
            inner.append(value(f"activations_{index}", TensorProto.FLOAT, [1, layer.outputs]))
    graph = helper.make_graph(nodes, "integer", [source], sinks, initializers, value_info=inner)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(_DOMAIN, 2)]
    wrapper = ModelWrapper(helper.make_model(graph, producer_name="gateweave", opset_imports=opsets, ir_version=8))
    _annotate(wrapper, network)
    helper.set_model_props(wrapper.model, {_SCALE: repr(network.logit_scale), _OFFSET: repr(network.logit_offset)})
    model: onnx.ModelProto = wrapper.model
    return model


def _annotate(wrapper: ModelWrapper, network: IntegerNetwork) -> None:
    wrapper.set_tensor_datatype("input", DataType[network.input_type])
    for index, layer in enumerate(network.layers):
        wrapper.set_tensor_datatype(f"weights_{index}", DataType[layer.weight_type])
        product = "logits" if layer.thresholds is None else f"accumulators_{index}"
        wrapper.set_tensor_datatype(product, DataType["INT32"])
        if layer.thresholds is not None:
            wrapper.set_tensor_datatype(f"thresholds_{index}", DataType["INT32"])
            wrapper.set_tensor_datatype(f"activations_{index}", DataType[layer.output_type])


def load_network(path: Path) -> IntegerNetwork:
    """Read an integer graph.

    Raises:
        ModelError: the file is not an all-integer chain of MatMul and MultiThreshold nodes.
    """
    model = load_model(path)
    products = [node for node in model.graph.node if node.op_type == "MatMul"]
    odd = [n for n in model.graph.node if n.op_type not in {"MatMul", "MultiThreshold", "ArgMax", "TopK"}]
    if odd:
        raise ModelError(f"{path}: node {odd[0].name} ({odd[0].op_type}) is not integer; streamline the model first")
    if not products:
        raise ModelError(f"{path}: no MatMul node; not an integer graph")
    properties = {p.key: float(p.value) for p in model.model.metadata_props if p.key in {_SCALE, _OFFSET}}
    layers = tuple(_read_layer(model, node, path) for node in products)
    return IntegerNetwork(layers, properties.get(_SCALE, 1.0), properties.get(_OFFSET, 0.0))


def _read_layer(model: ModelWrapper, node: NodeProto, path: Path) -> DenseLayer:
    weights = model.get_initializer(node.input[1])
    if weights is None or not np.array_equal(weights, np.rint(weights)):
        raise ModelError(f"{path}: node {node.name}: weights must be constant integers")
    types = [model.get_tensor_datatype(name).name for name in node.input]
    integers = weights.astype(np.int64)
    follower = model.find_consumer(node.output[0])
    if follower is None or follower.op_type != "MultiThreshold":
        return DenseLayer(node.name, integers, types[0], types[1], "INT32")
    thresholds = np.asarray(model.get_initializer(follower.input[1]))
    operator = getCustomOp(follower)
    return DenseLayer(
        node.name,
        integers,
        types[0],
        types[1],
        operator.get_nodeattr("out_dtype"),
        np.broadcast_to(np.ceil(thresholds), (integers.shape[1], thresholds.shape[1])).astype(np.int64),
        int(operator.get_nodeattr("out_scale")),
        int(operator.get_nodeattr("out_bias")),
    )
