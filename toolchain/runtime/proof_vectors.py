"""Vectors that a third-party model is proved on: the calibration file's, or random ones over its input's range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.results.check import VectorKind
from toolchain.runtime.rows import joined
from toolchain.runtime.span import UNIT, Span

# Vectors where no file gives any: enough for `make verify`, few enough for a slow executor.
RANDOM_ROWS = 1000


@dataclass(frozen=True)
class Feed:
    """An input as vectors are made for it.

    Attributes:
        shape: of one row; kind: type of its elements.
        span: what random vectors range over.
        annotated: integers that it is annotated with, though its type is a float; None where it is not.
    """

    name: str
    shape: tuple[int, ...]
    kind: type[np.generic]
    span: Span = UNIT
    annotated: Span | None = None


@dataclass(frozen=True)
class Vectors:
    """Inputs for a model.

    Attributes:
        x: shape (N, ...), of the model's input type; of several inputs see `toolchain.runtime.rows`.
        truth: true class indices, shape (N,), or None.
        kind: `calibration`, `random`, or the `test set` of a network of ours.
        targets: values that the outputs should have, shape (N, ...), for a network that answers with values, or None.
    """

    x: NDArray[Any]
    truth: NDArray[np.int64] | None
    kind: VectorKind
    targets: NDArray[np.floating[Any]] | None = None

    @property
    def option(self) -> str:
        """The option that a file's vectors came by."""
        return "CALIBRATION" if self.kind == "calibration" else "TEST"


def random_vectors(feeds: Sequence[Feed], rows: int = RANDOM_ROWS) -> Vectors:
    """Random rows over the range of each input."""
    made = {feed.name: _random(feed, rows, seed) for seed, feed in enumerate(feeds, 1)}
    return Vectors(joined(made), None, "random")


def _random(feed: Feed, rows: int, seed: int) -> NDArray[Any]:
    """Each row has a middle and a spread of its own, so that classes other than one come up."""
    generator = np.random.default_rng(seed)
    broad = (rows, *[1] * len(feed.shape))
    middle, spread = generator.uniform(0, 1, broad), generator.uniform(0, 1, broad)
    values = np.clip(middle + spread * generator.normal(0, 0.5, (rows, *feed.shape)), 0, 1)
    low, high, step = feed.span
    step = step if np.issubdtype(feed.kind, np.floating) else max(step, 1.0)
    scaled = low + step * np.rint(values * (high - low) / step) if step else low + (high - low) * values
    return scaled.astype(feed.kind)
