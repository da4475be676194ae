"""A TFLite file as plain tensors and operators. What it says is bounded here, before anything is computed from it."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

from toolchain.errors import FileError, ModelError, first_line

# What the flatbuffers library raises where an offset leads out of the file or a length is wrong.
_BROKEN = (struct.error, IndexError, ValueError, TypeError, OverflowError, AttributeError)

_MOST_TABLES = 20_000
_MOST_AXES = 6
MOST_CHANNELS = 2**20
"""Channels of a computed tensor, a window's taps included: each has bounds of its own."""

_NAME = 120

DTYPES: Mapping[str, np.dtype[Any]] = {
    "INT8": np.dtype(np.int8),
    "UINT8": np.dtype(np.uint8),
    "INT32": np.dtype(np.int32),
    "INT64": np.dtype(np.int64),
    "FLOAT32": np.dtype(np.float32),
}
"""Types of elements that are read, by TFLite's own names."""


def _names(enumeration: Any) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


_TYPES, _KINDS = _names(tflite.TensorType), _names(tflite.BuiltinOperator)
_OPTIONS = {name: value for value, name in _names(tflite.BuiltinOptions).items()}

_FUSED = "FusedActivationFunction"
_STEPS = ("Padding", "StrideH", "StrideW")
_DILATION = ("DilationHFactor", "DilationWFactor")
_MASKS = ("BeginMask", "EndMask", "EllipsisMask", "NewAxisMask", "ShrinkAxisMask")
_FIELDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ADD": ("AddOptions", (_FUSED,)),
    "SUB": ("SubOptions", (_FUSED,)),
    "CONV_2D": ("Conv2DOptions", (_FUSED, *_STEPS, *_DILATION)),
    "DEPTHWISE_CONV_2D": ("DepthwiseConv2DOptions", (_FUSED, *_STEPS, *_DILATION)),
    "FULLY_CONNECTED": ("FullyConnectedOptions", (_FUSED, "WeightsFormat")),
    "AVERAGE_POOL_2D": ("Pool2DOptions", (_FUSED, *_STEPS, "FilterHeight", "FilterWidth")),
    "MAX_POOL_2D": ("Pool2DOptions", (_FUSED, *_STEPS, "FilterHeight", "FilterWidth")),
    "CONCATENATION": ("ConcatenationOptions", (_FUSED, "Axis")),
    "SOFTMAX": ("SoftmaxOptions", ("Beta",)),
    "LEAKY_RELU": ("LeakyReluOptions", ("Alpha",)),
    "RESIZE_NEAREST_NEIGHBOR": ("ResizeNearestNeighborOptions", ("AlignCorners", "HalfPixelCenters")),
    "STRIDED_SLICE": ("StridedSliceOptions", _MASKS),
}
"""The table of options of each operator that has some, and those that matter."""


@dataclass(frozen=True)
class Tensor:
    """A tensor as the file has it.

    Attributes:
        shape: with the batch; () for a scalar.
        free: axes that the file leaves open.
        type: TFLite's name of its elements' type.
        scale, zero_point: one, one a channel, or none where it is not quantised.
        axis: along which there are several.
        data: raw bytes of a constant; None for what is computed.
        odd: what else makes it unusable; "" for nothing.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    free: tuple[int, ...]
    type: str
    scale: NDArray[np.float32]
    zero_point: NDArray[np.int64]
    axis: int
    data: NDArray[np.uint8] | None
    odd: str = ""

    def __str__(self) -> str:
        return f"tensor {self.index} ({self.name})"

    @property
    def size(self) -> int:
        """Number of elements, the batch counted."""
        size = 1
        for n in self.shape:
            size *= n
        return size

    @cached_property
    def values(self) -> NDArray[Any]:
        """A constant's elements.

        Raises:
            ModelError: it is no constant, or its bytes are not those of its shape.
        """
        if self.data is None or self.type not in DTYPES:
            raise ModelError(f"{self} of type {self.type} is computed; a constant of {', '.join(DTYPES)} is expected")
        dtype = DTYPES[self.type].newbyteorder("<")
        if len(self.data) != self.size * dtype.itemsize:
            raise ModelError(
                f"{self}: {len(self.data)} bytes for shape {self.shape} of {self.type}; the file is truncated or broken"
            )
        return np.frombuffer(self.data, dtype).reshape(self.shape)


@dataclass(frozen=True)
class Operator:
    """An operator as the file has it; inputs that are left out are -1."""

    index: int
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"operator {self.index} ({self.kind})"


@dataclass(frozen=True)
class File:
    """The only subgraph of a file."""

    path: Path
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def open_file(path: Path) -> File:
    """Read the tables of a TFLite file; constants stay where they are until they are asked for.

    Raises:
        FileError: the file is missing, no TFLite file, broken, or has several subgraphs; names what is wrong.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror or first_line(error)}") from error
    if content[4:8] != b"TFL3":
        raise FileError(f"{path}: not a TFLite file: its bytes 4 to 7 are not TFL3")
    try:
        return _Reader(path, content).file()
    except ModelError as error:
        raise FileError(f"{path}: {error}") from error
    except _BROKEN as error:
        # What the library says of it is its own bookkeeping, and helps nobody to mend the file.
        raise FileError(
            f"{path}: truncated or broken: a table in it leads nowhere; fetch or export it again"
        ) from error


