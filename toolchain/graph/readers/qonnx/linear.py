"""Matrix products and convolutions: integer weights, and the unit of what they yield."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from toolchain.errors import ModelError
from toolchain.graph.ops import Linear
from toolchain.graph.readers.qonnx.attributes import attributes_of, name_of, sliding, where
from toolchain.graph.readers.qonnx.constants import Constants
from toolchain.graph.readers.qonnx.layout import channels_at, in_order
from toolchain.graph.readers.qonnx.steps import Reals
from toolchain.graph.readers.qonnx.values import Pending
from toolchain.graph.types import Integers

# Whole ratio of the units of inputs, or of weights of one output, that weights take in.
_MOST_RATIO = 2**12
# Parts of the least unit that are tried as the common one.
_MOST_PARTS = 32

OPERATORS = frozenset({"MatMul", "Gemm", "Conv"})


@dataclass(frozen=True)
class _Weights:
    """Integers and the unit of each, as the graph's `Linear` has them: (inputs of a group, outputs)."""

    whole: Integers
    unit: Reals
    groups: int = 1
    taps: int = 1


def linear(node: NodeProto, value: Pending, constants: Constants) -> Pending:
    """The accumulators of a MatMul, Gemm or Conv of integers.

    Args:
        value: what it takes, without steps.

    Raises:
        ModelError: weights or scales have no whole numbers; names the node and the mend.
    """
    if len(node.input) < 2 or node.input[1] not in constants:
        raise ModelError(f"{where(node)}: needs constant weights; products of two tensors are not supported")
    if node.op_type == "Conv":
        return _convolved(node, value, constants)
    return _product(node, value, constants)


def _product(node: NodeProto, value: Pending, constants: Constants) -> Pending:
    said = attributes_of(node)
    if said.get("transA", 0) or said.get("alpha", 1.0) != 1.0:
        raise ModelError(f"{where(node)}: transA {said.get('transA', 0)}, alpha {said.get('alpha', 1.0)}; 0 and 1 only")
    if np.ndim(constants[node.input[1]]) != 2:
        raise ModelError(f"{where(node)}: weights of shape {np.shape(constants[node.input[1]])}; two axes are expected")
    whole, unit = constants.whole(where(node), node.input[1])
    if said.get("transB", 0):
        whole, unit = whole.T, unit.T
    value = channels_at(value, len(value.layout), name_of(node)) if len(value.layout) > 1 else value
    if value.type.channels != len(whole):
        raise ModelError(f"{where(node)}: weights for {len(whole)} inputs; {value.type.channels} come in")
    if value.order is not None:
        whole, unit = whole[value.order], unit[value.order]
    bias = _bias(node, constants, whole.shape[1]) * float(said.get("beta", 1.0))
    return _sums(node, replace(value, order=None), _Weights(whole, unit), bias)


def _convolved(node: NodeProto, value: Pending, constants: Constants) -> Pending:
    weights = np.asarray(constants[node.input[1]])
    groups = int(attributes_of(node).get("group", 1))
    if weights.ndim != len(value.shape) + 1 or groups < 1 or weights.shape[0] % groups:
        raise ModelError(
            f"{where(node)}: weights of shape {weights.shape} in {groups} groups over a tensor of shape {value.shape}"
        )
    value = in_order(channels_at(value, 1, name_of(node)), name_of(node))
    if value.type.channels != weights.shape[1] * groups:
        raise ModelError(
            f"{where(node)}: weights for {weights.shape[1] * groups} channels; {value.type.channels} come in"
        )
    slides = sliding(node, weights.shape[2:], value.type.shape[:-1])
    if any((*slides.before, *slides.after)) and value.bias.any():
        raise ModelError(
            f"{where(node)}: pads with 0, which its input, shifted since its quantiser, has not; quantise it"
        )
    whole, unit = (_rows(w) for w in constants.whole(where(node), node.input[1]))
    taps = int(np.prod(slides.kernel))
    if not slides.moves_nothing:
        index = np.tile(np.arange(value.type.channels), taps)
        value = value.on(value.wire.then(f"{name_of(node)}_window", slides.window()), index)
    bias = _bias(node, constants, len(weights))
    return _sums(node, value, _Weights(whole, unit, groups, taps), bias)


