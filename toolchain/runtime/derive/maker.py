"""A graph in the making: how each tensor is held, and how it is had otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Gate, Linear, Reduce, Threshold, Window
from toolchain.graph.types import TensorType
from toolchain.runtime.derive.held import LIMITS, Held
from toolchain.runtime.derive.sheet import Sheet

BYTE = 255
_CODES, _DOUBLE = np.dtype(np.uint8), np.dtype(np.float64)


@dataclass(frozen=True)
class Style:
    """What a variant is made of.

    Attributes:
        real: the float type that whole numbers are held in.
        codes: whether tensors of 8 bits or fewer are held in bytes, for the CPU provider's kernels.
        pairs: whether they pass a QuantizeLinear and a DequantizeLinear of int8, as TensorRT wants it.
        doubles: whether float64 may take what `real` cannot hold.
    """

    name: str
    real: np.dtype[Any]
    codes: bool = False
    pairs: bool = False
    doubles: bool = True


@dataclass(frozen=True)
class Choice:
    """How a node's thresholds were made.

    Attributes:
        form: `kernel`, `scale`, `table`, `double`, `near` or `search`; see the files of `kinds`.
        channels: how many have one rounded multiplication, of how many.
    """

    node: str
    form: str
    channels: tuple[int, int]


class Maker:
    """What has been made so far.

    Attributes:
        held: how each tensor of the integer graph is held, by its node's name.
        choices: how each node's thresholds were made.
    """

    def __init__(self, graph: Graph, style: Style, opset: int) -> None:
        self.graph, self.style, self.opset = graph, style, opset
        self.sheet = Sheet([*graph.inputs, *(output.name for output in graph.outputs)])
        self.held: dict[str, Held] = {}
        self.choices: list[Choice] = []
        self._casts: dict[tuple[str, str], str] = {}

    def type(self, name: str) -> TensorType:
        """The type of a node's tensor."""
        return self.graph.types[name]

    def output_scale(self, name: str) -> np.float32 | None:
        """The scale of the one output that is all that takes a tensor; None where there are other takers."""
        outputs = [output for output in self.graph.outputs if output.node == name]
        if len(outputs) != 1 or self.graph.takers(name) or outputs[0].scale <= 0 or outputs[0].zero:
            return None
        return np.float32(outputs[0].scale)

    def add(self, operator: str, inputs: Sequence[str], hint: str, **attributes: Any) -> str:
        """Append a node of the graph; the name of its output."""
        return self.sheet.add(operator, inputs, hint, **attributes)

    def constant(self, values: NDArray[Any] | np.generic, hint: str) -> str:
        """Name of a constant."""
        return self.sheet.constant(values, hint)

    def number(self, value: float, kind: np.dtype[Any]) -> str:
        """Name of a constant of one element.

        Raises:
            ModelError: it is beyond the range of `kind`.
        """
        if kind.kind == "f" and abs(value) > np.finfo(kind).max:
            raise ModelError(
                f"{self.style.name}: values up to {abs(value):g} are not exact in {kind.name}; use narrower weights or "
                "inputs, or another variant"
            )
        return self.constant(np.asarray(value, kind), f"{kind.name}_{value:g}".replace("-", "m").replace(".", "p"))

    def real(self, name: str, largest: int) -> np.dtype[Any]:
        """The float type that holds whole numbers up to `largest`.

        Raises:
            ModelError: the variant has none.
        """
        kinds = (self.style.real, _DOUBLE) if self.style.doubles else (self.style.real,)
        for kind in kinds:
            if largest <= LIMITS[kind]:
                return kind
        raise ModelError(
            f"{self.style.name}: node {name}: values up to {largest:,} are not exact in {kinds[-1].name}, which holds "
            f"whole numbers up to {LIMITS[kinds[-1]]:,}; use narrower weights or inputs, or another variant"
        )

    def clip(self, name: str, kind: np.dtype[Any], low: float, high: float, hint: str) -> str:
        """A tensor between two numbers."""
        return self.add("Clip", [name, self.number(low, kind), self.number(high, kind)], hint)

    def cast(self, name: str, start: np.dtype[Any], end: np.dtype[Any]) -> str:
        """A tensor in another dtype, made once."""
        if start == end:
            return name
        key = (name, end.name)
        if key not in self._casts:
            self._casts[key] = self.add("Cast", [name], f"{name}_{end.name}", to=_onnx(end))
        return self._casts[key]

    def ordered(self, name: str) -> Held:
        """A tensor with its elements in the graph's own order."""
        held = self.held[name]
        if held.flat is None:
            return held
        index = self.constant(held.order(), f"{name}_order")
        self.held[name] = replace(
            held, name=self.add("Gather", [held.name, index], f"{name}_ordered", axis=1), flat=None
        )
        return self.held[name]

    def floats(self, name: str) -> Held:
        """A tensor held in floats."""
        held = self.held[name]
        if not held.codes:
            return held
        return replace(held, name=self.cast(held.name, held.kind, self.style.real), kind=self.style.real)

    def values(self, name: str) -> Held:
        """A tensor held in floats as the integers themselves."""
        return self.recoded(self.ordered(name), name, 1, 0)

    def recoded(self, held: Held, name: str, unit: int, least: int) -> Held:
        """A tensor in other units, in floats; every value must count in `unit` from `least`."""
        if held.codes:
            held = replace(held, name=self.cast(held.name, held.kind, self.style.real), kind=self.style.real)
        if (held.unit, held.least) == (unit, least):
            return held
        largest = int(max(self.type(name).magnitude.max(), held.largest(self.type(name)).max())) + abs(least)
        kind = self.real(name, max(largest, abs(held.least)))
        kind = max(kind, held.kind, key=lambda k: k.itemsize)
        current = self.times(held, name, held.unit, kind, f"{name}_times")
        if held.least != least:
            current = self.add("Add", [current, self.number(held.least - least, kind)], f"{name}_values")
        if unit != 1:
            current = self.add("Div", [current, self.number(unit, kind)], f"{name}_units")
        return Held(current, kind, unit, least)

    def times(self, held: Held, name: str, factor: int, kind: np.dtype[Any], hint: str) -> str:
        """What is held of a tensor times a factor, in floats; zeros alone need none, and it may be beyond the range."""
        current = self.cast(held.name, held.kind, kind)
        if factor == 1 or not held.largest(self.type(name)).any():
            return current
        return self.add("Mul", [current, self.number(factor, kind)], hint)

    def packed(self, name: str) -> tuple[np.dtype[Any], int, int]:
        """Type, unit and least value that a node's tensor is best held in."""
        element, fill = self.type(name).element, self.fill(name)
        if self.style.codes and (element.high - element.low) // element.step <= BYTE:
            return _CODES, element.step, element.low
        if self.style.pairs and (shift := byte_shift(element.low, element.high, fill)) is not None:
            return self.style.real, 1, shift
        least = fill if fill is not None else 0
        largest = int(max(abs(element.low - least), abs(element.high - least)))
        return self.real(name, largest), 1, least

    def fill(self, name: str) -> int | None:
        """What sums behind a tensor pad it with; None where nothing pads it."""
        for taker in self.graph.takers(name):
            if isinstance(taker.op, Gate) and (fill := self.fill(taker.name)) is not None:
                return fill
            if isinstance(taker.op, Window) and taker.op.padded:
                behind = [node.op for node in self.graph.takers(taker.name)]
                if any(isinstance(op, Linear) or (isinstance(op, Reduce) and op.kind == "sum") for op in behind):
                    return taker.op.fill
        return None

    def base(self, name: str, op: Threshold) -> int:
        """The count of thresholds that is best held as 0."""
        fill, code = self.fill(name), None
        if fill is not None and (fill - op.least) % op.step == 0 and 0 <= (fill - op.least) // op.step <= op.levels:
            code = (fill - op.least) // op.step
        if self.style.codes and op.levels <= BYTE:
            return 0
        if self.style.pairs and op.levels <= BYTE:
            return byte_shift(0, op.levels, code) or 0
        return code or 0

    def paired(self, held: Held, name: str) -> Held:
        """In TensorRT's shape: behind a pair of QuantizeLinear and DequantizeLinear, where int8 holds it."""
        low, high = held.bounds(self.type(name))
        if not self.style.pairs or low.min() < -128 or high.max() > 127:
            return held
        one, zero = self.number(1, self.style.real), self.constant(np.int8(0), "zero_point")
        key = (held.name, "pair")
        if key not in self._casts:
            codes = self.add("QuantizeLinear", [held.name, one, zero], f"{name}_codes")
            self._casts[key] = self.add("DequantizeLinear", [codes, one, zero], f"{name}_paired")
            self._casts[self._casts[key], "pair"] = self._casts[key]
        return replace(held, name=self._casts[key])

    def is_paired(self, held: Held) -> bool:
        """Whether it comes out of a pair."""
        return self._casts.get((held.name, "pair")) == held.name


def byte_shift(low: int, high: int, wanted: int | None) -> int | None:
    """What to subtract so that values from `low` to `high` are int8: `wanted`, 0, or else what centres them."""
    for shift in (wanted, 0, low + 128):
        if shift is not None and low - shift >= -128 and high - shift <= 127:
            return shift
    return None


def channelwise(values: NDArray[Any], rank: int) -> NDArray[Any]:
    """One number a channel, beside a batch of tensors of so many axes; one for all where they are equal."""
    if (values == values[0]).all():
        return values[:1].reshape(())
    return values.reshape(-1, *(1,) * (rank - 1))


def _onnx(kind: np.dtype[Any]) -> int:
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(kind))
