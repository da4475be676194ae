"""The float twin of a model that came quantised as QDQ: weights dequantised, activations clipped but not rounded.

A QuantizeLinear also clips, and exporters leave activations such as ReLU to it; so each pair on an activation becomes
a Clip to the range that its integers stand for.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.runtime.graph_index import GraphIndex


def is_qdq(model: onnx.ModelProto) -> bool:
    """Whether a model is quantised with QuantizeLinear and DequantizeLinear."""
    kinds = {node.op_type for node in model.graph.node}
    return "DequantizeLinear" in kinds


def dequantise(model: onnx.ModelProto) -> onnx.ModelProto:
    """The float twin; its answers are near the model's, not equal to them.

    Raises:
        ModelError: a pair whose scale or zero point is computed, or per channel on an activation.
    """
    graph, nodes = GraphIndex(model), []
    result = onnx.ModelProto()
    result.CopyFrom(model)
    for node in model.graph.node:
        if node.op_type == "QuantizeLinear":
            nodes.append(_clip(graph, node, result))
        elif node.op_type == "DequantizeLinear" and (values := graph.constant(node.input[0])) is not None:
            result.graph.initializer.append(numpy_helper.from_array(_values(graph, node, values), node.output[0]))
        elif node.op_type == "DequantizeLinear":
            nodes.append(helper.make_node("Identity", node.input[:1], node.output[:1], name=node.name))
        else:
            nodes.append(node)
    del result.graph.node[:]
    result.graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    kept = [tensor for tensor in result.graph.initializer if tensor.name in used]
    for part in (result.graph.initializer, result.graph.value_info):
        del part[:]
    result.graph.initializer.extend(kept)
    return result


def _parameters(graph: GraphIndex, node: NodeProto) -> tuple[NDArray[np.float32], NDArray[np.generic]]:
    scale = graph.constant(node.input[1])
    zero = graph.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else np.zeros((), np.uint8)
    if scale is None or zero is None:
        raise ModelError(f"node {node.name or node.output[0]}: its scale or zero point is computed")
    return scale.astype(np.float32), zero


def _values(graph: GraphIndex, node: NodeProto, values: NDArray[np.generic]) -> NDArray[np.float32]:
    scale, zero = _parameters(graph, node)
    if scale.ndim == 1 and scale.size > 1:
        shape = [1] * values.ndim
        shape[graph.attribute(node, "axis", 1)] = -1
        scale, zero = scale.reshape(shape), zero.reshape(shape) if zero.size > 1 else zero
    result: NDArray[np.float32] = ((values.astype(np.int64) - zero.astype(np.int64)) * scale).astype(np.float32)
    return result


def _clip(graph: GraphIndex, node: NodeProto, result: onnx.ModelProto) -> NodeProto:
    scale, zero = _parameters(graph, node)
    if scale.size != 1:
        raise ModelError(f"node {node.name or node.output[0]}: {scale.size} scales on an activation")
    whole = np.iinfo(zero.dtype.name)
    bounds = []
    for word, limit in (("least", whole.min), ("greatest", whole.max)):
        name = f"{node.output[0]}_{word}"
        value = (int(limit) - int(zero.reshape(-1)[0])) * float(scale.reshape(-1)[0])
        result.graph.initializer.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        bounds.append(name)
    return helper.make_node("Clip", [node.input[0], *bounds], node.output[:1], name=node.name)
