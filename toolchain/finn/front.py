"""The front end: from a trained QONNX model to FINN's hardware layers, not yet folded.

FINN's own steps do the work. What they need beforehand and cannot do themselves is done here on the graph: the input
quantiser goes, so that the hardware takes the same integers as the integer reference; types of one bit are declared
two bits wide, the narrowest that FINN's RTL takes; a TopK at the end takes in the logits' scale, and goes again.
FINN rounds halves up, ONNX to the even neighbour, and it leaves some activations in place: the thresholds become those
of the integer reference, which are exact and hold all that lies between a product and its quantiser.
"""

from __future__ import annotations

import numpy as np
from onnx import NodeProto, TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.general import RemoveUnusedTensors
from qonnx.transformation.infer_datatypes import InferDataTypes
from qonnx.transformation.insert_topk import InsertTopK

from toolchain.errors import ModelError
from toolchain.finn.adapter import Finn
from toolchain.finn.faults import OTHER_FLOW, step
from toolchain.graph.dense import DenseLayer, DenseNetwork
from toolchain.graph.labelling import LABELLING
from toolchain.graph.readers.qonnx import elementwise, linear
from toolchain.graph.readers.qonnx.chain import chain_of
from toolchain.graph.readers.qonnx.grid import GRIDS, unit_of
from toolchain.graph.readers.qonnx.read import read_qonnx
from toolchain.progress import Progress

_RESHAPING = {"Flatten", "Reshape", "Identity", "Squeeze", "Unsqueeze"}
# What each integer type of less than two bits becomes; the values are the same.
_WIDER = {"BINARY": "UINT2", "BIPOLAR": "INT2", "UINT1": "UINT2"}


def front_end(finn: Finn, model: ModelWrapper, build: object, progress: Progress) -> ModelWrapper:
    """Hardware layers (MVAU and Thresholding) from the integer input to the integer logits.

    Args:
        model: a tidy QONNX model (`toolchain.graph.model_file.load_model`).
        build: FINN's build configuration.

    Raises:
        ModelError: FINN has no hardware layer for a node; names it, its type and the mend.
    """
    network = _network(model)
    model = _with_integer_input(model, network.input_type)
    model = _without_labels(model).transform(InsertTopK(k=1))
    with step("tidy-up", finn.log, progress):
        model = finn.steps.step_qonnx_to_finn(model, build)
        _widen_constants(model)
        model = finn.steps.step_tidy_up(model, build)
    with step("streamlining", finn.log, progress):
        model = finn.steps.step_streamline(model, build)
        _widen_constants(model)
    model = _without_tails(_without_labels(model))
    _refuse_leftovers(model)
    model = _with_exact_layers(model, network)
    with step("conversion to hardware layers", finn.log, progress):
        model = finn.steps.step_convert_to_hw(model, build)
    _refuse_unmapped(model)
    with step("bit-width minimisation", finn.log, progress):
        model = finn.steps.step_minimize_bit_width_initial(model, build)
    return model


def _network(model: ModelWrapper) -> DenseNetwork:
    """The model as a chain of dense layers.

    Raises:
        ModelError: it is none, or adds a bias to its logits, which is no hardware layer of FINN's.
    """
    network = chain_of(read_qonnx(model))
    last = network.layers[-1]
    if last.bias is not None:
        raise ModelError(
            f"layer {last.name}: shifts its classes differently, which FINN's hardware does not; train the last layer "
            f"without bias; {OTHER_FLOW}"
        )
    return network


def _with_integer_input(model: ModelWrapper, datatype: str) -> ModelWrapper:
    """The model from behind its input quantiser on; its input is what the quantiser yields, as flat integers.

    Args:
        datatype: of the integer network's input, which is the same.
    """
    source = target = model.graph.input[0].name
    quantiser, unit = _input_quantiser(model), 1.0
    if quantiser is not None:
        unit = _one(model, quantiser, unit_of(model, quantiser))
        target = quantiser.output[0]
        for node in _ancestors(model, quantiser):
            model.graph.node.remove(node)
    while (shaper := model.find_consumer(target)) is not None and shaper.op_type in _RESHAPING:
        target = shaper.output[0]
        model.graph.node.remove(shaper)
    shape = model.get_tensor_shape(target)
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info(source, TensorProto.FLOAT, shape))
    model.set_tensor_datatype(source, DataType[_WIDER.get(datatype, datatype)])
    if unit == 1.0:
        for consumer in model.find_consumers(target):
            _rewire(consumer, target, source)
    else:
        model.set_initializer("input_unit", np.array(unit, np.float32))
        model.graph.node.insert(0, helper.make_node("Mul", [source, "input_unit"], [target], name="Mul_input_unit"))
    return model.transform(RemoveUnusedTensors())


def _input_quantiser(model: ModelWrapper) -> NodeProto | None:
    """The last quantiser before the first product; None where there is none."""
    found, node = None, model.find_consumer(model.graph.input[0].name)
    while node is not None and node.op_type not in linear.OPERATORS:
        found = node if node.op_type in GRIDS else found
        node = model.find_consumer(node.output[0])
    return found


def _one(model: ModelWrapper, node: NodeProto, unit: np.ndarray) -> float:
    if unit.size > 1 and (unit != unit[0]).any():
        raise ModelError(f"{place_of(model, node)}: scales that differ by channel; give the input one scale")
    return float(unit[0])


