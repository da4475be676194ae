"""A network from a file as the graphs of a board, with the vectors and the reference that they are proved against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import onnx
from numpy.typing import NDArray

from toolchain.results.device import COMPILED
from toolchain.runtime.derive.graphs import STYLES
from toolchain.runtime.meaning import VALUES, Meaning, accuracy
from toolchain.runtime.proof_vectors import Vectors

INTEGER_VARIANTS = (*STYLES, COMPILED)

FILE = "qdq"
"""The variant that is an ONNX file of 8-bit integers as it came."""


@dataclass(frozen=True)
class Imported:
    """A network from a file, ready to be proved, timed and packaged.

    Attributes:
        kind: `onnx` (float), `qdq` (came quantised), `qonnx` or `tflite`.
        graphs: by variant.
        left_out: variants that could not be made, and why.
        vectors: inputs, maybe with true classes.
        reference: outputs of the reference, shape (N, ...).
        reference_name: what the reference is, in words.
        integers: what the integer graph of the file says, shape (N, ...), or None where there is none. The graphs of
            `INTEGER_VARIANTS` answer to it: sums of floats in the reference may round, its never do.
        meaning: what the outputs are.
        notices: what the person should know of the model.
    """

    kind: str
    graphs: dict[str, onnx.ModelProto]
    left_out: dict[str, str]
    vectors: Vectors
    reference: NDArray[Any]
    reference_name: str
    integers: NDArray[Any] | None = None
    meaning: Meaning = VALUES
    notices: tuple[str, ...] = ()

    @property
    def classifies(self) -> bool:
        """Whether the outputs are proved as scores of classes, by their labels."""
        return self.meaning.kind == "classes"

    @property
    def whole(self) -> bool:
        """Whether the reference computes with integers, so that graphs of integers must equal it, labels or not."""
        return self.integers is not None and self.kind in ("qdq", "tflite")

    def is_whole(self, name: str) -> bool:
        """Whether a graph is made of the file's integers."""
        return self.integers is not None and name in INTEGER_VARIANTS

    def accuracy(self, outputs: NDArray[Any]) -> float | None:
        """Share of outputs, shape (N, classes), whose first greatest is the true class; None without true classes."""
        if self.vectors.truth is None or not self.classifies:
            return None
        return accuracy(outputs, self.vectors.truth)
