"""Vectors that a third-party model is proved on: the calibration file's, or random ones over its input's range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.results.check import VectorKind
from toolchain.runtime.span import UNIT, Span

# Vectors where no file gives any: enough for `make verify`, few enough for a slow executor.
RANDOM_ROWS = 1000


@dataclass(frozen=True)
class Vectors:
    """Inputs for a model.

    Attributes:
        x: shape (N, ...), of the model's input type.
        truth: true class indices, shape (N,), or None.
        kind: `calibration`, `random`, or the `test set` of a network of ours.
    """

    x: NDArray[Any]
    truth: NDArray[np.int64] | None
    kind: VectorKind

    @property
    def option(self) -> str:
        """The option that a file's vectors came by."""
        return "CALIBRATION" if self.kind == "calibration" else "TEST"


def random_vectors(
    shape: tuple[int, ...], kind: type[np.generic], span: Span = UNIT, rows: int = RANDOM_ROWS
) -> Vectors:
    """Random rows over a range: each has a middle and a spread of its own, so that classes other than one come up.

    Args:
        shape: of one row.
    """
    generator = np.random.default_rng(1)
    broad = (rows, *[1] * len(shape))
    middle, spread = generator.uniform(0, 1, broad), generator.uniform(0, 1, broad)
    values = np.clip(middle + spread * generator.normal(0, 0.5, (rows, *shape)), 0, 1)
    low, high, step = span
    step = step if np.issubdtype(kind, np.floating) else max(step, 1.0)
    scaled = low + step * np.rint(values * (high - low) / step) if step else low + (high - low) * values
    return Vectors(scaled.astype(kind), None, "random")
