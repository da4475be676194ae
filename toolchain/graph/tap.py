"""A stream of vectors on wires of a core, as simulations find and compare it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tap:
    """Where a stream's beats are seen, and what they mean.

    Attributes:
        name: what messages call it, such as the layer that sends it.
        wires: what the names of its wires begin with: ports of the top module, or wires inside it.
        elements: elements of one vector.
        bits: bits of one element.
        signed: whether an element is two's complement.
        elements_per_beat: elements transferred at a time, the first in the lowest bits; divides `elements`.
        width: bits of the data wire; those above the elements are padding.
        scale, offset: the integer graph's value is ``scale * element + offset`` (BIPOLAR: 2 and -1).
    """

    name: str
    wires: str
    elements: int
    bits: int
    signed: bool
    elements_per_beat: int
    width: int
    scale: int = 1
    offset: int = 0

    @property
    def beat_bits(self) -> int:
        """Bits of the data wire that carry elements."""
        return self.bits * self.elements_per_beat

    @property
    def beats(self) -> int:
        """Beats of one vector."""
        return self.elements // self.elements_per_beat

    def value(self, code: int) -> int:
        """The integer graph's value of an element's bits."""
        negative = self.signed and code >> (self.bits - 1)
        return self.scale * (code - (1 << self.bits) if negative else code) + self.offset
