"""Softmax in whole numbers, as TFLite's reference kernel for int8 computes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from toolchain.errors import ModelError
from toolchain.graph.fixed_point import (
    exp_of_negative,
    high_product,
    multiplier_of,
    multiply,
    reciprocal,
    rounded_shift,
)
from toolchain.graph.ops.base import Op
from toolchain.graph.types import Integers, TensorType

# Bits before the point of a difference of inputs, and of the sum of exponentials.
_DIFFERENCE, _SUM = 5, 12
_SPAN = 2**16


@dataclass(frozen=True)
class Softmax(Op):
    """``256 * softmax(scale * x) - 128`` over the last axis, in fixed point, as codes -128 to 127.

    Attributes:
        scale: what one step of the input is worth, times beta.
    """

    scale: float

    @override
    def result(self, *types: TensorType) -> TensorType:
        (x,) = types
        if self.scale * 2 ** (31 - _DIFFERENCE) <= 1:
            raise ModelError(f"a scale of {self.scale:g} makes all inputs equal; 2^-26 is the least")
        if x.channels >= 2**_SUM or int(x.high.max() - x.low.min()) >= _SPAN:
            raise ModelError(f"{x.channels} channels of {x.element.bits} bits; {2**_SUM - 1} of 16 at most")
        return TensorType(x.shape, -128, 127)

    @override
    def run(self, *values: Integers) -> Integers:
        x = values[0].astype(np.int64)
        below = x.max(axis=-1, keepdims=True) - x
        each = self.exponentials(int(below.max()))[below]
        inverse, excess = reciprocal(rounded_shift(each, _SUM).sum(axis=-1, keepdims=True), _SUM)
        return np.clip(rounded_shift(high_product(each, inverse), excess + 31 - 8) - 128, -128, 127)

    @override
    def operations(self, *types: TensorType) -> int:
        return 4 * types[0].size

    def exponentials(self, span: int) -> Integers:
        """exp(-scale * d) with 31 fractional bits for d = 0 to `span`; 0 where it is too small to count."""
        multiplier, shift = multiplier_of(min(self.scale * 2 ** (31 - _DIFFERENCE), 2.0**31 - 1))
        reach = (2**_DIFFERENCE - 1) * 2 ** (31 - _DIFFERENCE) >> shift
        d = np.arange(span + 1)
        scaled = multiply(-np.minimum(d, reach), multiplier, shift)
        return np.where(d <= reach, exp_of_negative(scaled, _DIFFERENCE), 0)
