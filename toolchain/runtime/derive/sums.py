"""The sums of a matrix product or pool as they are made: integer weights of what is held, and their thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.ops import Linear, Reduce, Threshold, Window
from toolchain.graph.types import TensorType
from toolchain.runtime.derive.held import Held
from toolchain.runtime.derive.requantise import Steps, steps

Whole = NDArray[np.int64]


def as_linear(op: Linear | Reduce, channels: int) -> Linear:
    """A sum of taps as a matrix product: weights of 1, a group for each channel."""
    if isinstance(op, Linear):
        return op
    outputs = channels // op.taps
    return Linear(np.ones((op.taps, outputs), np.int64), np.zeros(outputs, np.int64), outputs, op.taps)


@dataclass(frozen=True)
class Sums:
    """``accumulator = unit * (weights . held + bias) + rest``; accumulators are those of the integer graph.

    Attributes:
        linear: weights and bias of what is held.
        rest: one a channel.
        low, high: reachable sums, shape (outputs,).
        largest: bound of the magnitude of every partial sum.
        table: thresholds on the sums, shape (outputs, levels), or None.
    """

    linear: Linear
    unit: int
    rest: Whole
    low: Whole
    high: Whole
    largest: int
    table: Whole | None

    @cached_property
    def steps(self) -> Steps:
        """The thresholds as one rounded multiplication, as far as channels have it."""
        assert self.table is not None
        return steps(self.table, self.low, self.high)


def sums(linear: Linear, held: Held, kind: TensorType, result: TensorType, head: Threshold | None) -> Sums:
    """The sums of what is held.

    Args:
        kind: type of what comes in, before the window, its padding included.
        result: type of the accumulators.
    """
    unit, sign = (abs(held.unit), 1 if held.unit > 0 else -1) if head is not None else (1, held.unit)
    weights = linear.weights * sign
    whole = linear.bias + held.least * linear.weights.sum(axis=0)
    bias, rest = np.divmod(whole, unit)
    taps = linear.inputs // kind.channels
    own = Linear(weights, bias, linear.groups, linear.taps)
    largest = int(own.largest_sum(np.tile(held.largest(kind), taps)))
    low, high = -((rest - result.low) // unit), (result.high - rest) // unit
    table = None if head is None else np.broadcast_to(-((rest[:, None] - head.table) // unit), (len(rest), head.levels))
    return Sums(own, unit, rest, low, high, largest, table)


def kernel_weights(linear: Linear, kernel: tuple[int, ...]) -> Whole:
    """Weights as a convolution has them: (outputs, inputs of a group, *kernel)."""
    taps = int(np.prod(kernel))
    apart = linear.weights.reshape(taps, -1, linear.outputs)
    return np.ascontiguousarray(apart.transpose(2, 1, 0)).reshape(linear.outputs, -1, *kernel)


def full_weights(linear: Linear, order: Whole | None) -> Whole:
    """Weights as one matrix (inputs, outputs), groups side by side, for inputs that lie at `order`."""
    matrix = linear.weights
    if linear.groups > 1:
        taps, own = linear.taps, linear.inputs // linear.taps // linear.groups
        apart = np.zeros((taps, linear.groups, own, linear.groups, linear.outputs // linear.groups), np.int64)
        blocks = matrix.reshape(taps, own, linear.groups, -1)
        for group in range(linear.groups):
            apart[:, group, :, group] = blocks[:, :, group]
        matrix = apart.reshape(linear.inputs, linear.outputs)
    if order is None:
        return matrix
    moved = np.empty_like(matrix)
    moved[order] = matrix
    return moved


def padded_type(kind: TensorType, window: Window | None) -> TensorType:
    """The type of what comes in with its padding as elements."""
    if window is None or not window.padded:
        return kind
    return TensorType(kind.shape, np.minimum(kind.low, window.fill), np.maximum(kind.high, window.fill), 1)