class _Reader:
    def __init__(self, path: Path, content: bytes) -> None:
        self._path, self._size = path, len(content)
        self._model = tflite.Model.GetRootAs(content, 0)

    def file(self) -> File:
        model = self._model
        if (count := model.SubgraphsLength()) != 1:
            raise ModelError(f"{count} subgraphs; control flow is not read: export a plain network of one")
        graph = model.Subgraphs(0)
        tensors = self._all("tensors", graph.TensorsLength(), lambda i: self._tensor(i, graph.Tensors(i)))
        kinds = self._all("operator codes", model.OperatorCodesLength(), lambda i: _kind(model.OperatorCodes(i)))
        operators = self._all(
            "operators", graph.OperatorsLength(), lambda i: self._operator(i, graph.Operators(i), kinds, len(tensors))
        )
        ends = (_indices(which(), len(tensors), 0) for which in (graph.InputsAsNumpy, graph.OutputsAsNumpy))
        return File(self._path, tensors, operators, *ends)

    def _all(self, what: str, count: int, read: Callable[[int], Any]) -> tuple[Any, ...]:
        if count > _MOST_TABLES:
            raise ModelError(f"{count} {what}; {_MOST_TABLES} at most")
        return tuple(read(i) for i in range(count))

    def _tensor(self, index: int, tensor: Any) -> Tensor:
        if (axes := tensor.ShapeLength()) > _MOST_AXES:
            raise ModelError(f"tensor {index}: {axes} axes; {_MOST_AXES} at most")
        shape = _whole(tensor.ShapeAsNumpy())
        free = tuple(i for i, n in enumerate(_whole(tensor.ShapeSignatureAsNumpy())[:_MOST_AXES]) if n < 0)
        data, odd = self._data(tensor.Buffer())
        if tensor.Sparsity() is not None:
            odd = "is sparse"
        elif tensor.IsVariable():
            odd = "is a variable"
        scale, zero_point, axis = _quantisation(tensor.Quantization())
        kind = _TYPES.get(tensor.Type(), f"type {tensor.Type()}")
        return Tensor(index, _name(tensor), shape, free, kind, scale, zero_point, axis, data, odd)

    def _data(self, index: int) -> tuple[NDArray[np.uint8] | None, str]:
        if index == 0:
            return None, ""
        if index >= self._model.BuffersLength():
            return None, f"points at buffer {index} of {self._model.BuffersLength()}"
        buffer = self._model.Buffers(index)
        if buffer.Offset() > 1 or buffer.Size() > 1:
            return None, "keeps its data behind the flatbuffer"
        return (buffer.DataAsNumpy() if buffer.DataLength() else None), ""

    def _operator(self, index: int, operator: Any, kinds: tuple[str, ...], tensors: int) -> Operator:
        if operator.OpcodeIndex() >= len(kinds):
            raise ModelError(f"operator {index}: kind {operator.OpcodeIndex()} of {len(kinds)}; the file is broken")
        kind = kinds[operator.OpcodeIndex()]
        inputs = _indices(operator.InputsAsNumpy(), tensors, -1)
        outputs = _indices(operator.OutputsAsNumpy(), tensors, 0)
        return Operator(index, kind, inputs, outputs, _options(f"operator {index} ({kind})", kind, operator))


def _kind(code: Any) -> str:
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    if number == tflite.BuiltinOperator.CUSTOM:
        return f"custom {_plain(code.CustomCode())}"
    return _KINDS.get(number, f"kind {number}")


def _options(where: str, kind: str, operator: Any) -> Mapping[str, Any]:
    if kind not in _FIELDS:
        return {}
    table, fields = _FIELDS[kind]
    given = operator.BuiltinOptions()
    if given is None or operator.BuiltinOptionsType() != _OPTIONS[table]:
        raise ModelError(f"{where}: its options are not {table}; the file is broken")
    options = getattr(tflite, table)()
    options.Init(given.Bytes, given.Pos)
    return {name: getattr(options, name)() for name in fields}


def _quantisation(given: Any) -> tuple[NDArray[np.float32], NDArray[np.int64], int]:
    if given is None or not given.ScaleLength():
        return np.zeros(0, np.float32), np.zeros(0, np.int64), 0
    scale = given.ScaleAsNumpy()
    zero_point = given.ZeroPointAsNumpy() if given.ZeroPointLength() else np.zeros(len(scale), np.int64)
    return scale, zero_point, given.QuantizedDimension()


def _whole(vector: Any) -> tuple[int, ...]:
    """A vector's numbers; the library gives 0 for one that is left out."""
    return () if isinstance(vector, int) else tuple(vector.tolist())


def _indices(vector: Any, count: int, least: int) -> tuple[int, ...]:
    if not isinstance(vector, int) and len(vector) > _MOST_TABLES:
        raise ModelError(f"a list of {len(vector)} tensors; {_MOST_TABLES} at most")
    found = _whole(vector)
    if wrong := [i for i in found if not least <= i < count]:
        raise ModelError(f"tensor {wrong[0]} is asked for; there are {count}: the file is broken")
    return found


def _name(tensor: Any) -> str:
    """A tensor's name; not read where it is too long to be one."""
    place = tensor._tab.Offset(10)
    if not place or tensor._tab.VectorLen(place) > 2**12:
        return ""
    return _plain(tensor.Name())


def _plain(name: bytes | None) -> str:
    """A name that fits a line."""
    text = re.sub(r"[^\x20-\x7e]", "?", (name or b"")[: 2**12].decode(errors="replace"))
    return text if len(text) <= _NAME else f"{text[:_NAME]}..."
