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

# Of the narrowest multiplier of a device, iCE40's, whose sides are unsigned.
_MULTIPLIER_BITS = 16


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

    @property
    def shared(self) -> int:
        """Neurons whose weights lie side by side in one multiplier, as far apart as a product is wide."""
        if self.kind != INTEGER or self.depthwise or self.element.bits > _MULTIPLIER_BITS:
            return 1
        return max(1, 1 + (_MULTIPLIER_BITS - self.weight_bits) // (self.element.bits + self.weight_bits))
