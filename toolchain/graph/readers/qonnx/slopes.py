"""What is known of steps without running them: whether they rise or fall, and whether they are a straight line.

Each operator's float32 result is a rounding of something monotone, and rounding is monotone; so what rises here rises
in the executor, value by value. Operators whose kernels approximate (Sigmoid, Elu) are not said to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import helper

from toolchain.graph.quantiser import Quantising, read_quantising
from toolchain.graph.readers.qonnx.steps import Parameter, Reals, Root, Step, Tree, steps_of

UNKNOWN = np.nan
"""Neither known to rise nor to fall."""

_RISING = {"Ceil", "Cast", "Clip", "Dropout", "Floor", "Identity", "Relu", "Round", "Sign", "Trunc"}
_MULTIPLIES = {"Mul", "Div"}


def slope(tree: Tree) -> Reals:
    """1 for channels that never fall, -1 for those that never rise, 0 for both, NaN for unknown; (channels or 1,)."""
    known: dict[int, Reals] = {}
    for step in steps_of(tree):
        known[id(step)] = _slope(step, known)
    return known.get(id(tree), np.ones(1))


def _slope(step: Step, known: Mapping[int, Reals]) -> Reals:
    inner = [known[id(a)] if isinstance(a, Step) else np.ones(1) for a in step.arguments if isinstance(a, Step | Root)]
    kind, first = step.node.op_type, inner[0]
    if kind in {"Add", "Sum", "Max", "Min", "Sub"}:
        return _of_sum(step, inner)
    if len(inner) > 1:
        return np.full(1, UNKNOWN)
    if kind in _MULTIPLIES and isinstance(step.arguments[0], Step | Root):
        return first * np.sign(_along(step, 1))
    if kind == "Mul":
        return first * np.sign(_along(step, 0))
    if kind == "BatchNormalization":
        return first * np.sign(_along(step, 1))
    return first * _factor(step)


def _of_sum(step: Step, inner: list[Reals]) -> Reals:
    """Of summands that all rise, or all fall; the second one of a difference turns round."""
    signs = [1.0, -1.0] if step.node.op_type == "Sub" else [1.0] * len(step.arguments)
    places = [i for i, a in enumerate(step.arguments) if isinstance(a, Step | Root)]
    turned = np.stack(np.broadcast_arrays(*(signs[place] * one for place, one in zip(places, inner, strict=True))))
    up, down = (turned >= 0).all(axis=0), (turned <= 0).all(axis=0)
    found: Reals = np.where(up & down, 0.0, np.where(up, 1.0, np.where(down, -1.0, UNKNOWN)))
    return found


def _factor(step: Step) -> Reals:
    """Of operators that take one tensor, and constants."""
    kind = step.node.op_type
    if kind in _RISING:
        return np.ones(1)
    if kind == "Neg":
        return -np.ones(1)
    if kind == "LeakyRelu":
        return np.where(attribute(step, "alpha", 0.01) >= 0, 1.0, UNKNOWN).reshape(1)
    if kind == "HardSigmoid":
        return np.sign([float(attribute(step, "alpha", 0.2))])
    if kind == "PRelu":
        return np.where(_along(step, 1) >= 0, 1.0, UNKNOWN)
    if kind in {"Quant", "IntQuant", "MultiThreshold", "BipolarQuant"}:
        return _of_quantiser(step)
    return np.full(1, UNKNOWN)


def _of_quantiser(step: Step) -> Reals:
    if step.node.op_type == "MultiThreshold":
        return np.sign([float(attribute(step, "out_scale", 1.0))])
    # A Quant divides by its scale and multiplies with it again: it rises whatever the sign.
    return np.sign(_along(step, 1)) if step.node.op_type == "BipolarQuant" else np.ones(1)


def _along(step: Step, place: int) -> Reals:
    argument = step.arguments[place]
    assert isinstance(argument, Parameter)
    values: Reals = np.asarray(argument.values, np.float64).reshape(-1)
    return values


def attribute(step: Step, name: str, default: Any) -> Any:
    """An attribute of a step's node."""
    found = [helper.get_attribute_value(a) for a in step.node.attribute if a.name == name]
    return found[0] if found else default


def line(tree: Tree) -> tuple[Reals, Reals] | None:
    """Factor and offset, each (channels or 1,), of steps that are a straight line but for rounding; None where not."""
    known: dict[int, tuple[Reals, Reals]] = {}
    for step in steps_of(tree):
        found = _line(step, known)
        if found is None:
            return None
        known[id(step)] = found
    return known.get(id(tree), (np.ones(1), np.zeros(1)))


def _line(step: Step, known: Mapping[int, tuple[Reals, Reals]]) -> tuple[Reals, Reals] | None:
    kind = step.node.op_type
    inner = [_term(a, known) for a in step.arguments if a is not None]
    if kind in {"Identity", "Dropout", "Cast"}:
        return inner[0]
    if kind == "BatchNormalization":
        return _of_norm(step, inner[0])
    (f, g), *rest = inner
    if kind == "Neg":
        return -f, -g
    if kind in {"Add", "Sum"}:
        return sum((x for x, _ in rest), f), sum((y for _, y in rest), g)
    if kind == "Sub":
        return f - rest[0][0], g - rest[0][1]
    if kind == "Mul" and len(rest) == 1 and not (f.any() and rest[0][0].any()):
        (h, k) = rest[0]
        return f * k + h * g, g * k
    if kind == "Div" and not rest[0][0].any():
        return f / rest[0][1], g / rest[0][1]
    return None


def _term(argument: Step | Root | Parameter, known: Mapping[int, tuple[Reals, Reals]]) -> tuple[Reals, Reals]:
    if isinstance(argument, Parameter):
        values: Reals = np.asarray(argument.values, np.float64).reshape(-1)
        return np.zeros(1), values
    return known[id(argument)] if isinstance(argument, Step) else (np.ones(1), np.zeros(1))


def _of_norm(step: Step, x: tuple[Reals, Reals]) -> tuple[Reals, Reals]:
    scale, shift, mean, variance = (_along(step, place) for place in (1, 2, 3, 4))
    factor = scale / np.sqrt(variance + float(attribute(step, "epsilon", 1e-5)))
    return x[0] * factor, (x[1] - mean) * factor + shift


def quantising(step: Step) -> Quantising:
    """What a quantiser's step says; its parameters per channel, in the graph's order.

    Raises:
        ModelError: see `toolchain.graph.quantiser.read_quantising`.
    """
    constants: dict[str, NDArray[Any]] = {}
    for name, argument in zip(step.node.input, step.arguments, strict=True):
        if isinstance(argument, Parameter):
            constants[name] = argument.values
    return read_quantising(step.node, constants)
