"""The ends of a network in float: a QUANTIZE of each float input, a DEQUANTIZE of each float output."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.graph.graph import Graph
from toolchain.graph.readers.tflite.building import inner, usable
from toolchain.graph.readers.tflite.flatbuffer import File, Operator, Tensor
from toolchain.graph.readers.tflite.quantised import checked, limits, scale_of, zero_of

_OPSET, _IR = 17, 8
_ATTRIBUTES: dict[str, dict[str, Any]] = {"Cast": {"to": TensorProto.FLOAT}}


class Ends:
    """Which operators stand outside the integer graph.

    Attributes:
        inputs, outputs: tensors that the integer graph begins and ends with, in the file's order.
    """

    def __init__(self, file: File) -> None:
        self._file = file
        self._first = {i: op for op in file.operators if op.kind == "QUANTIZE" for i in op.inputs if self._float(i)}
        self._last = {i: op for op in file.operators if op.kind == "DEQUANTIZE" for i in op.outputs}
        self._first = {i: op for i, op in self._first.items() if i in file.inputs and len(op.outputs) == 1}
        self._last = {i: op for i, op in self._last.items() if i in file.outputs and len(op.inputs) == 1}
        self._within = {op.index for op in (*self._first.values(), *self._last.values())}
        self.inputs = [self._first[i].outputs[0] if i in self._first else i for i in file.inputs]
        self.outputs = [self._last[i].inputs[0] if i in self._last else i for i in file.outputs]

    def __contains__(self, operator: Operator) -> bool:
        return operator.index in self._within

    def front(self, graph: Graph) -> onnx.ModelProto | None:
        """The way of the file's inputs to the graph's; None where they are the same.

        Raises:
            ModelError: an input cannot be quantised so.
        """
        if not self._first:
            return None
        nodes, tensors, ends = [], [], []
        for place, (i, name) in enumerate(zip(self._file.inputs, graph.inputs, strict=True)):
            source = self._file.tensors[i]
            given = source.name or f"tensor_{i}"
            ends.append((given, name, source))
            if i in self._first:
                made, constants = _quantise(given, name, self._file.tensors[self._first[i].outputs[0]], place)
                nodes += made
                tensors += constants
            else:
                nodes.append(helper.make_node("Cast", [given], [name], to=TensorProto.FLOAT))
        inputs = [_value(given, tensor, _onnx_type(tensor)) for given, _, tensor in ends]
        outputs = [_value(name, tensor, TensorProto.FLOAT) for _, name, tensor in ends]
        return _model("front", nodes, inputs, outputs, tensors)

    def tail(self, graph: Graph) -> onnx.ModelProto | None:
        """The way of the graph's outputs, as real values, to the file's; None where its integers are the file's.

        Raises:
            ModelError: some outputs are float and others integers.
        """
        if not self._last:
            return None
        if missing := [i for i in self._file.outputs if i not in self._last]:
            raise ModelError(f"output {self._file.tensors[missing[0]]} is integer, others are float; export all alike")
        names = [(o.name, self._file.tensors[i]) for o, i in zip(graph.outputs, self._file.outputs, strict=True)]
        nodes = [helper.make_node("Identity", [name], [_own(name, tensor)]) for name, tensor in names]
        inputs = [_value(name, tensor, TensorProto.FLOAT) for name, tensor in names]
        outputs = [_value(_own(name, tensor), tensor, TensorProto.FLOAT) for name, tensor in names]
        return _model("tail", nodes, inputs, outputs, [])

    def _float(self, index: int) -> bool:
        return index >= 0 and self._file.tensors[index].type == "FLOAT32"


def _own(name: str, tensor: Tensor) -> str:
    own = tensor.name or f"tensor_{tensor.index}"
    return own if own != name else f"{own}_value"


def _quantise(given: str, name: str, result: Tensor, place: int) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """float32 to codes as TFLite rounds: the quotient's halves away from zero."""
    checked(result)
    low, high = limits(result)
    values = {"scale": scale_of(result), "zero": zero_of(result), "half": 0.5, "low": low, "high": high}
    tensors = [numpy_helper.from_array(np.array(v, np.float32), f"front_{place}_{k}") for k, v in values.items()]
    steps = (
        ("Div", (given, "scale"), "quotient"),
        ("Abs", ("quotient",), "size"),
        ("Floor", ("size",), "whole"),
        ("Sub", ("size", "whole"), "rest"),
        ("GreaterOrEqual", ("rest", "half"), "is_up"),
        ("Cast", ("is_up",), "up"),
        ("Add", ("whole", "up"), "rounded"),
        ("Sign", ("quotient",), "sign"),
        ("Mul", ("rounded", "sign"), "signed"),
        ("Add", ("signed", "zero"), "code"),
        ("Clip", ("code", "low", "high"), name),
    )

    def own(value: str) -> str:
        return value if value in (given, name) else f"front_{place}_{value}"

    nodes = [
        helper.make_node(kind, [own(i) for i in inputs], [own(output)], **_ATTRIBUTES.get(kind, {}))
        for kind, inputs, output in steps
    ]
    return nodes, tensors


def _onnx_type(tensor: Tensor) -> int:
    known = {"FLOAT32": TensorProto.FLOAT, "INT8": TensorProto.INT8, "UINT8": TensorProto.UINT8}
    if tensor.type not in known:
        raise ModelError(f"input {tensor} has type {tensor.type}; {', '.join(known)} are read")
    return known[tensor.type]


def _value(name: str, tensor: Tensor, kind: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, ["N", *inner(usable(tensor))])


def _model(
    name: str,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    tensors: list[onnx.TensorProto],
) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, name, inputs, outputs, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
    onnx.checker.check_model(model)
    return model
