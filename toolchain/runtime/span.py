"""The range that a model's input takes: random vectors must cover it, or they prove nothing of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import NodeProto, helper

from toolchain.errors import ModelError
from toolchain.runtime.graph_index import GraphIndex


class Span(NamedTuple):
    """The values that an input takes: least, greatest, and the step between two; a step of 0 is none."""

    low: float
    high: float
    step: float = 0.0


UNIT = Span(0.0, 1.0)

_MOVED = {"Reshape", "Transpose", "Flatten", "Identity", "Squeeze", "Unsqueeze"}

# Integers this wide are rarely meant to be used whole: samples of a converter, or indices.
_WIDEST_BITS = 16


def input_span(model: onnx.ModelProto, source: onnx.ValueInfoProto | None = None) -> Span:
    """Range of an input: as it is annotated, as its type or the QuantizeLinear behind it allows; else 0 to 1.

    Args:
        source: the first input where None.
    """
    graph = GraphIndex(model)
    source = source or inputs_of(model)[0]
    annotated = _annotated(model, source.name)
    if annotated:
        return annotated
    kind = helper.tensor_dtype_to_np_dtype(source.type.tensor_type.elem_type)
    if kind.kind == "b":
        return Span(0.0, 1.0, 1.0)
    if kind.kind in "iu":
        return _indices(graph, source.name) or integer_span(*_limits(kind))
    return _quantised(graph, source.name) or UNIT


def inputs_of(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """A model's own inputs; old files list their constants among them, too."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in constants]


def integer_span(low: float, high: float) -> Span:
    """Range of an integer type, but no more than 16 bits of it."""
    widest = 2.0**_WIDEST_BITS
    if high - low < widest:
        return Span(float(low), float(high), 1.0)
    return Span(0.0, widest - 1, 1.0) if low >= 0 else Span(-widest / 2, widest / 2 - 1, 1.0)


def annotated_span(name: str) -> Span | None:
    """Range of a type by qonnx's name; None for floats.

    Raises:
        ModelError: qonnx knows no such type.
    """
    # qonnx takes a while to import.
    from qonnx.core.datatype import DataType

    try:
        kind = DataType[name]
    except (KeyError, ValueError) as error:
        raise ModelError(f"its input is annotated as {name!r}, which qonnx does not know") from error
    if name == "BIPOLAR":
        return Span(-1.0, 1.0, 2.0)
    if kind.is_integer():
        return integer_span(kind.min(), kind.max())
    return Span(float(kind.min()), float(kind.max()), float(kind.scale_factor())) if kind.is_fixed_point() else None


def _annotated(model: onnx.ModelProto, name: str) -> Span | None:
    for annotation in model.graph.quantization_annotation:
        if annotation.tensor_name == name:
            types = {entry.key: entry.value for entry in annotation.quant_parameter_tensor_names}
            if "finn_datatype" in types:
                return annotated_span(types["finn_datatype"])
    return None


def _limits(kind: np.dtype[Any]) -> tuple[int, int]:
    limits = np.iinfo(kind)
    return int(limits.min), int(limits.max)


def _behind(graph: GraphIndex, name: str) -> Iterator[NodeProto]:
    """What takes an input, past what only moves it or changes its type."""
    pending = [name]
    while pending:
        for node in graph.consumers[pending.pop()]:
            if node.op_type in {*_MOVED, "Cast"}:
                pending.append(node.output[0])
            else:
                yield node


def _indices(graph: GraphIndex, name: str) -> Span | None:
    """Range of an input that picks from a constant table."""
    for node in _behind(graph, name):
        table = graph.constant(node.input[0]) if node.op_type == "Gather" else None
        if table is not None and table.ndim:
            return Span(0.0, float(table.shape[graph.attribute(node, "axis", 0)] - 1), 1.0)
    return None


def _quantised(graph: GraphIndex, name: str) -> Span | None:
    """Range of the QuantizeLinear that an input goes to."""
    while graph.consumers[name] and graph.consumers[name][0].op_type in _MOVED:
        name = graph.consumers[name][0].output[0]
    node = next((n for n in graph.consumers[name] if n.op_type == "QuantizeLinear"), None)
    scale = None if node is None else graph.constant(node.input[1])
    if node is None or scale is None or scale.size != 1:
        return None
    zero = graph.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else np.zeros((), np.uint8)
    if zero is None or zero.dtype.kind not in "iu" or zero.size != 1:
        return None
    (low, high), unit, origin = _limits(zero.dtype), float(scale.reshape(-1)[0]), int(zero.reshape(-1)[0])
    return Span((low - origin) * unit, (high - origin) * unit)
