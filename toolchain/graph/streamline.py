"""Streamlining: from a QONNX graph to an all-integer network with the same answers.

FINN moves scales through the graph by rewriting it, node pair by node pair. Here every segment's
elementwise tail is evaluated instead (`toolchain.graph.thresholds`), which handles any monotone tail in
one way and leaves the executor's own rounding in the thresholds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import ModelError
from toolchain.graph.dense import DenseLayer, DenseNetwork, Integers, network_of
from toolchain.graph.limits import MAX_BITS, MAX_LEVELS
from toolchain.graph.model_file import chain_function
from toolchain.graph.quantiser import read_quantising
from toolchain.graph.segments import AFFINE, RESHAPING, Segment, cut
from toolchain.graph.thresholds import CHUNK, MAX_RANGE, Codes, chunks, find_thresholds
from toolchain.graph.types import IntType

# A Softmax in float32 keeps the order of logits that lie this far apart.
_SOFTMAX_UNIT = 2.0**-10


@dataclass(frozen=True)
class Quantiser:
    """What the end of a segment yields: ``scale * (step * code + least)`` for code in 0..levels."""

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


def streamline(model: ModelWrapper) -> DenseNetwork:
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
    return network_of(tuple(layers), scale, offset)


def read_quantiser(model: ModelWrapper, node: NodeProto | None, where: str) -> Quantiser:
    """What the node at the end of a segment yields.

    Raises:
        ModelError: there is none, or its parameters are not those of one scale for all channels.
    """
    if node is None:
        raise ModelError(f"{where}: no Quant or BipolarQuant before the next layer; quantise its activation")
    constants = {name: model.get_initializer(name) for name in node.input[1:]}
    quantiser = _of_thresholds(node, constants) if node.op_type == "MultiThreshold" else _of_quant(node, constants)
    if quantiser.levels > MAX_LEVELS:
        raise ModelError(
            f"node {node.name} ({node.op_type}): {quantiser.levels + 1:,} values; {MAX_LEVELS + 1:,} at most"
        )
    return quantiser


def _of_quant(node: NodeProto, constants: Mapping[str, Any]) -> Quantiser:
    said = read_quantising(node, constants)
    if said.scale.size != 1 or said.zero.size != 1:
        raise ModelError(f"{said.where}: scale, zero point and width must be scalars for activations")
    scale = float(said.scale.item())
    if scale < 0:
        raise ModelError(f"{said.where}: scale {scale:g}; the scale of an activation must be positive")
    if said.zero.any():
        raise ModelError(f"{said.where}: zero point {said.zero.item():g}; only 0 is supported")
    datatype, least, step = said.datatype, int(said.least), 2 if said.bipolar else 1
    return Quantiser(datatype, scale, (int(said.greatest) - least) // step, step, least)


def _of_thresholds(node: NodeProto, constants: Mapping[str, Any]) -> Quantiser:
    """A MultiThreshold yields ``out_scale * count + out_bias``; its unit is such that both are whole."""
    where = f"node {node.name} (MultiThreshold)"
    thresholds = constants[node.input[1]]
    if thresholds is None or np.ndim(thresholds) != 2:
        raise ModelError(f"{where}: thresholds must be a constant of shape (channels, levels)")
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    scale, bias = (float(attributes.get(name, default)) for name, default in (("out_scale", 1.0), ("out_bias", 0.0)))
    for step in (1, 2):
        least = bias * step / scale if scale > 0 else np.nan
        if least == np.rint(least) and abs(least) < 2 ** (MAX_BITS - 1):
            levels = int(np.shape(thresholds)[1])
            ends = np.array([int(least), int(least) + step * levels])
            return Quantiser(unsigned_or_signed(ends), scale / step, levels, step, int(least))
    raise ModelError(f"{where}: out_scale {scale:g}, out_bias {bias:g}; a bias of whole or half scales is supported")


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
    """Whether the quantiser leaves every value of a type as it is."""
    low, high = IntType.of(datatype).ends
    if high - low > MAX_RANGE:
        return False
    codes = _codes(model, segment, np.ones(1), quantiser)
    return all(
        bool((quantiser.step * codes(values) + quantiser.least == values[:, None]).all())
        for values in chunks(low, high)
    )


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
        found: Integers = ((integers - quantiser.least) // quantiser.step).astype(np.int64)
        if not np.isfinite(integers).all() or found.min() < 0 or found.max() > quantiser.levels:
            raise ModelError(f"{segment.name}: its activation yields values that the quantiser at its end has not")
        return found

    return codes


def _bare_layer(segment: Segment, wire: _Wire) -> DenseLayer:
    assert segment.weights is not None
    return DenseLayer(segment.name, segment.weights, wire.datatype, "INT32")


def unsigned_or_signed(values: Integers) -> str:
    """Name of the narrowest qonnx type that holds all values, unsigned where none is negative."""
    if values.min() < 0:
        return smallest_type(values)
    bits = max(1, int(values.max()).bit_length())
    return "BINARY" if bits == 1 else f"UINT{bits}"


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
        quantiser.datatype,
        thresholds,
        quantiser.step,
        quantiser.least,
    )


def _logit_scale(model: ModelWrapper, segment: Segment, wire: _Wire, layer: DenseLayer) -> tuple[float, float]:
    """Scale and offset that turn integer logits into the model's; both must be the same for all classes.

    Raises:
        ModelError: the model's logits could be in another order than the integers, or tie where these do not.
    """
    _must_be_alike(model, segment)
    unit = float(np.ravel(segment.weight_scale)[0]) * wire.scale
    low, high = (int(v) for v in (layer.accumulator_range()[0].min(), layer.accumulator_range()[1].max()))
    run = chain_function(model, segment.chain, segment.tensor, 4)
    points = np.array([low, min(low + 1, high), max(high - 1, low), high])
    values = np.broadcast_to((points * unit)[:, None] + segment.bias, (4, layer.outputs)).astype(np.float32)
    ends = run(values).astype(np.float64).reshape(4, -1)[:, 0]
    scale = (ends[3] - ends[0]) / max(high - low, 1)
    _must_keep_order(segment.name, scale, ends, high > low)
    if scale < _SOFTMAX_UNIT and any(node.op_type == "Softmax" for node in model.graph.node):
        raise ModelError(f"{segment.name}: a Softmax cannot tell logits of {scale:g} a unit apart; leave it out")
    offset = ends[0] - low * scale
    return float(scale), 0.0 if abs(offset) < abs(scale) * 1e-6 else float(offset)


def _must_be_alike(model: ModelWrapper, segment: Segment) -> None:
    """Check that what follows the last product is one straight line for all classes."""
    for node in segment.chain:
        if node.op_type not in AFFINE | RESHAPING:
            raise ModelError(
                f"node {node.name} ({node.op_type}): follows the last layer, and may make equal what the logits tell "
                "apart; end the network with its logits"
            )
        inner = [name for name in node.input if name and model.get_initializer(name) is None]
        if len(inner) != 1 and node.op_type in AFFINE:
            raise ModelError(f"node {node.name} ({node.op_type}): follows the last layer; its factor must be constant")
    parameters = [segment.weight_scale, segment.bias]
    parameters += [model.get_initializer(n) for node in segment.chain if node.op_type in AFFINE for n in node.input]
    if any(np.size(p) and (np.ravel(p) != np.ravel(p)[0]).any() for p in parameters if p is not None):
        raise ModelError(
            f"{segment.name}: the last layer scales or shifts its classes differently, so that integer logits "
            "cannot be compared; train it without bias and with one scale"
        )


def _must_keep_order(name: str, scale: float, ends: NDArray[np.float64], moves: bool) -> None:
    """Check that one unit is still told apart where float32 is coarsest, which is at the ends of the range."""
    steps = np.array([ends[1] - ends[0], ends[3] - ends[2]])
    if not np.isfinite(ends).all() or (moves and (scale <= 0 or (np.abs(steps - scale) > scale / 4).any())):
        raise ModelError(
            f"{name}: logits of {scale:g} a unit around {ends[0]:g} to {ends[3]:g}: float32 cannot tell them apart, or "
            "they fall; leave out the shift behind the last layer, and give it a positive scale"
        )
