"""Elementwise nodes: one more step behind a pending tensor's integers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto

from toolchain.errors import ModelError
from toolchain.graph.readers.qonnx.attributes import attributes_of, name_of, where
from toolchain.graph.readers.qonnx.grid import GRIDS
from toolchain.graph.readers.qonnx.layout import channels_at
from toolchain.graph.readers.qonnx.steps import Parameter, Root, Step, Tree
from toolchain.graph.readers.qonnx.values import Pending, parameter

PASSING = frozenset({"Identity", "Dropout", "Cast"})
"""Operators that leave values as they are; a Cast to integers drops fractions."""

LOOK_UP = "Gather"
"""Of a constant by a computed index, it is a function of that index."""

# What integers a Cast may make.
_WHOLE = (TensorProto.INT64, TensorProto.INT32)

OPERATORS = frozenset(
    {
        *("Abs", "Add", "BatchNormalization", "Celu", "Clip", "Div", "Elu", "Erf", "Exp", "Gelu", "HardSigmoid"),
        *("HardSwish", "LeakyRelu", "Log", "Max", "Min", "Mish", "Mul", "Neg", "PRelu", "Pow", "Reciprocal", "Relu"),
        *("Selu", "Sigmoid", "Sign", "Sin", "Cos", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Tanh"),
        "ThresholdedRelu",
    }
    | PASSING
    | GRIDS
)


def stepped(node: NodeProto, values: Mapping[str, Pending], constants: Mapping[str, NDArray[Any]]) -> Pending:
    """The tensor behind an elementwise node.

    Args:
        values: the node's inputs that are pending tensors; all of the same integers.

    Raises:
        ModelError: a constant does not fit it; names the node.
    """
    value = _ready(node, next(iter(values.values())), alone=len(values) == 1, constants=constants)
    if node.op_type in PASSING and not _drops_fractions(node):
        _check_passing(node)
        return value
    if node.op_type == LOOK_UP:
        _check_look_up(node, constants)
    trees = {name: v.tree for name, v in values.items()}
    try:
        arguments = tuple(_argument(node, place, value, trees, constants) for place in range(len(node.input)))
    except ModelError as error:
        raise ModelError(f"{where(node)}: {error}") from error
    return value.with_tree(Step(node, arguments))


def same_integers(values: Sequence[Pending]) -> bool:
    """Whether tensors are functions of the same integers, element by element."""
    first = values[0]
    return all(
        v.wire is first.wire
        and (v.layout, v.order is None) == (first.layout, first.order is None)
        and np.array_equal(v.unit, first.unit)
        and np.array_equal(v.bias, first.bias)
        for v in values
    )


def _drops_fractions(node: NodeProto) -> bool:
    return node.op_type == "Cast" and attributes_of(node).get("to") in _WHOLE


def _check_look_up(node: NodeProto, constants: Mapping[str, NDArray[Any]]) -> None:
    array, axis = np.asarray(constants[node.input[0]]), int(attributes_of(node).get("axis", 0))
    if array.ndim != 1 or axis not in {0, -1}:
        raise ModelError(
            f"{where(node)}: looks up along axis {axis} of a constant of shape {array.shape}; a list of numbers, all "
            "tables one after another, is supported"
        )


def _check_passing(node: NodeProto) -> None:
    to = attributes_of(node).get("to", TensorProto.FLOAT)
    if node.op_type == "Cast" and to != TensorProto.FLOAT:
        name = TensorProto.DataType.Name(to)
        raise ModelError(f"{where(node)}: to {name}; inside a network FLOAT, INT32 and INT64 are supported")


def _ready(node: NodeProto, value: Pending, *, alone: bool, constants: Mapping[str, NDArray[Any]]) -> Pending:
    """With the axis last along which the node's constants differ."""
    if (axis := _own_axis(node, value)) is not None:
        return channels_at(value, axis, name_of(node))
    for name in node.input if node.op_type != LOOK_UP else ():
        if name in constants and np.size(constants[name]) > 1 and alone and len(value.shape) > 1:
            value = _facing(node, value, constants[name])
    return value


def _facing(node: NodeProto, value: Pending, array: NDArray[Any]) -> Pending:
    for axis in (value.layout[-1], *sorted(value.layout, reverse=True)):
        turned = value if axis == value.layout[-1] else None
        shape = (1,) * (len(value.shape) + 1 - array.ndim) + array.shape
        if turned is None and (len(shape) <= axis or shape[axis] == 1):
            continue
        if turned is None:
            turned = channels_at(value, axis, name_of(node))
        try:
            if parameter(turned, array) is not None:
                return turned
        except ModelError as error:
            raise ModelError(f"{where(node)}: {error}") from error
    raise ModelError(
        f"{where(node)}: a constant of shape {array.shape} that differs along several axes; one is supported"
    )


def _several(array: NDArray[Any]) -> str:
    return f"a constant of shape {array.shape} that differs along several axes; one is supported"


def _own_axis(node: NodeProto, value: Pending) -> int | None:
    """The axis that an operator itself calls the channels'."""
    if node.op_type == "BatchNormalization":
        said = attributes_of(node)
        if said.get("training_mode", 0) or len([o for o in node.output if o]) > 1:
            raise ModelError(f"{where(node)}: in training mode; export it for inference (PyTorch: model.eval())")
        return 1
    if node.op_type != "MultiThreshold":
        return None
    layout = attributes_of(node).get("data_layout", "") or {3: "NWC"}.get(len(value.shape) + 1, "")
    axis = layout.find("C") if "C" in layout else 1
    if not 1 <= axis <= len(value.shape):
        raise ModelError(f"{where(node)}: data_layout {layout[:20]!r} for a tensor of {len(value.shape) + 1} axes")
    return axis


def _argument(
    node: NodeProto, place: int, value: Pending, trees: Mapping[str, Tree], constants: Mapping[str, NDArray[Any]]
) -> Step | Root | Parameter | None:
    name = node.input[place]
    if name in trees:
        return trees[name]
    if not name:
        return None
    array = np.asarray(constants[name])
    if node.op_type == LOOK_UP:
        return Parameter(array)
    if node.op_type == "BatchNormalization":
        return Parameter(_ordered(value, array, value.type.channels), along=True)
    if node.op_type == "MultiThreshold":
        many = array.ndim == 2 and len(array) > 1
        return Parameter(_ordered(value, array, value.type.channels), along=True) if many else Parameter(array)
    found = parameter(value, array)
    if found is None:
        raise ModelError(_several(array))
    return found


def _ordered(value: Pending, array: NDArray[Any], channels: int) -> NDArray[Any]:
    if len(array) != channels:
        raise ModelError(f"constants for {len(array)} channels; {channels} come in")
    return array if value.order is None else array[value.order]
