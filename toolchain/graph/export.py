"""Export of a trained, merged network to QONNX, and the golden vectors that every later stage answers to."""

from __future__ import annotations

import io
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from brevitas.export import export_qonnx
from numpy.typing import NDArray
from qonnx.core.datatype import DataType
from torch import nn

from toolchain.files import write_atomic
from toolchain.graph.model_file import Floats, load_model

# Older boards' runtimes read this opset too.
OPSET = 17


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


def export_network(network: nn.Module, shape: int | Sequence[int], input_type: str, path: Path) -> None:
    """Write a tidy QONNX file with a batch of one and an annotated integer input.

    Args:
        shape: of one input, or the length of a vector.
        input_type: qonnx DataType name of its elements.
    """
    network.eval()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = Path(folder) / "raw.onnx"
        example = torch.zeros(1, *np.atleast_1d(shape).tolist())
        export_qonnx(network, args=example, export_path=str(raw), dynamo=False, opset_version=OPSET)
        model = load_model(raw)
    model.set_tensor_datatype(model.graph.input[0].name, DataType[input_type])
    write_atomic(path, model.model.SerializeToString(deterministic=True))
