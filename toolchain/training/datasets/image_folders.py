"""Folders of images, one folder a class: PNG, JPEG, BMP, PGM and PPM, as grey or colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from toolchain.errors import DataError
from toolchain.training.datasets.folders import digest_of, labelled_files
from toolchain.training.datasets.rows import Rows
from toolchain.training.datasets.settings import DataSettings, ImageSettings

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".ppm"}
"""What a file that is taken for an image ends in."""

# Modes whose values go beyond 8 bits: converting would cut them.
_DEEP = {"I", "F", "I;16", "I;16B", "I;16L"}
_MOST_BYTES = 1 << 31


def read_images(path: Path, settings: DataSettings) -> Rows:
    """Images, (m, 1 or 3, height, width), of 8 bits.

    Raises:
        DataError: a folder is empty, an image cannot be read or has more than 8 bits, or they differ in size and the
            recipe names none; names the file.
    """
    found, images = labelled_files(path, settings, SUFFIXES), settings.images
    size = _size(found.files[0], images)
    channels = 3 if images.colour else 1
    if len(found.files) * channels * size[0] * size[1] > _MOST_BYTES:
        raise DataError(
            f"{path}: {len(found.files):,} images of {size[1]} x {size[0]} pixels; give a smaller data.images"
        )
    x = np.empty((len(found.files), channels, size[1], size[0]), np.uint8)
    for row, file in enumerate(found.files):
        x[row] = _read(file, images, size)
    counted = {"files that are no image left out": found.skipped}
    return Rows(x, found.labels, key=found.key, counted=counted, files=digest_of(path, found.files))


def _size(first: Path, images: ImageSettings) -> tuple[int, int]:
    """Width and height of every image."""
    if images.width is not None and images.height is not None:
        return images.width, images.height
    try:
        with Image.open(first) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _unread(first, error) from error


def _read(file: Path, images: ImageSettings, size: tuple[int, int]) -> NDArray[np.uint8]:
    """One image with its channels first."""
    try:
        with Image.open(file) as image:
            if image.mode in _DEEP:
                raise DataError(f"{file}: has more than 8 bits a pixel ({image.mode}); save it with 8")
            plain = image.convert("RGB" if images.colour else "L")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _unread(file, error) from error
    if plain.size != size:
        if images.width is None:
            found = f"{plain.width} x {plain.height} pixels where the first image has {size[0]} x {size[1]}"
            raise DataError(f"{file}: {found}; name a size in the recipe: data.images: {{height: ..., width: ...}}")
        plain = plain.resize(size, Image.Resampling.BOX)
    pixels = np.asarray(plain, np.uint8)
    return np.moveaxis(pixels, 2, 0) if images.colour else pixels[None]


def _unread(file: Path, error: Exception) -> DataError:
    return DataError(f"{file}: no image that can be read: {error}; mend or remove it")
