"""The person's own data for a network from a file, and random vectors where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

from toolchain.runtime.calibration_file import read_vectors
from toolchain.runtime.proof_vectors import RANDOM_ROWS, Feed, Vectors, random_vectors

_FEWEST = 16
# Elements of the answers to all random vectors together, which are held some times over, and of the largest tensor,
# which takes time; but so many vectors at least.
_ANSWERS, _TENSORS, _LEAST = 1 << 24, 1 << 28, 2


@dataclass(frozen=True)
class Data:
    """What graphs are proved on, and what post-training int8 is calibrated on.

    Attributes:
        test, calibration: npz files of `x`, shape (N, ...), or of each input by its name, and maybe `y`, shape (N,).
        rows, elements: of all random vectors together, at most; large inputs get fewer, but no fewer than 16 as long as
            their answers, and the tensors on the way, are not large, too.
    """

    test: Path | None
    calibration: Path | None = None
    rows: int = RANDOM_ROWS
    elements: int = 2**22

    def vectors(self, feeds: Sequence[Feed], answer: int = 1, tensor: int = 1) -> Vectors:
        """What graphs are proved on: the test data, else that of the calibration, else random vectors.

        Args:
            answer, tensor: elements of the outputs, and of the largest tensor, for one vector.

        Raises:
            DataError: the file does not fit the model's inputs.
        """
        given = self.test or self.calibration
        if given is None:
            size = max(1, sum(prod(feed.shape) for feed in feeds))
            most = max(_LEAST, min(_ANSWERS // max(1, answer), _TENSORS // max(1, tensor)))
            return random_vectors(feeds, min(most, max(_FEWEST, min(self.rows, self.elements // size))))
        found = read_vectors(given, feeds)
        return replace(found, kind="test set") if self.test else found
