"""The data of LiteCNN: images of MNIST's format, or digits that are drawn."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.litecnn.drawing import draw_digits
from models.litecnn.settings import DIGITS, DataSettings
from toolchain.errors import DataError
from toolchain.training.dataset import SYNTHETIC, Dataset, dataset_of
from toolchain.training.datasets.idx_file import read_idx
from toolchain.training.splits import PARTS, random_split

Bytes = NDArray[np.uint8]

PREFIXES = {"train": "train", "test": "t10k"}
"""What a part's files begin with, as Yann LeCun named them."""

LEAST_SIDE, MOST_SIDE = 8, 128
MOST_IMAGES = 1_000_000
_MOST_PIXELS = 1 << 28


def build_dataset(data: Path | None, settings: DataSettings) -> Dataset:
    """Images and labels of a folder of MNIST's format, or drawn digits without one.

    The test part is the one the folder has. Validation is the end of each class's training images: some copies of
    MNIST are sorted by class.

    Args:
        data: folder of four files such as `train-images-idx3-ubyte.gz`, packed by gzip or not; or None.

    Raises:
        DataError: a file is missing or cannot be used; names it and what is wrong.
    """
    if data is None:
        return _drawn(settings)
    parts = {part: _read_part(data, prefix, settings) for part, prefix in PREFIXES.items()}
    sizes = {part: images.shape[1:] for part, (images, _) in parts.items()}
    if sizes["train"] != sizes["test"]:
        found = " and ".join(f"{height} x {width}" for height, width in sizes.values())
        raise DataError(f"{data}: images for training and test have {found} pixels; they should be of one size")
    origin = {"files": {path.name: _digest(path) for prefix in PREFIXES.values() for path in _files(data, prefix)}}
    return _dataset(parts, settings, kind="images", origin=origin)


def describe(dataset: Dataset) -> str:
    """What the images are."""
    _, height, width = dataset.shape
    return f"images of {height} x {width} pixels, classes: {', '.join(dataset.classes)}"


def baselines(dataset: Dataset) -> dict[str, Bytes]:
    """What the mean image of each class tells of the test images: the nearest mean is the guess."""
    x, y = dataset.part("blocked", "train")
    test, _ = dataset.part("blocked", "test")
    flat, known = x.reshape(len(x), -1).astype(np.float32), np.unique(y)
    means = np.stack([flat[y == label].mean(axis=0) for label in known])
    # |t - m|^2 without |t|^2, which is the same for every class.
    distances = (means**2).sum(axis=1) - 2 * test.reshape(len(test), -1).astype(np.float32) @ means.T
    return {"nearest_mean_image": known[distances.argmin(axis=1)].astype(np.uint8)}


def _drawn(settings: DataSettings) -> Dataset:
    if settings.classes != DIGITS:
        raise DataError("data.classes: drawn images are of the digits 0 to 9; give a folder: DATA=<folder>")
    images, labels = draw_digits(settings.drawn, settings.seed)
    test = len(labels) // 5
    parts = {"train": (images[test:], labels[test:]), "test": (images[:test], labels[:test])}
    return _dataset(parts, settings, kind=SYNTHETIC, origin={"drawn": settings.drawn})


def _dataset(
    parts: dict[str, tuple[Bytes, Bytes]], settings: DataSettings, *, kind: str, origin: dict[str, Any]
) -> Dataset:
    images, y = (np.concatenate([part[of] for part in parts.values()]) for of in (0, 1))
    training = len(parts["train"][1])
    blocked = np.full(len(y), PARTS.index("test"), np.uint8)
    blocked[:training] = _validation(y[:training], settings.validation)
    return dataset_of(
        images[:, None],
        y,
        input_type="UINT8",
        classes=settings.classes,
        kind=kind,
        splits={"blocked": blocked, "random": random_split(len(y), settings.seed)},
        notices=_notices(y, settings),
        provenance=origin,
    )


def _validation(y: Bytes, share: float) -> Bytes:
    """Part of each training image: the last of each class are for validation."""
    part = np.full(len(y), PARTS.index("train"), np.uint8)
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        part[rows[len(rows) - round(len(rows) * share) :]] = PARTS.index("validation")
    return part


def _notices(y: Bytes, settings: DataSettings) -> tuple[str, ...]:
    counts = np.bincount(y, minlength=len(settings.classes))
    absent = [name for name, count in zip(settings.classes, counts, strict=True) if not count]
    return (f"no image of {', '.join(absent)}",) if absent else ()


def _read_part(folder: Path, prefix: str, settings: DataSettings) -> tuple[Bytes, Bytes]:
    """Images, (n, height, width), and labels, (n,), of one part."""
    image_file, label_file = _files(folder, prefix)
    labels = read_idx(label_file, axes=1, most=MOST_IMAGES)
    images = read_idx(image_file, axes=3, most=_MOST_PIXELS)
    if len(images) != len(labels):
        raise DataError(
            f"{image_file}: {len(images):,} images where {label_file.name} has {len(labels):,} labels; get both again"
        )
    _must_be_images(image_file, images)
    outside = np.flatnonzero(labels >= len(settings.classes))
    if len(outside):
        raise DataError(
            f"{label_file}: label {labels[outside[0]]} of image {outside[0]}: "
            f"should be 0 to {len(settings.classes) - 1}; name all classes in the recipe: data.classes"
        )
    return images, labels


def _must_be_images(path: Path, images: Bytes) -> None:
    count, height, width = images.shape
    if not LEAST_SIDE <= min(height, width) <= max(height, width) <= MOST_SIDE:
        raise DataError(
            f"{path}: images of {height} x {width} pixels: "
            f"each side should have {LEAST_SIDE} to {MOST_SIDE}; resize them"
        )
    if count < 2:
        raise DataError(f"{path}: {count} images: should be two at least")


def _files(folder: Path, prefix: str) -> tuple[Path, Path]:
    """The file of images and that of labels."""
    images, labels = (_file(folder, f"{prefix}-{rest}-ubyte") for rest in ("images-idx3", "labels-idx1"))
    return images, labels


def _file(folder: Path, name: str) -> Path:
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; give one with the four files of MNIST or of a set of its format")
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise DataError(
        f"{folder}: no {name}.gz in it; give a folder with the four files of MNIST or of a set of its format"
    )


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
