"""The data of MnistLUT: those of LiteCNN, with the uppermost bit of each pixel only."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.litecnn.data import baselines, describe
from models.litecnn.data import build_dataset as images_of
from models.mnistlut.settings import DataSettings
from toolchain.training.dataset import Dataset, dataset_of

__all__ = ["baselines", "build_dataset", "describe"]


def build_dataset(data: Path | None, settings: DataSettings) -> Dataset:
    """Images of MNIST's format below `data`, or drawn digits; leaving out the lower bits of a pixel takes no logic.

    Raises:
        DataError: a file is missing or cannot be used; names it and what is wrong.
    """
    images = images_of(data, settings)
    return dataset_of(
        images.inputs_of(np.arange(len(images))) >> 7,
        images.y,
        input_type="BINARY",
        classes=images.classes,
        kind=images.kind,
        splits=images.splits,
        notices=images.notices,
        provenance={**images.provenance, "pixel_bits": 1},
    )
