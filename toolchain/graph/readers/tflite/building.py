"""The integer graph as it grows, operator by operator, and what all operators share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.ops import Input, Op, Reshape, Select, Table, Transpose
from toolchain.graph.readers.growing import MOST_ELEMENTS, Growing
from toolchain.graph.readers.tflite.flatbuffer import MOST_CHANNELS, File, Operator, Tensor
from toolchain.graph.readers.tflite.quantised import Codes, checked, limits
from toolchain.graph.types import TensorType


class Building(Growing[Operator]):
    """A file and the graph that is made of it.

    Attributes:
        made: name of the node that makes a tensor, by the tensor's number.
    """

    def __init__(self, file: File) -> None:
        super().__init__()
        self.file = file
        self.made: dict[int, str] = {}

    def tensor(self, operator: Operator, place: int) -> Tensor:
        """An operator's input tensor.

        Raises:
            ModelError: it is left out, or cannot be used.
        """
        if not 0 <= place < len(operator.inputs) or operator.inputs[place] < 0:
            raise ModelError(f"input {place} is left out")
        return usable(self.file.tensors[operator.inputs[place]])

    def optional(self, operator: Operator, place: int) -> Tensor | None:
        """An input tensor that may be left out."""
        absent = place >= len(operator.inputs) or operator.inputs[place] < 0
        return None if absent else self.tensor(operator, place)

    def output(self, operator: Operator, place: int = 0) -> Tensor:
        """An operator's output tensor.

        Raises:
            ModelError: there is none, or it cannot be used.
        """
        if place >= len(operator.outputs):
            raise ModelError(f"output {place} is left out")
        return usable(self.file.tensors[operator.outputs[place]])

    def node(self, operator: Operator, place: int = 0) -> str:
        """The node of an input that is computed, an 8-bit integer.

        Raises:
            ModelError: it is a constant, not made yet, or of another type.
        """
        tensor = self.tensor(operator, place)
        checked(tensor)
        if tensor.index not in self.made:
            what = "a constant" if tensor.data is not None else "made by no operator before it: a circle, or cut off"
            raise ModelError(f"input {place}, {tensor}, is {what}")
        return self.made[tensor.index]

    def start(self, tensor: Tensor) -> str:
        """Add an input of the network."""
        low, high = limits(checked(usable(tensor)))
        name = f"input_{len(self.graph.inputs)}"
        self.made[tensor.index] = self.graph.add(name, Input(TensorType(inner(tensor), low, high)))
        return name

    def name(self, operator: Operator, part: str) -> str:
        """See `Growing`."""
        return f"{operator.kind.lower()}_{operator.index}{f'_{part}' if part else ''}"

    def reshaped(self, operator: Operator, part: str, node: str, shape: Sequence[int]) -> str:
        """The node in another shape; itself where that is its shape."""
        if self.shape(node) == tuple(shape):
            return node
        return self.add(operator, part, Reshape(tuple(shape)), node)

    def taken(self, operator: Operator, part: str, node: str, axis: int, which: Sequence[int]) -> str:
        """Positions of one axis, by number."""
        if list(which) == list(range(self.shape(node)[axis])):
            return node
        return self.along(operator, part, axis, Select(tuple(int(i) for i in which)), node)

    def along(self, operator: Operator, part: str, axis: int, op: Op, *nodes: str) -> str:
        """An operation on channels, on another axis: turned to the end and back."""
        last = len(self.shape(nodes[0])) - 1
        if axis == last:
            return self.add(operator, part, op, *nodes)
        order = list(range(last + 1))
        order[axis], order[last] = last, axis
        turn = Transpose(tuple(order))
        turned = [self.add(operator, f"{part}_turn_{i}", turn, node) for i, node in enumerate(nodes)]
        return self.add(operator, f"{part}_back", turn, self.add(operator, part, op, *turned))

    def looked_up(self, operator: Operator, part: str, node: str, values: NDArray[np.int64], low: int) -> str:
        """A function of a small integer, given by its values from `low` on."""
        return self.add(operator, part, Table(values[None], low), node)

    def requantised(self, operator: Operator, node: str, codes: Codes, span: tuple[int, int], shared: bool) -> str:
        """From accumulators to codes `span[0]` to `span[1]`.

        Args:
            codes: maps accumulators of shape (channels, n) to codes of that shape; never falls along a row.
            shared: the same function for all channels.
        """
        return self.thresholds(operator, "", node, codes, span, shared)


def usable(tensor: Tensor) -> Tensor:
    """A tensor whose shape and place can be worked with.

    Raises:
        ModelError: it is sparse, a variable, of open or too large a shape, or points outside the file.
    """
    if tensor.odd:
        raise ModelError(f"{tensor} {tensor.odd}; export plain constants of fixed shapes")
    if any(axis for axis in tensor.free):
        raise ModelError(f"{tensor} leaves axes {tensor.free} open; export the network with a fixed shape")
    if any(n < 1 for n in tensor.shape) or tensor.size > MOST_ELEMENTS:
        raise ModelError(f"{tensor} has shape {tensor.shape}; 1 to {MOST_ELEMENTS:,} elements are expected")
    if tensor.data is None and tensor.shape and tensor.shape[-1] > MOST_CHANNELS:
        raise ModelError(f"{tensor} has shape {tensor.shape}; {MOST_CHANNELS:,} channels at most")
    return tensor


def inner(tensor: Tensor) -> tuple[int, ...]:
    """A computed tensor's shape without its batch.

    Raises:
        ModelError: its first axis is no batch of 1.
    """
    shape = tensor.shape
    if len(shape) == 1:
        return shape
    if not shape or shape[0] != 1:
        raise ModelError(f"{tensor} has shape {shape}; its first axis should be a batch of 1")
    return shape[1:]


def axis_of(tensor: Tensor, axis: int) -> int:
    """An axis of a computed tensor as one of `inner`.

    Raises:
        ModelError: there is none, or it is the batch.
    """
    whole, batch = len(tensor.shape), len(tensor.shape) - len(inner(tensor))
    counted = axis + whole if axis < 0 else axis
    if not batch <= counted < whole:
        raise ModelError(f"axis {axis} of shape {tensor.shape}; the batch stays as it is")
    return counted - batch


def numbers(tensor: Tensor, most: int = 64) -> list[int]:
    """The whole numbers of a small constant: axes, sizes, paddings.

    Raises:
        ModelError: it is no constant of whole numbers, or a large one.
    """
    if tensor.type not in ("INT32", "INT64") or tensor.size > most:
        raise ModelError(f"{tensor} is {tensor.type} of {tensor.size}; up to {most} constant INT32 are expected")
    return [int(value) for value in tensor.values.reshape(-1)]


def positions(size: int, stride: int) -> int:
    """How often a stride fits."""
    return math.ceil(size / stride)
