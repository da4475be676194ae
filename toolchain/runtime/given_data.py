"""The person's own data for a network from a file, and random vectors where there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

import numpy as np

from toolchain.runtime.calibration_file import read_vectors
from toolchain.runtime.proof_vectors import RANDOM_ROWS, Vectors, random_vectors
from toolchain.runtime.span import Span

_FEWEST = 16


@dataclass(frozen=True)
class Data:
    """What graphs are proved on, and what post-training int8 is calibrated on.

    Attributes:
        test, calibration: npz files of `x`, shape (N, ...), and maybe `y`, shape (N,).
        rows, elements: of all random vectors together, at most; large inputs get fewer, but no fewer than 16.
    """

    test: Path | None
    calibration: Path | None = None
    rows: int = RANDOM_ROWS
    elements: int = 2**22

    def vectors(
        self, shape: tuple[int, ...], kind: type[np.generic], span: Span, annotated: Span | None = None
    ) -> Vectors:
        """What graphs are proved on: the test data, else that of the calibration, else random vectors over `span`.

        Raises:
            DataError: the file does not fit the model's input.
        """
        given = self.test or self.calibration
        if given is None:
            return random_vectors(shape, kind, span, max(_FEWEST, min(self.rows, self.elements // max(1, prod(shape)))))
        found = read_vectors(given, shape, kind, annotated)
        return replace(found, kind="test set") if self.test else found
