"""The fixed-point softmax in plain ONNX operators on int64: what a file says and what ONNX Runtime runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.fixed_point import MOST, NEWTON_SLOPE, NEWTON_START
from toolchain.graph.ops import Softmax

Constant = Callable[[str, NDArray[np.int64]], str]
"""Adds an int64 constant by a name for it; its name in the graph."""


class Apply(Protocol):
    """Adds an operator; the name of its output."""

    def __call__(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add one."""
        ...


class SoftmaxSteps:
    """Writes the operators down; all divisions are of positive numbers or round toward zero, as ONNX's do."""

    def __init__(self, apply: Apply, constant: Constant, axis: int, rank: int, newer: bool = False) -> None:
        """Set it up.

        Args:
            axis: that of channels, of `rank` with the batch.
            newer: opset 18 and later, in which a reduction's axes are an input.
        """
        self._apply, self._constant = apply, constant
        self._axis, self._rank, self._newer = axis, rank, newer

    def codes(self, op: Softmax, x: str, span: int) -> str:
        """The codes, 0 to 255, of int64 inputs that differ by `span` at most."""
        top = self._greatest(x)
        table = self._constant("exponentials", op.exponentials(span))
        each = self._apply("Gather", table, self._apply("Sub", top, x), axis=0)
        total = self._sum(self._over(each, 2**11, 2**12))
        bits = self._bits(total)
        inverse = self._inverse(total, self._by_bits("raise", bits, 2 ** (32 - np.arange(33))))
        scaled = self._over(self._apply("Mul", each, inverse), 2**30, 2**31)
        whole, half = (self._by_bits(name, bits, 2 ** (np.arange(33) + n)) for name, n in (("unit", 3), ("half", 2)))
        rounded = self._apply("Div", self._apply("Add", scaled, half), whole)
        return self._apply("Min", rounded, self._number(255))

    def _greatest(self, x: str) -> str:
        if self._newer:
            return self._apply("ReduceMax", x, self._constant("axis", np.array([self._axis])), keepdims=1)
        return self._apply("ReduceMax", x, axes=[self._axis], keepdims=1)

    def _inverse(self, total: str, raised: str) -> str:
        """Three steps of Newton's method from a line."""
        half = self._apply("Div", self._apply("Mul", total, raised), self._number(2))
        line = self._over(self._apply("Mul", half, self._number(NEWTON_SLOPE)), 1 - 2**30, 2**31)
        guess = self._apply("Add", line, self._number(NEWTON_START))
        for _ in range(3):
            error = self._apply("Sub", self._number(2**29), self._over(self._apply("Mul", half, guess), 2**30, 2**31))
            step = self._signed(self._apply("Mul", guess, error))
            guess = self._apply("Add", guess, self._apply("Mul", step, self._number(4)))
        return self._apply("Min", self._apply("Mul", guess, self._number(2)), self._number(MOST))

    def _signed(self, product: str) -> str:
        """A product of either sign over 2^31, halves away from zero but for the last bit of negative ones."""
        positive = self._apply("GreaterOrEqual", product, self._number(0))
        nudge = self._apply("Where", positive, self._number(2**30), self._number(1 - 2**30))
        return self._apply("Div", self._apply("Add", product, nudge), self._number(2**31))

    def _bits(self, total: str) -> str:
        """How many bits a sum has: how many powers of two it reaches."""
        powers = (2 ** np.arange(32)).reshape(32, *(1,) * (self._rank - self._axis - 1))
        reached = self._apply("GreaterOrEqual", total, self._constant("powers", powers))
        return self._sum(self._apply("Cast", reached, to=_INT64))

    def _by_bits(self, name: str, bits: str, values: NDArray[np.int64]) -> str:
        return self._apply("Gather", self._constant(name, values), bits, axis=0)

    def _sum(self, values: str) -> str:
        return self._apply("ReduceSum", values, self._constant("axis", np.array([self._axis])), keepdims=1)

    def _over(self, value: str, nudge: int, by: int) -> str:
        return self._apply("Div", self._apply("Add", value, self._number(nudge)), self._number(by))

    def _number(self, value: int) -> str:
        name = f"m{-value}" if value < 0 else str(value)
        return self._constant(name, np.array(value))


# onnx.TensorProto.INT64.
_INT64 = 7
