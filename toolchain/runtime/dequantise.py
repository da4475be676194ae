"""The float version of a model that came quantised as QDQ: weights dequantised, activations clipped but not rounded.

A QuantizeLinear also clips, and exporters leave activations such as ReLU to it; so each pair on an activation becomes
a Clip to the range that its integers stand for. Integers of fewer bits are clipped once more between the two (QCDQ, as
Brevitas exports): that Clip becomes one of floats, and of weights it is computed.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.runtime.graph_index import GraphIndex

_INTEGER_OPERATORS = {"MatMulInteger", "ConvInteger", "DynamicQuantizeLinear"}


def is_qdq(model: onnx.ModelProto) -> bool:
    """Whether a model is quantised with QuantizeLinear and DequantizeLinear."""
    kinds = {node.op_type for node in model.graph.node}
    return "DequantizeLinear" in kinds


def dequantise(model: onnx.ModelProto) -> onnx.ModelProto:
    """The float version; its answers are near the model's, not equal to them.

    Raises:
        ModelError: a pair whose scale or zero point is computed, or per channel on an activation; an operator that
            computes with integers; names the node.
    """
    floats = _FloatModel(model)
    for node in model.graph.node:
        floats.take(node)
    return floats.model()


class _FloatModel:
    """The float version as far as the model has been walked."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._graph = GraphIndex(model)
        self._nodes: list[NodeProto] = []
        self._added: list[onnx.TensorProto] = []
        # Integer weights behind a Clip.
        self._clipped: dict[str, NDArray[np.generic]] = {}

    def take(self, node: NodeProto) -> None:
        """Add the float form of the next node."""
        _must_be_float(node)
        if node.op_type == "QuantizeLinear":
            self._nodes.append(self._clip(node, node, _limits(self._graph, node)))
        elif node.op_type == "Clip" and (weights := self._integers(node.input[0])) is not None:
            self._clipped[node.output[0]] = np.clip(weights, *_bounds(self._graph, node, weights.dtype))
        elif node.op_type == "Clip" and (pair := self._quantiser(node.input[0])) is not None:
            zero = _parameters(self._graph, pair)[1]
            self._nodes.append(self._clip(node, pair, _bounds(self._graph, node, zero.dtype)))
        elif node.op_type == "DequantizeLinear" and (weights := self._integers(node.input[0])) is not None:
            values = _values(self._graph, node, weights)
            self._added.append(numpy_helper.from_array(values, node.output[0]))
        elif node.op_type == "DequantizeLinear":
            self._nodes.append(helper.make_node("Identity", node.input[:1], node.output[:1], name=node.name))
        else:
            self._nodes.append(node)

    def model(self) -> onnx.ModelProto:
        """The model, without constants that nothing takes any more."""
        result = onnx.ModelProto()
        result.CopyFrom(self._graph.model)
        del result.graph.node[:], result.graph.initializer[:], result.graph.value_info[:]
        result.graph.node.extend(self._nodes)
        used = {name for node in self._nodes for name in node.input}
        tensors = (*self._graph.model.graph.initializer, *self._added)
        result.graph.initializer.extend(tensor for tensor in tensors if tensor.name in used)
        return result

    def _integers(self, name: str) -> NDArray[np.generic] | None:
        """Constant integers, such as weights; None for anything else."""
        values = self._clipped.get(name)
        values = self._graph.constant(name) if values is None else values
        return values if values is not None and values.dtype.kind in "iu" else None

    def _quantiser(self, name: str) -> NodeProto | None:
        node = self._graph.producers.get(name)
        while node is not None and node.op_type == "Clip":
            node = self._graph.producers.get(node.input[0])
        return node if node is not None and node.op_type == "QuantizeLinear" else None

    def _clip(self, node: NodeProto, pair: NodeProto, limits: tuple[int, int]) -> NodeProto:
        """A Clip of floats, in the place of `node`, to what integers of a quantiser stand for."""
        scale, zero = _parameters(self._graph, pair)
        if scale.size != 1:
            raise ModelError(f"node {pair.name or pair.output[0]}: {scale.size} scales on an activation")
        names = []
        for word, limit in zip(("least", "greatest"), limits, strict=True):
            value = (limit - int(zero.reshape(-1)[0])) * float(scale.reshape(-1)[0])
            names.append(f"{node.output[0]}_{word}")
            self._added.append(numpy_helper.from_array(np.asarray(value, np.float32), names[-1]))
        return helper.make_node("Clip", [node.input[0], *names], node.output[:1], name=node.name)


def _must_be_float(node: NodeProto) -> None:
    if node.op_type in _INTEGER_OPERATORS or node.op_type.startswith("QLinear"):
        where = f" (node {node.name})" if node.name else ""
        raise ModelError(f"operator {node.op_type} computes with integers, and has no float form here{where}")


def _limits(graph: GraphIndex, node: NodeProto) -> tuple[int, int]:
    """Least and greatest integer of a quantiser's type."""
    whole = np.iinfo(_parameters(graph, node)[1].dtype.name)
    return int(whole.min), int(whole.max)


def _bounds(graph: GraphIndex, node: NodeProto, kind: np.dtype[np.generic]) -> tuple[int, int]:
    """Least and greatest integer that a Clip lets pass; where it names none, those of the type."""
    whole, found = np.iinfo(kind.name), []
    for place, limit in ((1, whole.min), (2, whole.max)):
        name = node.input[place] if len(node.input) > place else ""
        value = graph.constant(name) if name else np.asarray(limit)
        if value is None or value.size != 1:
            raise ModelError(f"node {node.name or node.output[0]}: its bounds are computed")
        found.append(int(value.reshape(-1)[0]))
    return found[0], found[1]


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
