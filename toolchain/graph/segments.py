"""Cuts a QONNX graph into segments: one integer matrix product and the elementwise nodes behind it.

A network that streamlines is a chain ``quantised input -> (MatMul|Gemm -> elementwise ... -> Quant)*``.
Everything elementwise between a matrix product and the next quantiser ends in integer thresholds, so
nothing here needs to know what those nodes are, only that they work element by element.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_node

from toolchain.errors import ModelError
from toolchain.graph.network import Integers

LINEAR = {"MatMul", "Gemm"}
RESHAPING = {"Flatten", "Reshape", "Identity", "Squeeze", "Unsqueeze"}
QUANTISERS = {"Quant", "BipolarQuant"}
ELEMENTWISE = QUANTISERS | {
    "Add",
    "BatchNormalization",
    "Clip",
    "Div",
    "HardTanh",
    "Mul",
    "MultiThreshold",
    "Relu",
    "Sub",
}
LABELLING = {"ArgMax", "TopK", "Softmax"}


@dataclass
class Segment:
    """A matrix product and what follows it up to the next one.

    Attributes:
        name: the linear node's name; ``"input"`` for the nodes before the first product.
        tensor: name of the tensor that enters `chain`.
        weights: integer weights, shape (inputs, outputs); None for the input segment.
        weight_scale: float value of one weight unit, shape (outputs,).
        bias: float bias of a Gemm, shape (outputs,).
        chain: the elementwise nodes, in order.
    """

    name: str
    tensor: str
    weights: Integers | None = None
    weight_scale: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))
    bias: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    chain: list[NodeProto] = field(default_factory=list)

    @property
    def quantiser(self) -> NodeProto | None:
        """The quantiser that ends the segment, if one does."""
        return self.chain[-1] if self.chain and self.chain[-1].op_type in QUANTISERS else None


def cut(model: ModelWrapper) -> list[Segment]:
    """Cut a tidy QONNX model into segments, the input's first.

    Raises:
        ModelError: a node that is not part of such a chain; the message names it and its type.
    """
    constants = _fold_constants(model)
    segments = [Segment("input", model.graph.input[0].name)]
    current = model.graph.input[0].name
    for node in model.graph.node:
        if node.output[0] in constants or node.op_type in LABELLING:
            continue
        if current not in node.input:
            raise ModelError(f"node {node.name} ({node.op_type}): the network branches here; only chains are supported")
        current = node.output[0]
        if node.op_type in LINEAR:
            segments.append(_linear_segment(model, node, constants))
        elif node.op_type in ELEMENTWISE:
            segments[-1].chain.append(node)
        elif node.op_type not in RESHAPING:
            raise ModelError(
                f"node {node.name}: operator {node.op_type} is not supported; "
                f"use one of {', '.join(sorted(LINEAR | ELEMENTWISE | RESHAPING))}"
            )
    if len(segments) == 1:
        raise ModelError("the model holds no MatMul or Gemm node; nothing to map to hardware")
    return segments


def _fold_constants(model: ModelWrapper) -> dict[str, NDArray[np.float32]]:
    """Values of all tensors that do not depend on the input, by name."""
    known = {i.name: model.get_initializer(i.name) for i in model.graph.initializer}
    opset = model.model.opset_import[0].version
    for node in model.graph.node:
        if all(name in known for name in node.input if name):
            context = dict(known)
            for name in node.output:
                context[name] = np.zeros(model.get_tensor_shape(name), np.float32)
            execute_node(node, context, model.graph, opset)
            known.update({name: context[name] for name in node.output})
    return known


def _linear_segment(model: ModelWrapper, node: NodeProto, constants: dict[str, NDArray[np.float32]]) -> Segment:
    attributes = {a.name: (a.f if a.type == 1 else a.i) for a in node.attribute}
    if node.input[1] not in constants or attributes.get("transA", 0) or attributes.get("alpha", 1.0) != 1.0:
        raise ModelError(f"node {node.name} ({node.op_type}): needs constant weights, no transA and alpha of 1")
    values = np.asarray(constants[node.input[1]], dtype=np.float64)
    scale = _weight_scale(model, node, values.shape)
    if attributes.get("transB", 0):
        values, scale = values.T, scale.T
    weights = np.rint(values / scale)
    if not np.array_equal((weights * scale).astype(np.float32), values.astype(np.float32)):
        raise ModelError(f"node {node.name} ({node.op_type}): weights are not integers times their Quant scale")
    per_output = np.broadcast_to(scale, values.shape)
    if not (per_output == per_output[:1]).all():
        raise ModelError(f"node {node.name} ({node.op_type}): weight scales may differ per output, not per input")
    bias = np.zeros(1) if len(node.input) < 3 else np.asarray(constants[node.input[2]], dtype=np.float64).reshape(-1)
    bias = bias * attributes.get("beta", 1.0)
    return Segment(node.name, node.output[0], weights.astype(np.int64), per_output[0].copy(), bias)


def _weight_scale(model: ModelWrapper, node: NodeProto, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Scale of the quantiser that makes the weights, broadcast to a shape of two dimensions."""
    producer = model.find_producer(node.input[1])
    while producer is not None and producer.op_type in {"Transpose"}:
        producer = model.find_producer(producer.input[0])
    if producer is None or producer.op_type not in QUANTISERS:
        return np.ones((1, 1))
    scale = np.asarray(model.get_initializer(producer.input[1]), dtype=np.float64)
    if scale.size == 1:
        return scale.reshape(1, 1)
    if scale.ndim != 2 or producer.output[0] != node.input[1]:
        raise ModelError(f"node {producer.name} (Quant): scale of shape {scale.shape} does not fit weights {shape}")
    return scale
