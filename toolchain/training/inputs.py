"""What a network takes and gives: the integer type and the shape of its inputs, and how many classes it tells apart."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]
"""Integers of one input type: int8 where it has a sign, else uint8."""


@dataclass(frozen=True)
class InputType:
    """Integers of a few bits, by their qonnx DataType.

    Attributes:
        low, high: least and greatest value; ``BIPOLAR`` holds these two only.
    """

    name: str
    bits: int
    low: int
    high: int

    @property
    def dtype(self) -> type[np.generic]:
        """What arrays of such values are of."""
        return np.int8 if self.low < 0 else np.uint8

    def holds(self, x: Values) -> bool:
        """Whether all values are of this type."""
        within = not x.size or (self.low <= int(x.min()) and int(x.max()) <= self.high)
        return within and not (self.name == "BIPOLAR" and bool((x == 0).any()))

    def draw(self, shape: tuple[int, ...], seed: int) -> Values:
        """Random values of this type."""
        values = np.random.default_rng(seed).integers(0, 1 << self.bits, shape)
        return (values * (2 if self.name == "BIPOLAR" else 1) + self.low).astype(self.dtype)


INPUT_TYPES = {
    "BIPOLAR": InputType("BIPOLAR", 1, -1, 1),
    "BINARY": InputType("BINARY", 1, 0, 1),
    **{f"UINT{bits}": InputType(f"UINT{bits}", bits, 0, 2**bits - 1) for bits in range(1, 9)},
    **{f"INT{bits}": InputType(f"INT{bits}", bits, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in range(2, 9)},
}
"""Types that inputs may have, by name; ``UINT1`` is another name of ``BINARY``."""


@dataclass(frozen=True)
class Signature:
    """What a model's code builds a network for.

    Attributes:
        shape: of one input, without the batch.
        input_type: a name of `INPUT_TYPES`.
        classes: number of logits.
    """

    shape: tuple[int, ...]
    input_type: str
    classes: int

    @property
    def inputs(self) -> int:
        """Elements of one input."""
        return prod(self.shape)


def pack(x: Values, input_type: str) -> NDArray[np.uint8]:
    """Inputs (m, inputs) as a data set holds them, uint8.

    Types of one bit become (m, ceil(inputs / 8)) bits, element 0 lowest in byte 0 and -1 of ``BIPOLAR`` a zero; all
    others one byte an element, signed ones in two's complement.
    """
    if INPUT_TYPES[input_type].bits == 1:
        return np.packbits(x > 0, axis=1, bitorder="little")
    return x.astype(INPUT_TYPES[input_type].dtype, copy=False).view(np.uint8)


def unpack(packed: NDArray[np.uint8], input_type: str, inputs: int) -> Values:
    """Undo `pack`."""
    kind = INPUT_TYPES[input_type]
    if kind.bits > 1:
        return packed.view(kind.dtype)
    bits = np.unpackbits(packed, axis=1, count=inputs, bitorder="little")
    return bits.view(np.int8) * 2 - 1 if kind.low < 0 else bits