def place_of(model: ModelWrapper, node: NodeProto) -> str:
    """A node as messages name it: the layer that it belongs to, its name and its type."""
    layers = [n for n in model.graph.node if n.op_type.split("_")[0] in {"MatMul", "MVAU"}]
    number = sum(above in layers for above in _ancestors(model, node))
    where = f"layer {number} of {len(layers)}" if number else "before the first layer"
    return f"{where}, node {node.name} ({node.op_type})"


def _ancestors(model: ModelWrapper, node: NodeProto) -> list[NodeProto]:
    """A node and all that its inputs depend on."""
    found, pending = [node], list(node.input)
    while pending:
        producer = model.find_producer(pending.pop())
        if producer is not None and producer not in found:
            found.append(producer)
            pending += producer.input
    return found


def _rewire(node: NodeProto, old: str, new: str) -> None:
    for index, name in enumerate(node.input):
        if name == old:
            node.input[index] = new


def _without_labels(model: ModelWrapper) -> ModelWrapper:
    """The model without a label at its end: its output are the logits, and the argmax is the driver's."""
    for node in [n for n in model.graph.node if n.op_type in LABELLING]:
        logits = node.input[0]
        shape, datatype = model.get_tensor_shape(logits), model.get_tensor_datatype(logits)
        del model.graph.output[:]
        for info in [v for v in model.graph.value_info if v.name == logits]:
            model.graph.value_info.remove(info)
        model.graph.output.append(helper.make_tensor_value_info(logits, TensorProto.FLOAT, shape))
        model.set_tensor_datatype(logits, datatype)
        model.graph.node.remove(node)
    return model.transform(RemoveUnusedTensors())


def _widen_constants(model: ModelWrapper) -> None:
    """Bipolar weights as INT2: FINN would take bipolar products for XNORs, which only its HLS layers do."""
    for initializer in model.graph.initializer:
        if model.get_tensor_datatype(initializer.name).name in {"BIPOLAR", "BINARY"}:
            model.set_tensor_datatype(initializer.name, DataType["INT2"])


def _with_exact_layers(model: ModelWrapper, network: DenseNetwork) -> ModelWrapper:
    """The streamlined model with the weights and thresholds of the integer network, which differ in signs and ties."""
    products = model.get_nodes_by_op_type("MatMul")
    if len(products) != len(network.layers):
        raise ModelError(f"FINN's streamlining leaves {len(products)} of {len(network.layers)} layers; {OTHER_FLOW}")
    for node, layer in zip(products, network.layers, strict=True):
        weights = model.get_initializer(node.input[1])
        if weights is None or not np.array_equal(np.abs(weights), np.abs(layer.weights)):
            raise ModelError(
                f"{place_of(model, node)}: FINN's streamlining leaves it without the integer weights of layer "
                f"{layer.name}; give the layer one weight scale for each output at most; {OTHER_FLOW}"
            )
        model.set_initializer(node.input[1], layer.weights.astype(np.float32))
        model.set_tensor_datatype(node.input[1], DataType[_WIDER.get(layer.weight_type, layer.weight_type)])
        if layer.thresholds is not None:
            _set_thresholds(model, model.find_consumer(node.output[0]), layer)
    return model.transform(InferDataTypes())


def _set_thresholds(model: ModelWrapper, node: NodeProto, layer: DenseLayer) -> None:
    """Thresholds of a layer; one of one bit gets more of them, always or never reached, and yields the same values."""
    thresholds, bias = layer.thresholds, layer.out_bias
    assert thresholds is not None
    low, high = (bound[:, None] for bound in layer.accumulator_range())
    if layer.output_type == "BIPOLAR":
        thresholds, bias = np.concatenate([low, thresholds, thresholds], axis=1), -2
    elif layer.output_type in _WIDER:
        thresholds = np.concatenate([thresholds, high + 1, high + 1], axis=1)
    datatype = _WIDER.get(layer.output_type, layer.output_type)
    model.set_initializer(node.input[1], thresholds.astype(np.float32))
    operator = getCustomOp(node)
    for name, value in (("out_dtype", datatype), ("out_scale", 1.0), ("out_bias", float(bias))):
        operator.set_nodeattr(name, value)
    model.set_tensor_datatype(node.output[0], DataType[datatype])


def _without_tails(model: ModelWrapper) -> ModelWrapper:
    """The model without what streamlining left between products and their thresholds."""
    for product in model.get_nodes_by_op_type("MatMul"):
        tail, node = [], model.find_consumer(product.output[0])
        while node is not None and node.op_type in elementwise.OPERATORS - GRIDS:
            tail.append(node)
            node = model.find_consumer(node.output[0])
        if tail and node is not None and node.op_type == "MultiThreshold":
            _rewire(node, tail[-1].output[0], product.output[0])
            for left in tail:
                model.graph.node.remove(left)
    return model.transform(RemoveUnusedTensors())


def _refuse_leftovers(model: ModelWrapper) -> None:
    """Refuse floating-point nodes that streamlining left elsewhere."""
    for node in model.graph.node:
        if node.op_type not in {"MatMul", "MultiThreshold"}:
            raise ModelError(
                f"{place_of(model, node)}: FINN's streamlining leaves it, and it is no integer operation; "
                f"quantise every activation to 8 bits at most, with one scale for all its channels; {OTHER_FLOW}"
            )


def _refuse_unmapped(model: ModelWrapper) -> None:
    for node in model.graph.node:
        if node.op_type not in {"MVAU", "Thresholding"}:
            raise ModelError(
                f"{place_of(model, node)}: FINN makes no hardware layer of it; its inputs must be integers "
                f"(quantised) and its constants integers of up to 8 bits; {OTHER_FLOW}"
            )
