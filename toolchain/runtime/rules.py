"""TensorRT's rules for QDQ graphs, each with its source, as a checker: TensorRT itself cannot run everywhere.

A rule of kind `refused` makes the parser or the builder fail; one of kind `slow` costs int8 kernels, not the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import NodeProto, TensorProto

from toolchain.errors import ModelError
from toolchain.runtime.graph_index import GraphIndex

_OPERATORS = "onnx/onnx-tensorrt, docs/operators.md"
_IMPORTER = "onnx/onnx-tensorrt, builtin_op_importers.cpp, QuantDequantLinearHelper"
_GUIDE = "NVIDIA TensorRT Developer Guide, Working with Quantized Types"
_PLACEMENT = "NVIDIA TensorRT Developer Guide, Q/DQ Layer-Placement Recommendations"
_BIAS = "microsoft/onnxruntime issue 14229: DequantizeLinear of an int32 bias: only activation types allowed"

# Newest opset of each TensorRT (docs/operators.md of the release); the last row not above a version counts.
_OPSETS = (((8, 0), 13), ((8, 5), 17), ((10, 0), 20))

_QDQ = {"QuantizeLinear", "DequantizeLinear"}
_WEIGHTED = {"Conv", "ConvTranspose", "Gemm", "MatMul"}
_UNSUPPORTED = {"QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger", "DynamicQuantizeLinear"}
_INPUT_TYPES = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT8, TensorProto.INT32, TensorProto.BOOL}

Finding = tuple[str, str]
"""Name of a node or tensor, and what is wrong with it."""


@dataclass(frozen=True)
class Violation:
    """One breach of a rule.

    Attributes:
        rule: the rule's name.
        kind: `refused` or `slow`.
        where: name of the node or tensor.
        message: what is wrong and what is expected.
        source: where the rule is written.
    """

    rule: str
    kind: str
    where: str
    message: str
    source: str


@dataclass(frozen=True)
class Rule:
    """A rule and the function that finds its breaches."""

    name: str
    kind: str
    source: str
    find: Callable[[GraphIndex], Iterator[Finding]]


def violations(model: onnx.ModelProto, tensorrt: str = "8.2") -> list[Violation]:
    """All breaches of all rules, in the order of `RULES`, the opset's first.

    Args:
        tensorrt: version, such as ``"8.2"``.

    Raises:
        ModelError: the version is no version, or older than 8.0, which knows no QDQ.
    """
    newest = newest_opset(tensorrt)
    graph, found = GraphIndex(model), []
    if graph.opset > newest:
        message = f"opset {graph.opset}: TensorRT {tensorrt} reads {newest} at most"
        found.append(Violation("opset", "refused", "model", message, _OPERATORS))
    for rule in RULES:
        found += [Violation(rule.name, rule.kind, where, said, rule.source) for where, said in rule.find(graph)]
    return found


def newest_opset(tensorrt: str) -> int:
    """Newest opset that a TensorRT reads.

    Raises:
        ModelError: as `violations`.
    """
    try:
        version = tuple(int(part) for part in tensorrt.split(".")[:2])
    except ValueError as error:
        raise ModelError(f"TensorRT {tensorrt!r}: not a version; write one such as 8.2") from error
    known = [opset for since, opset in _OPSETS if since <= version]
    if not known:
        raise ModelError(f"TensorRT {tensorrt} knows no QuantizeLinear; 8.0 or newer is needed")
    return known[-1]


def _name(node: NodeProto) -> str:
    return node.name or (node.output[0] if node.output else node.op_type)


def _pairs(graph: GraphIndex) -> Iterator[NodeProto]:
    return (node for node in graph.nodes if node.op_type in _QDQ)


def _zero_points(graph: GraphIndex) -> Iterator[Finding]:
    for node in _pairs(graph):
        if len(node.input) < 3 or not node.input[2]:
            continue
        values = graph.constant(node.input[2])
        if values is None:
            yield _name(node), "its zero point is computed; it must be a constant 0"
        elif np.asarray(values, np.float64).any():
            yield _name(node), f"zero point {np.ravel(values)[np.ravel(values) != 0][0]}; only 0 is supported"


def _integer_types(graph: GraphIndex) -> Iterator[Finding]:
    for node in _pairs(graph):
        kind = _quantised_type(graph, node)
        if kind is not None and kind not in {np.dtype(np.int8), np.dtype(np.int32)}:
            yield _name(node), f"quantised to {kind}; only int8 is supported (an absent zero point means uint8)"


def _int32_bias(graph: GraphIndex) -> Iterator[Finding]:
    for node in _pairs(graph):
        if _quantised_type(graph, node) == np.dtype(np.int32):
            yield _name(node), "dequantises int32; keep biases as float constants"


def _quantised_type(graph: GraphIndex, node: NodeProto) -> np.dtype[np.generic] | None:
    """Type of the quantised side, or None where a DequantizeLinear's input does not say."""
    if len(node.input) > 2 and node.input[2]:
        zero = graph.constant(node.input[2])
        return None if zero is None else zero.dtype
    if node.op_type == "QuantizeLinear":
        return np.dtype(np.uint8)
    values = graph.constant(node.input[0])
    return None if values is None else values.dtype


