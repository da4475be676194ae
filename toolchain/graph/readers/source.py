"""What a reader makes of a file: the integer graph, and what stands around it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from toolchain.graph.graph import Graph
from toolchain.results.formats import FileFormat


@dataclass(frozen=True)
class Port:
    """An input or output as the file has it.

    Attributes:
        name: in the file.
        shape: without the batch, axes in the file's own order.
        dtype: of its elements.
        datatype: qonnx DataType name of what it may hold, where the file says; "" for any value of the dtype.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    datatype: str = ""


@dataclass(frozen=True)
class Seen:
    """A tensor of the file whose integers a node of the graph computes, so that the two can be held against each other.

    Attributes:
        node: of the graph.
        tensor: of the file, by its name; by its number in TFLite.
        axes: for each axis of the graph's tensor the file's, the batch not counted; None where they are the same.
        order: for each channel of the graph its place on the file's axis; None where they are the same.
        unit, bias: the file's values are ``unit * integer + bias``, shape (channels or 1,); None where they are codes.
    """

    node: str
    tensor: str
    axes: tuple[int, ...] | None = None
    order: NDArray[np.intp] | None = None
    unit: NDArray[np.float64] | None = None
    bias: NDArray[np.float64] | float = 0.0

    def integers(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """The file's values, shape (N, ...), as the node should have them."""
        placed = values if self.axes is None else values.transpose(0, *(axis + 1 for axis in self.axes))
        placed = placed if self.order is None else placed[..., self.order]
        if self.unit is not None:
            placed = np.rint((placed.astype(np.float64) - self.bias) / self.unit)
        return placed.astype(np.int64)


@dataclass(frozen=True)
class Source:
    """A network as its file has it, and as integers.

    Attributes:
        inputs, outputs: the file's own, in order.
        front: from the file's inputs to integers for the graph's inputs, by the graph's names, channels last, as
            float32 or integers; standard ONNX, free batch. None where the inputs are the graph's own as they are.
        tail: from the graph's outputs, by `Output.name`, as float32 of ``scale * integer + offset``, channels last, to
            the file's outputs. None where these are they as they are: integers unscaled, floats scaled.
        notices: what a person should know: what was left out, rounded or assumed.
        seen: tensors of the file that the graph computes.
        ordered: whether the values that the file makes of the graph's outputs, before a label or Softmax, are in the
            order of the integers of all channels, and as much apart.
    """

    format: FileFormat
    graph: Graph
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    front: onnx.ModelProto | None = None
    tail: onnx.ModelProto | None = None
    notices: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()
    ordered: bool = True

    @property
    def answer_size(self) -> int:
        """Elements of all outputs for one vector."""
        return sum(math.prod(port.shape) for port in self.outputs)

    @property
    def whole_outputs(self) -> tuple[bool, ...]:
        """Which outputs of the graph are the file's own integers, as they are."""
        if self.tail is not None:
            return (False,) * len(self.graph.outputs)
        return tuple(port.dtype.kind in "iu" for port in self.outputs)


Arrays = Mapping[str, NDArray[Any]]
"""Batches of each input or output, by its name, shape (N, ...)."""
