"""What a trained network costs as an unrolled core: exported, read back as integers, laid out."""

from __future__ import annotations

import tempfile
from pathlib import Path

from torch import nn

from hls.unrolled.estimate import estimate_unrolled
from toolchain.errors import ModelError
from toolchain.graph.export import export_network
from toolchain.graph.model_file import load_model
from toolchain.runtime.trained import read_trained
from toolchain.training.dataset import Dataset

# LUT positions hardly depend on it; flip-flops do, which the budget does not count.
_CLOCK_HZ = 25_000_000


def lut_of(network: nn.Module, dataset: Dataset, lut_inputs: int, shown: str) -> int:
    """LUT positions of the unrolled core of a merged network.

    Args:
        lut_inputs: of the device's LUTs, 4 or 6.
        shown: the recipe's file, for errors.

    Raises:
        ModelError: it is no chain of dense layers.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        export_network(network, dataset.shape, dataset.input_type, path)
        dense = read_trained(load_model(path)).network
    if dense is None:
        raise ModelError(
            f"{shown}: budget: it counts LUTs of an unrolled core, which only a chain of dense layers becomes; leave "
            "it out, or change the network"
        )
    families = ("zynq_7000",) if lut_inputs == 6 else ()
    return estimate_unrolled(dense, _CLOCK_HZ, *families)["lut"]
