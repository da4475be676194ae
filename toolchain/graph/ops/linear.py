"""The matrix product: of a row it is a dense layer, of windows a convolution, in groups a depthwise one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from toolchain.errors import ModelError
from toolchain.graph.ops.base import Op, frozen
from toolchain.graph.types import EXACT_FLOAT32, EXACT_FLOAT64, Integers, TensorType


@dataclass(frozen=True, eq=False)
class Linear(Op):
    """Matrix product over the last axis, and a bias.

    The K inputs are `taps` positions of the same channels. With `groups`, the channels of each tap and the outputs fall
    into as many groups, in order, and outputs see the inputs of their own group only.

    Attributes:
        weights: shape (K / groups, outputs): for each output the weights of its own group's inputs, taps first.
        bias: shape (outputs,), added to the sums.
        groups: 1, or as many as channels for a depthwise convolution.
        taps: positions that the inputs come from; 1 unless a `Window` stands before it.
    """

    weights: NDArray[np.int64]
    bias: NDArray[np.int64]
    groups: int = 1
    taps: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", frozen(self.weights))
        object.__setattr__(self, "bias", frozen(self.bias))
        if self.weights.ndim != 2 or self.bias.shape != self.weights.shape[1:] or not self.weights.size:
            raise ModelError(f"weights of shape {self.weights.shape} and biases of shape {self.bias.shape}")
        if self.groups < 1 or self.outputs % self.groups or len(self.weights) % self.taps:
            raise ModelError(f"{self.groups} groups and {self.taps} taps do not divide weights {self.weights.shape}")

    @property
    def inputs(self) -> int:
        """Number of inputs of all groups together."""
        return len(self.weights) * self.groups

    @property
    def outputs(self) -> int:
        """Number of output channels."""
        return int(self.weights.shape[1])

    @override
    def result(self, *types: TensorType) -> TensorType:
        (x,) = types
        if x.channels != self.inputs:
            raise ModelError(f"takes {self.inputs} channels; {x.channels} come in")
        if self.largest_sum(x.magnitude) >= EXACT_FLOAT64:
            raise ModelError("accumulators need more than 53 bits; use narrower weights or inputs")
        low, high = (self._split(bound).astype(np.float64) for bound in (x.low, x.high))
        up, down = (f(self._blocks, 0).astype(np.float64) for f in (np.maximum, np.minimum))

        def end(first: Integers, second: Integers) -> Integers:
            sums = np.matmul(first[:, None], up) + np.matmul(second[:, None], down)
            bound: Integers = sums.reshape(-1).astype(np.int64) + self.bias
            return bound

        return TensorType((*x.shape[:-1], self.outputs), end(low, high), end(high, low), x.step)

    @override
    def run(self, *values: Integers) -> Integers:
        """Sums run in floats, which is exact: every partial sum fits the float's integers."""
        (x,) = values
        kind, rows = self._float(x), x.reshape(-1, x.shape[-1])
        sums = self._tapwise(rows, kind) if self._depthwise else self._product(rows, kind)
        # float32 holds integers of 24 bits, so that 32 are enough behind it.
        whole: Integers = sums.astype(np.int32 if kind is np.float32 else np.int64)
        return whole.reshape(*x.shape[:-1], self.outputs)

    def _product(self, rows: Integers, kind: type[np.floating[Any]]) -> NDArray[Any]:
        """Products of each group by BLAS."""
        split = self._split(rows).astype(kind)
        sums = np.matmul(split, self._blocks.astype(kind))
        sums += self.bias.reshape(self.groups, 1, -1).astype(kind)
        outputs: NDArray[Any] = np.moveaxis(sums, 0, 1).reshape(len(rows), -1)
        return outputs

    @property
    def _depthwise(self) -> bool:
        """Whether each output sees one channel of each tap."""
        return self.groups > 1 and len(self.weights) == self.taps

    def _tapwise(self, rows: Integers, kind: type[np.floating[Any]]) -> NDArray[Any]:
        """Tap by tap, all channels at once: quicker than a product for every channel."""
        by_tap = rows.reshape(len(rows), self.taps, self.groups)
        sums = np.empty((len(rows), self.outputs), kind)
        sums[:] = self.bias
        for tap, weights in enumerate(self.weights.astype(kind)):
            values = by_tap[:, tap].astype(kind)
            sums += weights * (values if self.outputs == self.groups else values.repeat(self.outputs // self.groups, 1))
        return sums

    @override
    def parameters(self) -> int:
        return int(self.weights.size + np.count_nonzero(self.bias))

    @override
    def operations(self, *types: TensorType) -> int:
        positions = types[0].size // types[0].channels
        return int(positions * self.weights.size)

    @cached_property
    def _blocks(self) -> Integers:
        """Weights of each group, (groups, K / groups, outputs / groups)."""
        return np.ascontiguousarray(self.weights.reshape(len(self.weights), self.groups, -1).transpose(1, 0, 2))

    def _split(self, values: Integers) -> Integers:
        """Each group's inputs, (groups, ..., K / groups): of every tap the group's own channels."""
        if self.groups == 1:
            return values[None]
        own = len(self.weights) // self.taps
        apart = values.reshape(*values.shape[:-1], self.taps, self.groups, own)
        return np.moveaxis(apart, -2, 0).reshape(self.groups, *values.shape[:-1], -1)

    def largest_sum(self, magnitude: Integers) -> float:
        """Bound of every partial sum's magnitude, for inputs of at most these magnitudes, shape (K,)."""
        blocks = np.abs(self._blocks).astype(np.float64)
        sums = np.matmul(self._split(magnitude).astype(np.float64)[:, None], blocks).reshape(-1)
        return float((sums + np.abs(self.bias)).max())

    def _float(self, x: Integers) -> type[np.float32] | type[np.float64]:
        """float32 where the sums of such values stay exact in it."""
        most = max(-int(x.min()), int(x.max())) if x.size else 0
        return np.float32 if self._reach * most + self._most_bias < EXACT_FLOAT32 else np.float64

    @cached_property
    def _reach(self) -> int:
        return int(np.abs(self.weights).sum(axis=0).max())

    @cached_property
    def _most_bias(self) -> int:
        return int(np.abs(self.bias).max())


def dense(weights: Integers, bias: Integers | None = None) -> Linear:
    """A dense layer of weights (inputs, outputs)."""
    return Linear(weights, np.zeros(np.shape(weights)[1], np.int64) if bias is None else bias)
