"""Small folders of MNIST's format."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

COUNTS = {"train": 40, "t10k": 20}


def idx(array: NDArray[np.uint8]) -> bytes:
    """The content of an IDX file of unsigned bytes."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_folder(folder: Path, side: int = 12, classes: int = 4) -> Path:
    """40 images for training and 20 for the test, each class as often."""
    rng = np.random.default_rng(1)
    for prefix, count in COUNTS.items():
        images = rng.integers(0, 256, (count, side, side)).astype(np.uint8)
        write(folder, f"{prefix}-images-idx3", idx(images))
        write(folder, f"{prefix}-labels-idx1", idx(np.arange(count, dtype=np.uint8) % classes))
    return folder


def write(folder: Path, name: str, content: bytes) -> Path:
    """One packed file of it."""
    path = folder / f"{name}-ubyte.gz"
    path.write_bytes(gzip.compress(content, mtime=0))
    return path
