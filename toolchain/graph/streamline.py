"""Streamlining: from a QONNX graph to an all-integer network with the same answers.

FINN moves scales through the graph by rewriting it, node pair by node pair. Here every segment's
elementwise tail is evaluated instead (`toolchain.graph.thresholds`), which handles any monotone tail in
one way and leaves the executor's own rounding in the thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import ModelError
from toolchain.graph.model_file import chain_function
from toolchain.graph.network import DenseLayer, IntegerNetwork, Integers, type_range
from toolchain.graph.segments import Segment, cut
from toolchain.graph.thresholds import CHUNK, Codes, find_thresholds


@dataclass(frozen=True)
class Quantiser:
    """What a Quant or BipolarQuant node yields: ``scale * (step * code + least)`` for code in 0..levels."""

    datatype: str
    scale: float
    levels: int
    step: int
    least: int


@dataclass(frozen=True)
class _Wire:
    """The integers that enter a segment: their type, and the float value of one unit."""

    datatype: str
    scale: float


def streamline(model: ModelWrapper) -> IntegerNetwork:
    """The all-integer network of a tidy QONNX model.

    The integer input is the model's own input where that is annotated with an integer type that the
    input quantiser leaves as it is; otherwise it is what the input quantiser yields.

    Raises:
        ModelError: the graph cannot be expressed so; the message names the node and the mend.
    """
    segments = cut(model)
    wire = _input_wire(model, segments[0])
    layers = []
    for segment in segments[1:-1]:
        quantiser = read_quantiser(model, segment.quantiser, segment.name)
        layers.append(_hidden_layer(model, segment, wire, quantiser))
        wire = _Wire(quantiser.datatype, quantiser.scale)
    last = segments[-1]
    if last.quantiser is not None:
        raise ModelError(f"{last.name}: a quantiser follows the last layer; leave its logits unquantised")
    layers.append(_bare_layer(last, wire))
    scale, offset = _logit_scale(model, last, wire, layers[-1])
    return IntegerNetwork(tuple(layers), scale, offset)


def read_quantiser(model: ModelWrapper, node: NodeProto | None, where: str) -> Quantiser:
    """What a quantiser node yields.

    Raises:
        ModelError: there is none, or its scale, zero point or bit width is not a plain scalar.
    """
    if node is None:
        raise ModelError(f"{where}: no Quant or BipolarQuant before the next layer; quantise its activation")
    parameters = [np.asarray(model.get_initializer(name)) for name in node.input[1:]]
    if any(p.size != 1 for p in parameters):
        raise ModelError(f"{node.name} ({node.op_type}): scale, zero point and width must be scalars for activations")
    scale = float(parameters[0].item())
    if node.op_type == "BipolarQuant":
        return Quantiser("BIPOLAR", scale, 1, 2, -1)
    if float(parameters[1].item()) != 0.0:
        raise ModelError(f"{node.name} (Quant): zero point {parameters[1].item()}; only 0 is supported")
    signed, narrow = (bool(_attribute(node, name, 1 - i)) for i, name in enumerate(("signed", "narrow")))
    bits = int(parameters[2].item())
    least = -(2 ** (bits - 1)) + narrow if signed else 0
    greatest = 2 ** (bits - 1) - 1 if signed else 2**bits - 1 - narrow
    name = f"{'INT' if signed else 'UINT'}{bits}"
    return Quantiser("BINARY" if name == "UINT1" else name, scale, greatest - least, 1, least)


def _attribute(node: NodeProto, name: str, default: int) -> int:
    values = [helper.get_attribute_value(a) for a in node.attribute if a.name == name]
    return int(values[0]) if values else default


def _input_wire(model: ModelWrapper, segment: Segment) -> _Wire:
    annotated = model.get_tensor_datatype(segment.tensor)
    if segment.quantiser is None:
        if not annotated.is_integer() or segment.chain:
            raise ModelError("the input is not quantised: start the network with a quantiser of its input")
        return _Wire(annotated.name, 1.0)
    quantiser = read_quantiser(model, segment.quantiser, "input")
    if annotated.is_integer() and _is_identity(model, segment, annotated.name, quantiser):
        return _Wire(annotated.name, quantiser.scale)
    return _Wire(quantiser.datatype, quantiser.scale)


def _is_identity(model: ModelWrapper, segment: Segment, datatype: str, quantiser: Quantiser) -> bool:
    low, high = type_range(datatype)
    values = np.arange(low, high + 1)
    padded = np.resize(values, CHUNK)
    codes = _codes(model, segment, np.ones(1), quantiser)(padded)
    return bool((quantiser.step * codes + quantiser.least == padded[:, None]).all())


def _codes(model: ModelWrapper, segment: Segment, scale: NDArray[np.float64], quantiser: Quantiser) -> Codes:
    """Codes that the segment's tail gives to accumulators whose unit is worth `scale`, per channel."""
    run = chain_function(model, segment.chain, segment.tensor, CHUNK)
    shape = tuple(model.get_tensor_shape(segment.tensor))[1:]
    channels = shape[-1]
    scale, bias = np.broadcast_to(scale, channels), np.broadcast_to(segment.bias, channels)

    def codes(accumulators: Integers) -> Integers:
        values = accumulators.reshape(-1, *[1] * len(shape)) * scale + bias
        inputs = np.broadcast_to(values, (CHUNK, *shape)).astype(np.float32)
        integers = np.rint(run(inputs).astype(np.float64) / quantiser.scale).reshape(CHUNK, -1)
        return ((integers - quantiser.least) // quantiser.step).astype(np.int64)

    return codes


def _bare_layer(segment: Segment, wire: _Wire) -> DenseLayer:
    assert segment.weights is not None
    weight_type = smallest_type(segment.weights)
    return DenseLayer(segment.name, segment.weights, wire.datatype, weight_type, "INT32")


def smallest_type(values: Integers) -> str:
    """Name of the narrowest qonnx type that holds all values: BIPOLAR, or INT2 upwards."""
    if set(np.unique(values)) <= {-1, 1}:
        return "BIPOLAR"
    low, high = int(values.min()), int(values.max())
    bits = max(2, (-low - 1).bit_length() + 1 if low < 0 else 1, high.bit_length() + 1)
    return str(DataType[f"INT{bits}"].name)


def _hidden_layer(model: ModelWrapper, segment: Segment, wire: _Wire, quantiser: Quantiser) -> DenseLayer:
    bare = _bare_layer(segment, wire)
    low, high = bare.accumulator_range()
    codes = _codes(model, segment, segment.weight_scale * wire.scale, quantiser)
    thresholds, falling = find_thresholds(segment.name, codes, low, high, quantiser.levels)
    weights = np.where(falling, -bare.weights, bare.weights)
    return DenseLayer(
        segment.name,
        weights,
        wire.datatype,
        smallest_type(weights),
        quantiser.datatype,
        thresholds,
        quantiser.step,
        quantiser.least,
    )


def _logit_scale(model: ModelWrapper, segment: Segment, wire: _Wire, layer: DenseLayer) -> tuple[float, float]:
    """Scale and offset that turn integer logits into the model's; both must be the same for all classes."""
    unit = np.broadcast_to(segment.weight_scale * wire.scale, layer.outputs)
    low, high = (int(v) for v in (layer.accumulator_range()[0].min(), layer.accumulator_range()[1].max()))
    run = chain_function(model, segment.chain, segment.tensor, 2)
    ends = run((np.array([[low], [high]]) * unit + segment.bias).astype(np.float32)).astype(np.float64)
    scale = (ends[1] - ends[0]) / max(high - low, 1)
    offset = ends[0] - low * scale
    alike = np.allclose(scale, scale[0]) and np.allclose(offset, offset[0], atol=abs(scale[0]) * 1e-3)
    if not alike or scale[0] <= 0:
        raise ModelError(
            f"{segment.name}: the last layer scales or shifts its classes differently, so that integer logits "
            "cannot be compared; train it without bias and with one scale"
        )
    return float(scale[0]), 0.0 if abs(offset[0]) < abs(scale[0]) * 1e-6 else float(offset[0])
