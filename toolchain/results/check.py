"""One comparison of a verification, as records and manifests hold it."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

What = Literal["outputs", "labels", "layers", "replies"]
"""What is compared of each vector: every output, the label, every element of every layer; `replies` are a chip's words
on itself."""

VectorKind = Literal["test set", "calibration", "random", ""]
"""Which vectors: the test set, calibration data that was given, random ones; none with `replies`."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class Check:
    """One comparison of a verification.

    Attributes:
        compared, equal: vectors (or replies) that were compared, and those that were equal.
        tolerance: outputs this close, relative to the greatest magnitude of their row, count as equal.
        allowed: how many may differ by what was promised.
    """

    compared: int
    equal: int
    what: What
    vectors: VectorKind
    tolerance: float = 0.0
    allowed: int = 0

    @property
    def differing(self) -> int:
        """How many were not equal."""
        return self.compared - self.equal

    @property
    def kept(self) -> bool:
        """Whether no more differ than may."""
        return self.differing <= self.allowed


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Sums:
    """All checks of a stage together."""

    compared: int
    equal: int
