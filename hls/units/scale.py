"""How sums of products of codes become codes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from toolchain.graph.types import IntType


@dataclass(frozen=True)
class Scale:
    """How a sum of products of codes becomes a code: ``(start + factor * sum) >> drop``, modulo 2**bits before.

    A sum may count in finer steps than the accumulators do. It is a multiple of theirs all the same, and so a division
    by an odd number is a multiplication by its inverse.
    """

    bits: int
    drop: int
    factor: int
    unit: int
    inverse: int

    @staticmethod
    def of(element: IntType, accumulator: IntType) -> Scale:
        """From the type of the elements and of the sums."""
        unit = math.gcd(element.step, accumulator.step)
        divisor = accumulator.step // unit
        drop = (divisor & -divisor).bit_length() - 1
        bits = accumulator.bits + drop
        inverse = pow(divisor >> drop, -1, 1 << bits)
        return Scale(bits, drop, element.step // unit * inverse % (1 << bits), unit, inverse)

    def start(self, value: int) -> int:
        """What a constant part of a sum counts as."""
        return value // self.unit * self.inverse % (1 << self.bits)