def _rows(weights: NDArray[Any]) -> NDArray[Any]:
    """(outputs, channels of a group, *kernel) as (taps times channels, outputs)."""
    return np.moveaxis(weights.reshape(*weights.shape[:2], -1), (2, 1, 0), (0, 1, 2)).reshape(-1, len(weights))


def _bias(node: NodeProto, constants: Constants, outputs: int) -> Reals:
    if len(node.input) < 3 or not node.input[2]:
        return np.zeros(1)
    if node.input[2] not in constants:
        raise ModelError(f"{where(node)}: its bias is no constant; add it behind the node instead")
    values: Reals = np.asarray(constants[node.input[2]], np.float64).reshape(-1)
    if values.size not in (1, outputs) or not np.isfinite(values).all():
        raise ModelError(f"{where(node)}: a bias of {values.size} values for {outputs} outputs")
    return values


def _sums(node: NodeProto, value: Pending, weights: _Weights, bias: Reals) -> Pending:
    """The node itself, once windows have been made."""
    whole, unit = _absorbed(node, value, weights)
    op = Linear(whole, np.zeros(whole.shape[1], np.int64), weights.groups, weights.taps)
    if value.bias.any():
        shift = np.broadcast_to(value.bias, value.type.channels) / np.broadcast_to(value.unit, value.type.channels)
        bias = bias + _of_shift(op, shift) * unit
    # One unit for all channels is one number: what follows then treats them alike.
    unit = unit[:1] if (unit == unit[0]).all() else unit
    bias = bias[:1] if (bias == bias[0]).all() else bias
    return Pending(value.wire.then(name_of(node), op), unit, bias, value.layout)


def _of_shift(op: Linear, shift: Reals) -> Reals:
    """What the outputs gain where every input is more by a share of its unit."""
    own = len(op.weights) // op.taps
    apart = shift.reshape(op.taps, op.groups, own).transpose(1, 0, 2).reshape(op.groups, -1)
    blocks = op.weights.reshape(len(op.weights), op.groups, -1).transpose(1, 0, 2)
    gained: Reals = np.einsum("gk,gko->go", apart, blocks.astype(np.float64)).reshape(-1)
    return gained


def _absorbed(node: NodeProto, value: Pending, weights: _Weights) -> tuple[Integers, Reals]:
    """Weights that take in what units of inputs differ by, and the unit of each output."""
    unit = weights.unit * _input_units(value, weights)
    least = unit.min(axis=0, initial=np.inf, where=weights.whole != 0)
    least = np.where(np.isfinite(least), least, unit[0])
    unit = np.where(weights.whole != 0, unit, least)
    for parts in range(1, _MOST_PARTS + 1):
        factor = np.rint(unit / least * parts)
        if np.array_equal(factor * (least / parts), unit) and factor.max() <= _MOST_RATIO:
            return weights.whole * factor.astype(np.int64), least / parts
    raise ModelError(
        f"{where(node)}: units of its inputs or weights differ within one output, and have no small whole ratio; use "
        "one scale for all channels of its input, and one for each output's weights"
    )


def _input_units(value: Pending, weights: _Weights) -> Reals:
    """The unit of the input of each weight, (inputs of a group, outputs) or broadcast to it."""
    if value.unit.size == 1:
        return value.unit.reshape(1, 1)
    own = len(weights.whole) // weights.taps
    apart = value.unit.reshape(weights.taps, weights.groups, own).transpose(0, 2, 1).reshape(-1, weights.groups)
    return np.repeat(apart, weights.whole.shape[1] // weights.groups, axis=1)
