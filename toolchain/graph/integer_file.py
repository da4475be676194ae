"""The integer graph as an ONNX file: standard qonnx operators that Netron opens, and back again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from toolchain.errors import ModelError
from toolchain.files import write_atomic
from toolchain.graph.labelling import check_labelling
from toolchain.graph.model_file import load_model
from toolchain.graph.network import DenseLayer, IntegerNetwork, Integers, type_range

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
    """Read an integer graph; every wire is followed, and every value held against its declared type.

    Raises:
        ModelError: the file is not one chain of integer MatMul and MultiThreshold nodes that ends in an argmax.
    """
    model = load_model(path)
    try:
        layers = tuple(_Reader(model).layers())
        scale, offset = _logit_properties(model)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    return IntegerNetwork(layers, scale, offset)


def _logit_properties(model: ModelWrapper) -> tuple[float, float]:
    said = {p.key: p.value for p in model.model.metadata_props}
    try:
        scale, offset = float(said.get(_SCALE, 1.0)), float(said.get(_OFFSET, 0.0))
    except ValueError as error:
        raise ModelError(f"{_SCALE} or {_OFFSET} is no number") from error
    if not (np.isfinite([scale, offset]).all() and scale > 0):
        raise ModelError(f"{_SCALE} {scale}, {_OFFSET} {offset}: a positive scale and a finite offset are expected")
    return scale, offset


class _Reader:
    """Walks the chain from the graph's input to its output."""

    def __init__(self, model: ModelWrapper) -> None:
        self._model = model
        self._left = list(model.graph.node)
        self._current = model.graph.input[0].name

    def layers(self) -> Iterator[DenseLayer]:
        """All layers, in the order of the wires.

        Raises:
            ModelError: see `load_network`.
        """
        layer = None
        while self._left and self._left[0].op_type == "MatMul":
            if layer is not None and layer.thresholds is None:
                raise ModelError(f"node {layer.name} (MatMul): another product follows it without a MultiThreshold")
            entering = layer.output_type if layer else None
            layer = self._layer(self._next("MatMul"), entering)
            yield layer
        if layer is None:
            raise ModelError("no MatMul node at the input; not an integer graph")
        if layer.thresholds is not None:
            raise ModelError(f"node {layer.name} (MatMul): the last layer has thresholds; its logits are expected")
        self._end()

    def _end(self) -> None:
        node = self._next("ArgMax", "TopK")
        check_labelling(self._model, node, {i.name: self._model.get_initializer(i.name) for i in self._initializers})
        label = node.output[1] if node.op_type == "TopK" else node.output[0]
        if self._left or [value.name for value in self._model.graph.output] != [label]:
            raise ModelError(f"node {node.name} ({node.op_type}): its label is not the end of the graph")

    @property
    def _initializers(self) -> Iterable[TensorProto]:
        values: Iterable[TensorProto] = self._model.graph.initializer
        return values

    def _next(self, *kinds: str) -> NodeProto:
        """The next node, which must take what the chain has come to as its first input and constants besides."""
        if not self._left:
            raise ModelError(f"the graph ends in {self._current!r}; {' or '.join(kinds)} is expected")
        node: NodeProto = self._left.pop(0)
        if node.op_type not in kinds:
            raise ModelError(
                f"node {node.name} ({node.op_type}): {' or '.join(kinds)} is expected here; streamline the model first"
            )
        if node.input[0] != self._current:
            raise ModelError(
                f"node {node.name} ({node.op_type}): takes {node.input[0]!r} where the chain has come to "
                f"{self._current!r}"
            )
        self._current = node.output[0]
        return node

    def _layer(self, node: NodeProto, entering: str | None) -> DenseLayer:
        types = [self._model.get_tensor_datatype(name).name for name in node.input]
        if entering not in (None, types[0]):
            raise ModelError(
                f"node {node.name} (MatMul): takes {types[0]} by its type; the layer before yields {entering}"
            )
        weights = _integers(self._model, node, 1)
        _must_hold(f"node {node.name} (MatMul): weights", types[1], weights)
        if self._left and self._left[0].op_type == "MultiThreshold":
            return self._activated(DenseLayer(node.name, weights, types[0], types[1], "INT32"))
        return DenseLayer(node.name, weights, types[0], types[1], "INT32")

    def _activated(self, bare: DenseLayer) -> DenseLayer:
        node = self._next("MultiThreshold")
        where, operator = f"node {node.name} (MultiThreshold)", getCustomOp(node)
        thresholds = _integers(self._model, node, 1)
        if len(thresholds) not in (1, bare.outputs) or (np.diff(thresholds, axis=1) < 0).any():
            raise ModelError(f"{where}: thresholds of {bare.outputs} neurons, ascending, are expected")
        scale, bias = (float(operator.get_nodeattr(name)) for name in ("out_scale", "out_bias"))
        if scale != int(scale) or bias != int(bias) or scale < 1:
            raise ModelError(f"{where}: out_scale {scale:g}, out_bias {bias:g}; whole numbers are expected")
        output_type = str(operator.get_nodeattr("out_dtype"))
        levels = thresholds.shape[1]
        _must_hold(where, output_type, np.array([int(bias), int(bias) + int(scale) * levels]))
        full = np.broadcast_to(thresholds, (bare.outputs, levels)).copy()
        return replace(bare, output_type=output_type, thresholds=full, out_scale=int(scale), out_bias=int(bias))


def _integers(model: ModelWrapper, node: NodeProto, index: int) -> Integers:
    """A constant matrix of whole numbers."""
    values = model.get_initializer(node.input[index]) if len(node.input) > index else None
    if values is None or np.ndim(values) != 2 or not np.array_equal(values, np.rint(values)):
        raise ModelError(f"node {node.name} ({node.op_type}): input {index} must be a constant matrix of integers")
    integers: Integers = values.astype(np.int64)
    return integers


def _must_hold(where: str, name: str, values: Integers) -> None:
    low, high = type_range(name)
    if values.size and (values.min() < low or values.max() > high):
        raise ModelError(f"{where}: values from {values.min()} to {values.max()} are not {name}")
