"""A folder of MNIST's four IDX files: images and labels for training and for the test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import DataError
from toolchain.files import sha256
from toolchain.training.datasets.idx_file import read_idx
from toolchain.training.datasets.rows import Rows, as_texts
from toolchain.training.datasets.settings import DataSettings

_PREFIXES = {"train": "train", "test": "t10k"}
_MOST_IMAGES, _MOST_PIXELS = 10_000_000, 1 << 30
_IMAGES, _LABELS = "images-idx3", "labels-idx1"


def read_idx_folder(path: Path, settings: DataSettings) -> Rows:
    """Images with one channel, and their labels; packed by gzip or not.

    Raises:
        DataError: a file is missing, cannot be read, or does not match its neighbour; names it.
    """
    if not path.is_dir():
        raise DataError(f"{path}: is a file; give the folder that holds train-images-idx3-ubyte.gz and its like")
    files = {
        part: tuple(_file(path, prefix, kind) for kind in (_IMAGES, _LABELS)) for part, prefix in _PREFIXES.items()
    }
    parts = {part: _pair(*pair) for part, pair in files.items()}
    shapes = {part: images.shape[1:] for part, (images, _) in parts.items()}
    if len(set(shapes.values())) > 1:
        raise DataError(f"{path}: images of {shapes} pixels; those of training and test should be of one size")
    images, labels = (np.concatenate([pair[of] for pair in parts.values()]) for of in (0, 1))
    given = np.repeat(np.array(list(parts)), [len(labels) for _, labels in parts.values()])
    return Rows(
        images[:, None],
        as_texts(labels),
        key=given if settings.split.by == "given" else None,
        files={file.name: sha256(file) for pair in files.values() for file in pair},
    )


def _file(folder: Path, prefix: str, kind: str) -> Path:
    """The file, whose name may end in `-ubyte` or `.idx3-ubyte`, and in `.gz`."""
    stems = (f"{prefix}-{kind}-ubyte", f"{prefix}-{kind.replace('-idx', '.idx')}-ubyte")
    names = [stem + end for stem in stems for end in ("", ".gz")]
    found = next((folder / name for name in names if (folder / name).is_file()), None)
    if found is None:
        raise DataError(f"{folder}: no {names[1]}; the four files of MNIST's format should lie in it")
    return found


def _pair(images: Path, labels: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    y = read_idx(labels, axes=1, most=_MOST_IMAGES)
    x = read_idx(images, axes=3, most=_MOST_PIXELS)
    if len(x) != len(y):
        raise DataError(f"{images}: {len(x):,} images where {labels.name} has {len(y):,} labels; get both again")
    return x, y
