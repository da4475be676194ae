"""What a quantiser node says, as qonnx defines it: the one place that knows.

``y = scale * (round(clip(x / scale + zero, least, greatest)) - zero)``; a signed quantiser of one bit knows -1 and +1
only, whatever `narrow` says. Source: `qonnx.custom_op.general.intquant.int_quant` and `bipolar_quant.binary_quant`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper

from toolchain.errors import ModelError
from toolchain.graph.limits import checked_width, whole_width

ROUNDING_MODES = ("ROUND", "HALF_EVEN", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN")


@dataclass(frozen=True)
class Quantising:
    """A Quant, IntQuant or BipolarQuant node.

    Attributes:
        where: names the node, for messages.
        scale, zero: value of one unit and zero point, of any shape that broadcasts to the tensor's.
        bits: width, 1 to 32; a fraction makes a range whose ends are rounded.
        rounding: one of `ROUNDING_MODES`; no matter where `bipolar`.
        bipolar: yields -1 and +1, by the sign alone; zero counts as positive.
    """

    where: str
    scale: NDArray[np.float32]
    zero: NDArray[np.float32]
    bits: float
    signed: bool
    narrow: bool
    rounding: str
    bipolar: bool

    @property
    def least(self) -> float:
        """Least value before rounding, in units, the zero point included."""
        if self.bipolar:
            return -1.0
        return float(-(2 ** (self.bits - 1)) + self.narrow) if self.signed else 0.0

    @property
    def greatest(self) -> float:
        """Greatest value before rounding, in units, the zero point included."""
        if self.bipolar:
            return 1.0
        return float(2 ** (self.bits - 1) - 1 if self.signed else 2**self.bits - 1 - self.narrow)

    @property
    def datatype(self) -> str:
        """Name of the qonnx DataType of what it yields, in units.

        Raises:
            ModelError: the width is no whole number.
        """
        bits = whole_width(self.where, self.bits)
        if self.bipolar:
            return "BIPOLAR"
        return "BINARY" if bits == 1 else f"{'INT' if self.signed else 'UINT'}{bits}"


def read_quantising(node: NodeProto, constants: Mapping[str, Any]) -> Quantising:
    """What a node of `toolchain.graph.qonnx_nodes.QUANTISERS` says.

    Args:
        constants: values of tensors, by name.

    Raises:
        ModelError: a parameter is missing, no constant or out of its range; names the node and the value.
    """
    where = f"node {node.name or node.output[0]} ({node.op_type})"
    wanted = 2 if node.op_type == "BipolarQuant" else 4
    if len(node.input) != wanted:
        raise ModelError(f"{where}: {len(node.input)} inputs; {wanted} are expected")
    values = [_constant(where, name, constants) for name in node.input[1:]]
    scale = values[0]
    if not np.isfinite(scale).all() or not scale.all():
        raise ModelError(f"{where}: its scale is {_first_bad(scale)}; a finite number other than 0 is expected")
    if node.op_type == "BipolarQuant":
        return Quantising(where, scale, np.zeros((), np.float32), 1, True, False, "ROUND", True)
    zero, bits = values[1], checked_width(where, _scalar(where, values[2]))
    if not np.isfinite(zero).all():
        raise ModelError(f"{where}: its zero point is not finite")
    signed, narrow = (_flag(where, node, name) for name in ("signed", "narrow"))
    return Quantising(where, scale, zero, bits, signed, narrow, rounding_mode(where, node), bits == 1 and signed)


def rounding_mode(where: str, node: NodeProto, default: str = "ROUND") -> str:
    """The rounding mode that a node names, in capitals.

    Raises:
        ModelError: it is none of `ROUNDING_MODES`.
    """
    raw = _attribute(node, "rounding_mode", default.encode())
    mode = (raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw)).upper()
    if mode not in ROUNDING_MODES:
        raise ModelError(f"{where}: unknown rounding mode {mode[:40]!r}; use one of {', '.join(ROUNDING_MODES)}")
    return mode


def _constant(where: str, name: str, constants: Mapping[str, Any]) -> NDArray[np.float32]:
    value = constants.get(name)
    if value is None:
        raise ModelError(f"{where}: parameter {name!r} is not a constant")
    array = np.asarray(value)
    if array.dtype.kind not in "fiu" or array.size == 0:
        raise ModelError(f"{where}: parameter {name!r} holds no numbers")
    return array.astype(np.float32)


def _scalar(where: str, values: NDArray[np.float32]) -> float:
    if values.size != 1:
        raise ModelError(f"{where}: {values.size} bit widths; one is supported")
    return float(values.reshape(-1)[0])


def _first_bad(values: NDArray[np.float32]) -> float:
    bad = values[~np.isfinite(values) | (values == 0)]
    return float(bad.reshape(-1)[0])


def _flag(where: str, node: NodeProto, name: str) -> bool:
    value = _attribute(node, name, None)
    if value not in (0, 1):
        raise ModelError(f"{where}: attribute {name!r} is {value!r}; qonnx expects 0 or 1")
    return bool(value)


def _attribute(node: NodeProto, name: str, default: Any) -> Any:
    values = [helper.get_attribute_value(a) for a in node.attribute if a.name == name]
    return values[0] if values else default
