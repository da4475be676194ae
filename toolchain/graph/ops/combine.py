"""Sums: over the taps of a window, and of several tensors; and the greatest of a window."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from typing_extensions import override

from toolchain.errors import ModelError
from toolchain.graph.ops.base import Op
from toolchain.graph.types import Integers, TensorType, common_step


@dataclass(frozen=True)
class Reduce(Op):
    """Over the taps of a window, each channel for itself."""

    kind: Literal["max", "sum"]
    taps: int

    @override
    def result(self, *types: TensorType) -> TensorType:
        (x,) = types
        if self.taps < 1 or x.channels % self.taps:
            raise ModelError(f"{x.channels} channels are not {self.taps} taps")
        low, high = (bound.reshape(self.taps, -1) for bound in (x.low, x.high))
        shape = (*x.shape[:-1], x.channels // self.taps)
        if self.kind == "sum":
            return TensorType(shape, low.sum(axis=0), high.sum(axis=0), x.step)
        step = common_step([x.step, *np.unique(low - low[:1]).tolist()], [0])
        return TensorType(shape, low.max(axis=0), high.max(axis=0), step)

    @override
    def run(self, *values: Integers) -> Integers:
        (x,) = values
        x = x.reshape(*x.shape[:-1], self.taps, -1)
        result: Integers = x.max(axis=-2) if self.kind == "max" else x.sum(axis=-2, dtype=np.int64)
        return result

    @override
    def operations(self, *types: TensorType) -> int:
        return types[0].size


@dataclass(frozen=True)
class Add(Op):
    """The sum of factor * input: a residual connection; of one input, a change of unit. No factor is 0."""

    factors: tuple[int, ...]
    arity = None

    @override
    def result(self, *types: TensorType) -> TensorType:
        if len(types) != len(self.factors) or 0 in self.factors:
            raise ModelError(f"{len(types)} inputs and factors {self.factors}")
        if len({t.shape for t in types}) != 1:
            raise ModelError(f"shapes {', '.join(str(t.shape) for t in types)} differ")
        ends = [np.stack([f * t.low, f * t.high]) for f, t in zip(self.factors, types, strict=True)]
        step = math.gcd(*(abs(f) * t.step for f, t in zip(self.factors, types, strict=True)))
        low, high = (np.sum([getattr(e, end)(0) for e in ends], axis=0) for end in ("min", "max"))
        return TensorType(types[0].shape, low, high, step)

    @override
    def run(self, *values: Integers) -> Integers:
        total = self.factors[0] * values[0].astype(np.int64)
        for factor, value in zip(self.factors[1:], values[1:], strict=True):
            total = total + factor * value.astype(np.int64)
        return total

    @override
    def operations(self, *types: TensorType) -> int:
        return types[0].size * len(types)