def _scales(graph: GraphIndex) -> Iterator[Finding]:
    for node in _pairs(graph):
        scale = graph.constant(node.input[1])
        if scale is None:
            yield _name(node), "its scale is computed; it must be a constant"
        elif not (scale > 0).all() or not np.isfinite(scale).all():
            yield _name(node), f"scale {np.ravel(scale).min()}; all must be positive and finite"


def _per_channel(graph: GraphIndex) -> Iterator[Finding]:
    for node in _pairs(graph):
        scale = graph.constant(node.input[1])
        if scale is not None and scale.size > 1 and not graph.is_constant(node.input[0]):
            yield _name(node), f"{scale.size} scales on an activation; one for the whole tensor is supported"


def _between(graph: GraphIndex) -> Iterator[Finding]:
    """A quantised tensor must go to DequantizeLinear alone."""
    outputs = {value.name for value in graph.model.graph.output}
    for node in graph.nodes:
        if node.op_type != "QuantizeLinear":
            continue
        for other in graph.consumers[node.output[0]]:
            if other.op_type != "DequantizeLinear":
                yield _name(other), f"{other.op_type} takes int8 straight from {_name(node)}; clip before it, as float"
        if node.output[0] in outputs:
            yield _name(node), "its int8 output is an output of the model; dequantise it"


def _weight_range(graph: GraphIndex) -> Iterator[Finding]:
    for node in _pairs(graph):
        values = graph.constant(node.input[0])
        if node.op_type != "DequantizeLinear" or values is None or values.dtype != np.int8:
            continue
        if (values < -127).any():
            yield _name(node), "weights of -128; the symmetric range is -127 to 127"


def _unsupported(graph: GraphIndex) -> Iterator[Finding]:
    for node in graph.nodes:
        if node.op_type in _UNSUPPORTED:
            yield _name(node), f"{node.op_type} is not supported; use QuantizeLinear and DequantizeLinear"


def _inputs(graph: GraphIndex) -> Iterator[Finding]:
    constants = {tensor.name for tensor in graph.model.graph.initializer}
    for value in graph.model.graph.input:
        kind = value.type.tensor_type.elem_type
        if value.name not in constants and kind not in _INPUT_TYPES:
            yield value.name, f"an input of type {TensorProto.DataType.Name(kind)}; use FLOAT"


def _both_inputs(graph: GraphIndex) -> Iterator[Finding]:
    for node in graph.nodes:
        if node.op_type in _WEIGHTED:
            quantised = [_dequantised(graph, name) for name in node.input[:2]]
            if any(quantised) and not all(quantised):
                missing = node.input[quantised.index(False)]
                yield _name(node), f"input {missing} is not quantised, so that {node.op_type} runs as float"


def _residuals(graph: GraphIndex) -> Iterator[Finding]:
    for node in graph.nodes:
        if node.op_type == "Add" and not any(graph.is_constant(name) for name in node.input):
            quantised = [_dequantised(graph, name) for name in node.input]
            if any(quantised) and not all(quantised):
                yield _name(node), f"residual input {node.input[quantised.index(False)]} is not quantised"


def _dequantised(graph: GraphIndex, name: str) -> bool:
    node = graph.producers.get(name)
    while node is not None and node.op_type in {"Transpose", "Reshape"}:
        node = graph.producers.get(node.input[0])
    return node is not None and node.op_type == "DequantizeLinear"


RULES = (
    Rule("zero-point", "refused", _IMPORTER, _zero_points),
    Rule("int8", "refused", _OPERATORS, _integer_types),
    Rule("float-bias", "refused", _BIAS, _int32_bias),
    Rule("scale", "refused", _IMPORTER, _scales),
    Rule("per-tensor-activations", "refused", _GUIDE, _per_channel),
    Rule("nothing-between", "refused", _GUIDE, _between),
    Rule("weight-range", "refused", _GUIDE, _weight_range),
    Rule("operators", "refused", _OPERATORS, _unsupported),
    Rule("input-type", "refused", _OPERATORS, _inputs),
    Rule("both-inputs", "slow", _PLACEMENT, _both_inputs),
    Rule("residual", "slow", _PLACEMENT, _residuals),
)
