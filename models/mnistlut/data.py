"""The data of MnistLUT: those of LiteCNN, with the upper bits of each pixel only."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.litecnn.data import baselines, describe
from models.litecnn.data import build_dataset as images_of
from models.litecnn.settings import DataSettings as ImageSettings
from models.mnistlut.settings import DataSettings
from toolchain.training.dataset import Dataset, dataset_of

__all__ = ["baselines", "build_dataset", "describe"]


def build_dataset(data: Path | None, settings: DataSettings) -> Dataset:
    """Images of MNIST's format below `data`, or drawn digits; leaving out the lower bits of a pixel takes no logic.

    Raises:
        DataError: a file is missing or cannot be used; names it and what is wrong.
    """
    images = images_of(data, ImageSettings(**settings.model_dump(exclude={"bits"})))
    pixels = images.inputs_of(np.arange(len(images))) >> (8 - settings.bits)
    return dataset_of(
        pixels,
        images.y,
        input_type=f"UINT{settings.bits}" if settings.bits > 1 else "BINARY",
        classes=images.classes,
        kind=images.kind,
        splits=images.splits,
        notices=images.notices,
        provenance={**images.provenance, "pixel_bits": settings.bits},
    )
