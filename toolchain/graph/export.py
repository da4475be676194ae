"""Export of a trained, merged network to QONNX."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from brevitas.export import export_qonnx
from qonnx.core.datatype import DataType
from torch import nn

from toolchain.files import write_atomic
from toolchain.graph.model_file import load_model

# Older boards' runtimes read this opset too.
OPSET = 17


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
