"""How many bits a network is quantised to, layer by layer, and of what kind its scales are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from toolchain.errors import ConfigError

LEAST_BITS, MOST_BITS = 2, 8

POWER_OF_TWO = 1
"""Significant bits of scales that are powers of two."""

FINER = 3
"""Significant bits of other scales: within 1/16 of any, and sums stay exact in float32 in networks of 4 bits."""

_WORD = re.compile(r"[wW](\d+)[aA](\d+)")


@dataclass(frozen=True)
class Bits:
    """Bits of weights, and of activations."""

    weights: int
    activations: int

    @property
    def total(self) -> int:
        """Of both together."""
        return self.weights + self.activations

    def __str__(self) -> str:
        return f"W{self.weights}A{self.activations}"


@dataclass(frozen=True)
class Setting:
    """One way to quantise a network.

    Attributes:
        bits: of all layers but those that `layers` names.
        scale_bits: significant bits of scales, `POWER_OF_TWO` or more.
        layers: bits by the name of a layer.
    """

    bits: Bits
    scale_bits: int = POWER_OF_TWO
    layers: Mapping[str, Bits] = field(default_factory=dict)

    def of(self, layer: str) -> Bits:
        """Bits of a layer."""
        return self.layers.get(layer, self.bits)

    def but(self, layer: str, bits: Bits) -> Setting:
        """The same with other bits for one layer."""
        return replace(self, layers={**self.layers, layer: bits})

    @property
    def scales(self) -> str:
        """Of what kind the scales are, in words."""
        return "powers of two" if self.scale_bits == POWER_OF_TWO else f"{self.scale_bits} bits"


def read_bits(text: str) -> Bits:
    """Bits from a word such as W4A4.

    Raises:
        ConfigError: it is none, or names bits out of range.
    """
    found = _WORD.fullmatch(text)
    sizes = [int(size) for size in found.groups()] if found else []
    if not sizes or not all(LEAST_BITS <= size <= MOST_BITS for size in sizes):
        raise ConfigError(
            f"--bits: {text!r}: should be W and A with {LEAST_BITS} to {MOST_BITS} bits each, such as W8A8, W4A4, W2A4"
        )
    return Bits(*sizes)
