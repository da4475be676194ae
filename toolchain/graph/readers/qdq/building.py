"""The integer graph as it grows, and what all operators share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper

from toolchain.errors import ModelError
from toolchain.graph.ops import Reshape, Select, Table, Transpose, window
from toolchain.graph.readers.growing import MOST_ELEMENTS, Growing
from toolchain.graph.readers.qdq.kernels import Codes as CodesOf
from toolchain.graph.readers.qdq.kernels import Scheme
from toolchain.graph.readers.qdq.model import Model
from toolchain.graph.readers.qdq.runtime import run_nodes
from toolchain.graph.readers.qdq.values import Codes, Fixed, Place, Real, Span, Value, Weights, channels_last

_MOST_NUMBERS = 64
_CODES, _REAL = "codes", "real"


class Building(Growing[NodeProto]):
    """A file and the graph that is made of it.

    Attributes:
        values: what each tensor of the file is, by its name.
        schemes: of tensors of 8-bit codes that came of a quantiser.
        notices: what a person should know.
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model
        self.values: dict[str, Value] = {name: Fixed(array) for name, array in model.constants.items()}
        self.schemes: dict[str, Scheme] = {}
        self.notices: list[str] = []

    def name(self, operator: NodeProto, part: str) -> str:
        """See `Growing`."""
        base = (operator.name or operator.output[0]) + (f"/{part}" if part else "")
        name, count = base, 1
        while name in self.graph:
            count += 1
            name = f"{base}_{count}"
        return name

    def value(self, node: NodeProto, place: int) -> Value:
        """What a node takes.

        Raises:
            ModelError: the input is left out, or computed by what is not read.
        """
        if place >= len(node.input) or not node.input[place]:
            raise ModelError(f"input {place} is left out")
        return self.values[node.input[place]]

    def has(self, node: NodeProto, place: int) -> bool:
        """Whether an input is given."""
        return place < len(node.input) and bool(node.input[place])

    def fixed(self, node: NodeProto, place: int) -> NDArray[Any]:
        """A constant input.

        Raises:
            ModelError: it is computed.
        """
        value = self.value(node, place)
        if isinstance(value, Weights):
            return value.real
        if not isinstance(value, Fixed):
            raise ModelError(f"input {place}, {node.input[place]!r}, is computed; a constant is expected")
        return value.array

    def whole(self, node: NodeProto, place: int) -> list[int]:
        """The whole numbers of a constant: axes, sizes, paddings.

        Raises:
            ModelError: it is computed, no whole numbers, or many of them.
        """
        array = self.fixed(node, place)
        if array.dtype.kind != "i" or array.size > _MOST_NUMBERS:
            raise ModelError(f"input {place}: {array.size} values of {array.dtype}; a few whole numbers are expected")
        return [int(n) for n in array.reshape(-1)]

    def real(self, node: NodeProto, place: int = 0) -> Real:
        """An input that stands for codes.

        Raises:
            ModelError: it is a constant, or a float that nothing has quantised.
        """
        value = self.value(node, place)
        if isinstance(value, Real):
            return value
        what = "a constant" if isinstance(value, (Fixed, Weights)) else "not quantised"
        raise ModelError(f"input {place}, {node.input[place]!r}, is {what}; {_QUANTISE}")

    def bare(self, node: NodeProto, place: int = 0) -> Real:
        """The same, with no elementwise function between the codes and it."""
        real = self.real(node, place)
        if real.steps:
            last = real.steps[-1]
            raise ModelError(
                f"input {place} comes of {last.op_type} ({last.name or last.output[0]}) in float; {_QUANTISE} there"
            )
        return real

    def done(self, node: str, place: Place) -> Codes:
        """Codes of a node that is there."""
        kind = self.type(node)
        return Codes(place, lambda span: node, (int(kind.low.min()), int(kind.high.max())))

    # Places.

    def last(self, node: NodeProto, codes: Codes) -> str:
        """The codes' node with the file's second axis as channels, last; of one axis, in the file's order."""
        return self.turned(node, codes, channels_last(codes.place.shape))

    def turned(self, node: NodeProto, codes: Codes, wanted: Place) -> str:
        """The codes' node at a wanted place of the same shape."""
        place, name = codes.place, codes.node()
        if place.order is not None:
            return self.add(node, "order", Select(place.order), name)
        if place.axes == wanted.axes:
            return name
        order = tuple(place.axes.index(axis) for axis in wanted.axes)
        moving = [axis for axis in order if self.type(name).shape[axis] > 1]
        if moving == sorted(moving):
            return self.add(node, "turn", Reshape(tuple(self.type(name).shape[axis] for axis in order)), name)
        return self.add(node, "turn", Transpose(order), name)

    # Functions of codes.

    def applied(self, real: Real, to: Scheme | None) -> NDArray[Any]:
        """The steps of all codes of its scheme: codes of `to`, or floats where that is None."""
        wires = {
            f"{_REAL}_scale": np.float32(real.scheme.scale),
            f"{_REAL}_zero": real.scheme.dtype.type(real.scheme.zero),
        }
        nodes = [helper.make_node("DequantizeLinear", [_CODES, *wires], [_REAL])]
        last = _REAL
        feeds: dict[str, NDArray[Any]] = {_CODES: real.scheme.codes}
        for step in real.steps:
            nodes.append(self._rewired(step, last, feeds))
            last = step.output[0]
        if to is not None:
            more = {"to_scale": np.float32(to.scale), "to_zero": to.dtype.type(to.zero)}
            nodes.append(helper.make_node("QuantizeLinear", [last, *more], ["to"]))
            wires, last = {**wires, **more}, "to"
        feeds |= {name: np.asarray(value) for name, value in wires.items()}
        return run_nodes(nodes, feeds, last, self.model.opset)

    def evaluated(self, step: NodeProto, scheme: Scheme) -> NDArray[np.int64]:
        """A node that takes codes themselves, of all codes."""
        feeds: dict[str, NDArray[Any]] = {_CODES: scheme.codes}
        node = self._rewired(step, _CODES, feeds)
        return run_nodes([node], feeds, step.output[0], self.model.opset).astype(np.int64)

    def _rewired(self, step: NodeProto, last: str, feeds: dict[str, NDArray[Any]]) -> NodeProto:
        copy = NodeProto()
        copy.CopyFrom(step)
        for place, name in enumerate(step.input):
            if isinstance(self.values.get(name), (Fixed, Weights)):
                feeds[name] = self.fixed(step, place).reshape(-1)[:1].reshape(())
            elif name:
                copy.input[place] = last
        return copy

    def requantised(self, node: NodeProto, sums: str, codes: CodesOf, span: Span, shared: bool) -> str:
        """From sums to codes `span[0]` to `span[1]`.

        Args:
            codes: maps sums of shape (channels, n) to codes of that shape; never falls along a row.
            shared: the same function for all channels.
        """
        return self.thresholds(node, "codes", sums, codes, span, shared)

    def looked_up(self, node: NodeProto, source: str, values: NDArray[np.int64], low: int) -> str:
        """A function of codes, given by its values from `low` on; nothing where it is no other than its input."""
        kind = self.type(source)
        least, most = int(kind.low.min()), int(kind.high.max())
        used = values[least - low : most + 1 - low]
        if np.array_equal(used, np.arange(least, most + 1)):
            return source
        return self.add(node, "codes", Table(used[None], least), source)

    def padded(self, node: NodeProto, source: str, before: Sequence[int], after: Sequence[int], fill: int) -> str:
        """Positions of `fill` around space; the channels are the last axis."""
        if not any((*before, *after)):
            return source
        check_sides(self.type(source).shape, before, after)
        op = window((1,) * len(before), before=before, after=after, fill=fill)
        return self.add(node, "pad", op, source)


def check_sides(shape: Sequence[int], before: Sequence[int], after: Sequence[int]) -> None:
    """Padding that a tensor can have.

    Raises:
        ModelError: it is negative, or makes the tensor too large.
    """
    size = math.prod(n + b + a for n, b, a in zip(shape, before, after, strict=False)) * shape[-1]
    if min((*before, *after)) < 0 or size > MOST_ELEMENTS:
        raise ModelError(
            f"padding {list(before)} and {list(after)} of {list(shape)}; 0 or more is expected, and "
            f"{MOST_ELEMENTS:,} elements at most"
        )


_QUANTISE = "put QuantizeLinear and DequantizeLinear"
