"""The data of CQMLP: windows of CAN frames, from captures or from the synthetic car."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.cqmlp.settings import DataSettings
from toolchain.can.data.baseline import identifier_lookup_baseline
from toolchain.can.data.build import windows_dataset
from toolchain.can.data.car import generate_car
from toolchain.can.data.folder import read_folder
from toolchain.errors import DataError
from toolchain.training.dataset import Dataset


def build_dataset(data: Path | None, settings: DataSettings) -> Dataset:
    """Windows, labels and splits of the captures below `data`, or of the synthetic car without it.

    Args:
        data: folder of captures, read recursively, or None.
        settings: its seed is that of the car and of the splits.

    Raises:
        DataError: the captures cannot be used, or leave a part of the default split without windows.
    """
    options = settings.model_dump()
    if data is None:
        car = generate_car(settings.seed)
        return windows_dataset(car.frames, car.captures, kind="synthetic", **options)
    folder = read_folder(data)
    captures = [asdict(capture) for capture in folder.captures]
    dataset = windows_dataset(folder.frames, captures, kind="captures", notices=folder.notices, **options)
    _must_be_usable(dataset, data)
    return dataset


def describe(dataset: Dataset) -> str:
    """What the windows are."""
    return f"windows of {dataset.provenance['window']} frames, attacks: {', '.join(dataset.classes[1:])}"


def baselines(dataset: Dataset) -> dict[str, NDArray[np.uint8]]:
    """What the identifier alone tells of the test windows."""
    return {"identifier_lookup": identifier_lookup_baseline(dataset)[1]}


def _must_be_usable(dataset: Dataset, data: Path) -> None:
    for part in ("train", "test"):
        counts = dataset.counts("blocked")[part]
        if not counts[dataset.classes[0]] or not any(counts[name] for name in dataset.classes[1:]):
            raise DataError(
                f"{data}: the {part} part of the blocked split lacks normal windows or attacks; add longer captures"
            )
