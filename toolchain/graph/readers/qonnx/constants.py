"""Tensors that depend on no input, and what one unit of them is worth where a quantiser made them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import ModelError
from toolchain.graph.one_node import NodeRunner
from toolchain.graph.qonnx_nodes import QUANTISERS
from toolchain.graph.quantiser import read_quantising
from toolchain.graph.readers.qonnx.steps import Reals

# Weights of more bits have no integer type.
_LARGEST = 2**31
# Plain constants count as whole multiples of their least magnitude, or of a power of two, up to so many.
_MOST_MULTIPLES = 2**16

_MOVES = {"Identity", "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze"}


class Constants:
    """Constants of a model by name.

    Args:
        model: the tidy model.

    Raises:
        ModelError: a node fails on them; names it.
    """

    def __init__(self, model: ModelWrapper) -> None:
        self.values: dict[str, NDArray[Any]] = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
        self._units: dict[str, Reals] = {}
        self._makers: dict[str, str] = {}
        self._runner = NodeRunner.of(model.model)
        for node in model.graph.node:
            if all(name in self.values for name in node.input if name) and not any(a.type == 5 for a in node.attribute):
                self._fold(node)

    def __contains__(self, name: object) -> bool:
        return name in self.values

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.values[name]

    def whole(self, where: str, name: str) -> tuple[NDArray[np.int64], Reals]:
        """A constant as integers and the unit of each, both of its shape.

        Args:
            where: what takes it, for the message.

        Raises:
            ModelError: it is no whole multiple of its quantiser's scale, or comes from none and is none of any.
        """
        values = np.asarray(self.values[name], np.float64)
        if not np.isfinite(values).all():
            raise ModelError(f"{where}: its weights are not finite")
        if name in self._units:
            unit = np.abs(self._units[name])
            return self._multiples(where, name, values, unit), np.broadcast_to(unit, values.shape)
        for plain in _plain_units(values):
            whole = np.rint(values / plain)
            if np.array_equal((whole * plain).astype(np.float32), values.astype(np.float32)):
                return _int64(where, whole), np.full(values.shape, plain)
        raise ModelError(f"{where}: its weights come from no quantiser, and are no whole multiples; quantise them")

    def _multiples(self, where: str, name: str, values: Reals, unit: Reals) -> NDArray[np.int64]:
        whole = np.rint(values / unit)
        if not np.array_equal((whole * unit).astype(np.float32), values.astype(np.float32)):
            raise ModelError(
                f"{where}: its weights are no whole multiples of the scale of {self._makers[name]}, in float32"
            )
        return _int64(where, whole)

    def _fold(self, node: NodeProto) -> None:
        made = self._runner.run(node, [self.values[name] if name else None for name in node.input])
        self.values.update(zip((name for name in node.output if name), made, strict=True))
        if node.op_type in QUANTISERS:
            scale = np.asarray(read_quantising(node, self.values).scale, np.float64)
            self._units[node.output[0]] = np.broadcast_to(scale, np.shape(self.values[node.output[0]]))
            self._makers[node.output[0]] = f"{node.op_type} {node.name}"
        elif node.input and node.input[0] in self._units and node.op_type in _MOVES:
            self._move(node)

    def _move(self, node: NodeProto) -> None:
        source, target = node.input[0], node.output[0]
        # Scales are float32 in the file: moving them as such loses nothing.
        units = self._units[source].astype(np.float32)
        given = [units if name == source else self.values[name] for name in node.input]
        self._units[target] = np.asarray(self._runner.run(node, given)[0], np.float64)
        self._makers[target] = self._makers[source]


def _int64(where: str, whole: Reals) -> NDArray[np.int64]:
    if np.abs(whole).max(initial=0) >= _LARGEST:
        raise ModelError(f"{where}: weights of 31 bits at most are supported")
    return whole.astype(np.int64)


def _plain_units(values: Reals) -> list[float]:
    """Units that plain constants may be multiples of: 1, their least magnitude, a power of two."""
    magnitudes = np.abs(values[values != 0])
    if not magnitudes.size:
        return [1.0]
    least, most = float(magnitudes.min()), float(magnitudes.max())
    units = [1.0, least]
    # The last bit of any of them, as a power of two.
    mantissa, exponent = np.frexp(magnitudes)
    whole = np.ldexp(mantissa, 24).astype(np.int64)
    last = int((exponent - 24 + _trailing_zeros(whole)).min())
    units.append(float(np.ldexp(1.0, last)))
    return [unit for unit in units if most / unit < _MOST_MULTIPLES]


def _trailing_zeros(whole: NDArray[np.int64]) -> NDArray[np.int64]:
    lowest = whole & -whole
    return np.rint(np.log2(lowest.astype(np.float64))).astype(np.int64)
