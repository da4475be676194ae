"""One QONNX node as the float operators that the qonnx executor computes it by, in that order: the same floats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.graph.limits import checked_width
from toolchain.graph.quantiser import Quantising, read_quantising, rounding_mode

# Operators that stand for qonnx's rounding modes; those that work on magnitudes take the sign off and put it back.
_ROUNDING = {"ROUND": "Round", "HALF_EVEN": "Round", "CEIL": "Ceil", "FLOOR": "Floor"}
_MAGNITUDES = {"UP": ("Ceil", 0.0), "DOWN": ("Floor", 0.0), "HALF_UP": ("Floor", 0.5), "HALF_DOWN": ("Ceil", -0.5)}


def plain_operators(
    node: NodeProto, constants: Mapping[str, NDArray[np.generic]], added: dict[str, TensorProto], rank: int
) -> list[NodeProto]:
    """The operators that stand for a node of `toolchain.graph.qonnx_nodes.GENERAL`, of opset 13 or more.

    Args:
        constants: values of tensors, by name.
        added: gets the constants that the operators need.
        rank: axes of the node's input.

    Raises:
        ModelError: a parameter is no constant or out of its range; names the node.
    """
    return _Chain(node, constants, added, rank).nodes()


class _Chain:
    """The operators that stand for one node of QONNX."""

    def __init__(
        self,
        node: NodeProto,
        constants: Mapping[str, NDArray[np.generic]],
        added: dict[str, TensorProto],
        rank: int,
    ) -> None:
        self._node, self._constants, self._added, self._rank = node, constants, added, rank
        self._result: list[NodeProto] = []
        self._current = node.input[0]
        self._attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}

    def nodes(self) -> list[NodeProto]:
        """All of them; the last one yields the node's own output."""
        kind = self._node.op_type
        if kind == "Trunc":
            self._trunc()
        elif kind == "MultiThreshold":
            self._thresholds()
        else:
            self._quantise(read_quantising(self._node, self._constants))
        self._result[-1].output[0] = self._node.output[0]
        return self._result

    def _quantise(self, said: Quantising) -> None:
        if said.bipolar and self._node.op_type == "BipolarQuant":
            self._bipolar()
        else:
            self._apply("Div", said.scale)
            if said.zero.any():
                self._apply("Add", said.zero)
            if said.bipolar:
                self._bipolar()
            else:
                self._clip(said.least, said.greatest)
                self._round(said.rounding)
            if said.zero.any():
                self._apply("Sub", said.zero)
        self._apply("Mul", said.scale)

    def _trunc(self) -> None:
        if len(self._node.input) != 5:
            raise ModelError(f"{self._where}: {len(self._node.input)} inputs; version 1 has 5")
        scale, zero, wide, narrow = (self._parameter(i) for i in (1, 2, 3, 4))
        widths = [checked_width(self._where, self._scalar(bits)) for bits in (wide, narrow)]
        self._apply("Div", scale)
        self._apply("Add", zero)
        self._unary("Round")
        self._apply("Div", np.float32(2.0 ** (widths[0] - widths[1])))
        self._round(rounding_mode(self._where, self._node, "FLOOR"))
        self._apply("Sub", zero)
        self._apply("Mul", scale)

    def _thresholds(self) -> None:
        """Counts the thresholds that each element reaches, along a last axis made for them."""
        thresholds, axis = self._parameter(1), self._channel_axis()
        if thresholds.ndim != 2 or not 2 <= self._rank <= 5:
            raise ModelError(f"{self._where}: thresholds of shape {thresholds.shape} for a tensor of {self._rank} axes")
        shape = [1] * self._rank + [thresholds.shape[1]]
        shape[axis] = thresholds.shape[0]
        last = self._integers(self._rank)
        self._current = self._step("Unsqueeze", self._current, last)
        self._apply("GreaterOrEqual", thresholds.reshape(shape))
        self._current = self._step("Cast", self._current, to=int(TensorProto.FLOAT))
        self._current = self._step("ReduceSum", self._current, last, keepdims=0)
        self._apply("Mul", np.float32(self._attributes.get("out_scale", 1.0)))
        self._apply("Add", np.float32(self._attributes.get("out_bias", 0.0)))

    def _channel_axis(self) -> int:
        """As qonnx finds it: the axis that the layout calls C; the second one where there is no layout."""
        raw = self._attributes.get("data_layout", b"")
        layout = raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw)
        layout = layout or {3: "NWC"}.get(self._rank, "")
        axis = layout.find("C") if "C" in layout else 1
        if axis >= self._rank:
            raise ModelError(f"{self._where}: data_layout {layout[:20]!r} for a tensor of {self._rank} axes")
        return axis

    def _bipolar(self) -> None:
        reached = self._step("GreaterOrEqual", self._current, self._constant(np.float32(0)))
        self._current = self._step("Where", reached, self._constant(np.float32(1)), self._constant(np.float32(-1)))

    def _clip(self, least: float, greatest: float) -> None:
        bounds = (self._constant(np.float32(least)), self._constant(np.float32(greatest)))
        self._current = self._step("Clip", self._current, *bounds)

    def _round(self, mode: str) -> None:
        if mode in _ROUNDING:
            self._unary(_ROUNDING[mode])
            return
        operator, shift = _MAGNITUDES[mode]
        sign = self._step("Sign", self._current)
        self._unary("Abs")
        if shift:
            self._apply("Add", np.float32(shift))
        self._unary(operator)
        self._current = self._step("Mul", self._current, sign)

    @property
    def _where(self) -> str:
        return f"node {self._node.name or self._node.output[0]} ({self._node.op_type})"

    def _parameter(self, index: int) -> NDArray[np.generic]:
        name = self._node.input[index]
        if name not in self._constants:
            raise ModelError(f"{self._where}: parameter {name!r} is not a constant")
        return self._constants[name].astype(np.float32)

    def _scalar(self, values: NDArray[np.generic]) -> float:
        if values.size != 1:
            raise ModelError(f"{self._where}: {values.size} bit widths; one is supported")
        return float(values.reshape(-1)[0])

    def _apply(self, operator: str, values: NDArray[np.generic] | np.generic) -> None:
        self._current = self._step(operator, self._current, self._constant(values))

    def _unary(self, operator: str) -> None:
        self._current = self._step(operator, self._current)

    def _step(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"{self._node.output[0]}_{len(self._result)}_{operator}"
        self._result.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def _constant(self, values: NDArray[np.generic] | np.generic) -> str:
        return self._add(np.asarray(values, np.float32))

    def _integers(self, *values: int) -> str:
        return self._add(np.array(values, np.int64))

    def _add(self, values: NDArray[np.generic]) -> str:
        name = f"{self._node.output[0]}_constant_{len(self._result)}_{len(self._added)}"
        self._added[name] = numpy_helper.from_array(values, name)
        return name
