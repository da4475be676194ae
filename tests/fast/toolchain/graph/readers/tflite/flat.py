"""Small TFLite files, built table by table with the flatbuffers builder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import tflite

_OPTIONS = {
    "ADD": "AddOptions",
    "SUB": "SubOptions",
    "MUL": "MulOptions",
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "SOFTMAX": "SoftmaxOptions",
    "CONCATENATION": "ConcatenationOptions",
    "LEAKY_RELU": "LeakyReluOptions",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
    "SPLIT": "SplitOptions",
    "STRIDED_SLICE": "StridedSliceOptions",
    "ARG_MAX": "ArgMaxOptions",
    "HARD_SWISH": "HardSwishOptions",
    "SLICE": "SliceOptions",
    "SQUEEZE": "SqueezeOptions",
}
# Of operators that LiteRT knows in fewer than three versions.
_VERSIONS = {"RELU_N1_TO_1": 1, "HARD_SWISH": 1, "LEAKY_RELU": 2, "SQUEEZE": 1, "EXPAND_DIMS": 1, "RESHAPE": 1}
TYPES = {"INT8": np.int8, "UINT8": np.uint8, "INT32": np.int32, "INT64": np.int64, "FLOAT32": np.float32}


class Flat:
    """A file in the making: tensors and operators by number, written by `save`."""

    def __init__(self) -> None:
        self.tensors: list[dict[str, Any]] = []
        self.operators: list[dict[str, Any]] = []
        self.inputs: list[int] = []
        self.outputs: list[int] = []
        self.subgraphs = 1

    def tensor(
        self,
        shape: Sequence[int],
        scale: float | Sequence[float] | None = 0.1,
        zero: int | Sequence[int] = 0,
        kind: str = "INT8",
        **more: Any,
    ) -> int:
        scales = [] if scale is None else np.atleast_1d(scale).tolist()
        zeros = np.broadcast_to(zero, len(scales)).tolist()
        self.tensors.append({"shape": tuple(shape), "scale": scales, "zero": zeros, "kind": kind, **more})
        return len(self.tensors) - 1

    def constant(self, values: Any, kind: str = "INT32", scale: Any = None, zero: int = 0, **more: Any) -> int:
        data = np.asarray(values, TYPES[kind])
        return self.tensor(data.shape, scale, zero, kind, data=data.tobytes(), **more)

    def input(self, shape: Sequence[int], scale: float | None = 0.1, zero: int = 0, kind: str = "INT8") -> int:
        self.inputs.append(self.tensor(shape, scale, zero, kind))
        return self.inputs[-1]

    def operator(self, kind: str, inputs: Sequence[int], outputs: Sequence[int], **options: Any) -> None:
        self.operators.append({"kind": kind, "inputs": inputs, "outputs": outputs, "options": options})

    def end(self, *outputs: int) -> Flat:
        self.outputs = list(outputs)
        return self

    def save(self, path: Path) -> Path:
        path.write_bytes(self.content())
        return path

    def content(self) -> bytes:
        b = flatbuffers.Builder(1024)
        datas = [b"", *(t["data"] for t in self.tensors if "data" in t)]
        buffers = _vector(b, [_buffer(b, data) for data in datas])
        kinds = sorted({op["kind"] for op in self.operators})
        codes = _vector(b, [_code(b, kind) for kind in kinds])
        graph = self._subgraph(b, kinds)
        subgraphs = _vector(b, [graph] * self.subgraphs)
        tflite.ModelStart(b)
        tflite.ModelAddVersion(b, 3)
        tflite.ModelAddOperatorCodes(b, codes)
        tflite.ModelAddSubgraphs(b, subgraphs)
        tflite.ModelAddBuffers(b, buffers)
        b.Finish(tflite.ModelEnd(b), b"TFL3")
        return bytes(b.Output())

    def _subgraph(self, b: flatbuffers.Builder, kinds: list[str]) -> int:
        place = iter(range(1, len(self.tensors) + 1))
        tensors = _vector(b, [_tensor(b, i, t, next(place) if "data" in t else 0) for i, t in enumerate(self.tensors)])
        operators = _vector(b, [_operator(b, op, kinds.index(op["kind"])) for op in self.operators])
        inputs, outputs = (_numbers(b, np.int32, values) for values in (self.inputs, self.outputs))
        tflite.SubGraphStart(b)
        tflite.SubGraphAddTensors(b, tensors)
        tflite.SubGraphAddInputs(b, inputs)
        tflite.SubGraphAddOutputs(b, outputs)
        tflite.SubGraphAddOperators(b, operators)
        return int(tflite.SubGraphEnd(b))


def _buffer(b: flatbuffers.Builder, data: bytes) -> int:
    vector = b.CreateByteVector(data) if data else None
    tflite.BufferStart(b)
    if vector is not None:
        tflite.BufferAddData(b, vector)
    return int(tflite.BufferEnd(b))


def _code(b: flatbuffers.Builder, kind: str) -> int:
    number = getattr(tflite.BuiltinOperator, kind)
    tflite.OperatorCodeStart(b)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(b, min(number, 127))
    tflite.OperatorCodeAddBuiltinCode(b, number)
    tflite.OperatorCodeAddVersion(b, _VERSIONS.get(kind, 2))
    return int(tflite.OperatorCodeEnd(b))


def _tensor(b: flatbuffers.Builder, index: int, given: dict[str, Any], buffer: int) -> int:
    name = b.CreateString(given.get("name", f"t{index}"))
    shape = _numbers(b, np.int32, given["shape"])
    signature = _numbers(b, np.int32, given["signature"]) if "signature" in given else None
    quantisation = _quantisation(b, given) if given["scale"] else None
    tflite.TensorStart(b)
    tflite.TensorAddShape(b, shape)
    tflite.TensorAddType(b, getattr(tflite.TensorType, given["kind"]))
    tflite.TensorAddBuffer(b, given.get("buffer", buffer))
    tflite.TensorAddName(b, name)
    tflite.TensorAddHasRank(b, True)
    if signature is not None:
        tflite.TensorAddShapeSignature(b, signature)
    if quantisation is not None:
        tflite.TensorAddQuantization(b, quantisation)
    return int(tflite.TensorEnd(b))


def _quantisation(b: flatbuffers.Builder, given: dict[str, Any]) -> int:
    scale, zero = _numbers(b, np.float32, given["scale"]), _numbers(b, np.int64, given["zero"])
    tflite.QuantizationParametersStart(b)
    tflite.QuantizationParametersAddScale(b, scale)
    tflite.QuantizationParametersAddZeroPoint(b, zero)
    tflite.QuantizationParametersAddQuantizedDimension(b, given.get("axis", 0))
    return int(tflite.QuantizationParametersEnd(b))


def _operator(b: flatbuffers.Builder, given: dict[str, Any], code: int) -> int:
    table = _OPTIONS.get(given["kind"])
    options = _options(b, table, given["options"]) if table else 0
    inputs, outputs = (_numbers(b, np.int32, given[side]) for side in ("inputs", "outputs"))
    tflite.OperatorStart(b)
    tflite.OperatorAddOpcodeIndex(b, code)
    tflite.OperatorAddInputs(b, inputs)
    tflite.OperatorAddOutputs(b, outputs)
    if table:
        tflite.OperatorAddBuiltinOptionsType(b, getattr(tflite.BuiltinOptions, table))
        tflite.OperatorAddBuiltinOptions(b, options)
    return int(tflite.OperatorEnd(b))


def _options(b: flatbuffers.Builder, table: str, values: dict[str, Any]) -> int:
    values = {n: _numbers(b, np.int32, v) if isinstance(v, list) else v for n, v in values.items()}
    getattr(tflite, f"{table}Start")(b)
    for name, value in values.items():
        getattr(tflite, f"{table}Add{name}")(b, value)
    return int(getattr(tflite, f"{table}End")(b))


def _numbers(b: flatbuffers.Builder, dtype: Any, values: Sequence[Any]) -> int:
    return int(b.CreateNumpyVector(np.asarray(values, dtype)))


def _vector(b: flatbuffers.Builder, offsets: list[int]) -> int:
    b.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        b.PrependUOffsetTRelative(offset)
    return int(b.EndVector())
