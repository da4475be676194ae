"""A matrix product in its place: what all ways to build it have in common."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hls.units.scale import Scale
from hls.unrolled.sharing import signed_digits
from toolchain.graph.ops import Linear, Window
from toolchain.graph.types import IntType, TensorType

BIPOLAR, TERNARY, INTEGER = 0, 1, 2
"""What a weight word of `mac.v` holds."""

# Unsigned bits of the wider side of a multiplier: iCE40's, that of ECP5 and Gowin, DSP48E1, DSP48E2.
_FACTOR_BITS = (16, 18, 24, 26)


@dataclass(frozen=True)
class Packing:
    """Weights of several neurons side by side in one multiplier.

    Attributes:
        count: how many neurons share it.
        spacing: bits from one weight to the next: those of a product, or one less, where products overlap.
        bits: of all weights together.
    """

    count: int
    spacing: int
    bits: int

    def __str__(self) -> str:
        return f"packed by {self.count}"

    @staticmethod
    def within(factor_bits: int, weight_bits: int, spacing: int) -> Packing:
        """The most that a multiplier holds whose wider side has so many unsigned bits."""
        count = 1 + max(0, factor_bits - weight_bits) // spacing
        return Packing(count, spacing, weight_bits + (count - 1) * spacing)


@dataclass(frozen=True, eq=False)
class Product:
    """A matrix product in its place.

    Attributes:
        linear: the node.
        window: the window before it, if any.
        x: type of the tensor that enters, before the window.
        most_bits: of a weight, for estimates alone; None: as many as it has.
    """

    linear: Linear
    window: Window | None
    x: TensorType
    most_bits: int | None = None

    @cached_property
    def row(self) -> TensorType:
        """What the product takes: the windows, or the tensor itself."""
        return self.window.result(self.x) if self.window else self.x

    @cached_property
    def element(self) -> IntType:
        """Of the elements that are multiplied."""
        return self.row.element

    @cached_property
    def accumulator(self) -> IntType:
        """Of the sums."""
        return self.linear.result(self.row).element

    @property
    def positions(self) -> int:
        """Rows of the product."""
        return math.prod(self.row.shape[:-1])

    @property
    def group_inputs(self) -> int:
        """Channels of one tap and one group."""
        return len(self.linear.weights) // self.linear.taps

    @property
    def group_outputs(self) -> int:
        """Outputs of one group."""
        return self.linear.outputs // self.linear.groups

    @property
    def depthwise(self) -> bool:
        """Whether each channel has one output for itself."""
        return self.linear.groups > 1 and self.group_inputs == self.group_outputs == 1

    @cached_property
    def kind(self) -> int:
        """What a weight word holds."""
        values = set(np.unique(self.linear.weights).tolist())
        return BIPOLAR if values <= {-1, 1} else TERNARY if values <= {-1, 0, 1} else INTEGER

    @cached_property
    def weight_bits(self) -> int:
        """Bits of one weight in its word."""
        if self.kind != INTEGER:
            return 1 if self.kind == BIPOLAR else 2
        low, high = int(self.linear.weights.min()), int(self.linear.weights.max())
        return 1 + max(high.bit_length(), (-low - 1).bit_length() if low < 0 else 0)

    @cached_property
    def starts(self) -> list[int]:
        """For each output what its accumulator begins at: bias, the least code's value, what inverted codes add."""
        weights, element = self.linear.weights, self.element
        scale = Scale.of(element, self.accumulator)
        whole = self.linear.bias + element.low * weights.sum(axis=0) - self.accumulator.low
        inverted = (weights < 0).sum(axis=0) * (2**element.bits - 1) if self.kind != INTEGER else 0 * whole
        modulo = 1 << scale.bits
        return [(scale.start(int(w)) - scale.factor * int(i)) % modulo for w, i in zip(whole, inverted, strict=True)]

    @cached_property
    def digits(self) -> int:
        """Non-zero digits of all weights, signed as `hls.unrolled` adds them."""
        return int(np.count_nonzero(signed_digits(self.linear.weights)))

    @cached_property
    def packings(self) -> tuple[Packing, ...]:
        """All ways to share the multipliers of some device, narrowest first; products overlap where that holds more."""
        bits = self.element.bits
        if self.kind != INTEGER or self.depthwise or bits > _FACTOR_BITS[0]:
            return ()
        found = {}
        for factor in _FACTOR_BITS:
            apart, closer = (Packing.within(factor, self.weight_bits, bits + self.weight_bits - k) for k in (0, 1))
            found[apart.count, apart.spacing] = apart
            if closer.count > apart.count and bits > 1:
                found[closer.count, closer.spacing] = closer
        return tuple(packing for packing in found.values() if packing.count > 1)
