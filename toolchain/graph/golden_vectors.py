"""The golden vectors that every later stage answers to."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.files import write_atomic
from toolchain.graph.model_file import Floats


@dataclass(frozen=True)
class Golden:
    """The whole test set and what the trained network says of it.

    Attributes:
        x: integer network inputs, each as one vector, shape (N, inputs).
        logits: the PyTorch network's float logits, shape (N, classes).
        truth: true class indices, shape (N,).
    """

    x: NDArray[Any]
    logits: Floats
    truth: NDArray[np.uint8]

    @property
    def labels(self) -> NDArray[np.int64]:
        """Predicted class indices, shape (N,); the first of equal logits wins."""
        labels: NDArray[np.int64] = self.logits.argmax(axis=1).astype(np.int64)
        return labels

    def save(self, path: Path) -> None:
        """Write an uncompressed npz whose bytes depend on the values alone."""
        stream = io.BytesIO()
        np.savez(stream, x=self.x, logits=self.logits, truth=self.truth)
        write_atomic(path, stream.getvalue())

    @staticmethod
    def load(path: Path) -> Golden:
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            return Golden(arrays["x"], arrays["logits"], arrays["truth"])
