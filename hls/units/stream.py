"""What travels between two units."""

from __future__ import annotations

from dataclasses import dataclass

from toolchain.errors import ModelError
from toolchain.graph.types import IntType


@dataclass(frozen=True)
class Stream:
    """Beats of codes, ``lanes`` elements at a time, the first in the lowest bits.

    A code on a wire is unsigned and counts from the least value: ``value = element.low + element.step * code``. All
    wires keep to it, those of accumulators too.

    Attributes:
        element: which values an element may have.
        lanes: elements a beat.
        beats: beats of one inference.
        tensor: the graph's node whose tensor it is, channels last, positions in raster order; None where elements
            come again or in another order (the windows of a convolution).
    """

    element: IntType
    lanes: int
    beats: int
    tensor: str | None = None

    def __post_init__(self) -> None:
        if self.lanes < 1 or self.beats < 1:
            raise ModelError(f"a stream of {self.beats} beats of {self.lanes} elements; 1 or more each")

    @property
    def bits(self) -> int:
        """Bits of one element."""
        return self.element.bits

    @property
    def width(self) -> int:
        """Bits of one beat."""
        return self.lanes * self.bits

    @property
    def elements(self) -> int:
        """Elements of one inference."""
        return self.lanes * self.beats
