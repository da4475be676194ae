"""Vectors that a third-party model is proved on: the calibration file's, or random ones over its input's range."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import DataError
from toolchain.record import VectorKind
from toolchain.runtime.span import UNIT, Span

# Vectors where no file gives any: enough for `make verify`, few enough for a slow executor.
RANDOM_ROWS = 1000
_LARGEST = 4 << 30


@dataclass(frozen=True)
class Vectors:
    """Inputs for a model.

    Attributes:
        x: shape (N, ...), of the model's input type.
        truth: true class indices, shape (N,), or None.
        kind: `calibration`, `random`, or the `test set` of a network of ours.
    """

    x: NDArray[Any]
    truth: NDArray[np.int64] | None
    kind: VectorKind


def read_vectors(path: Path, shape: tuple[int, ...], kind: type[np.generic]) -> Vectors:
    """Read a calibration file: an npz with `x`, shape (N, ...), and maybe `y`, the true classes, shape (N,).

    Args:
        shape: of one row of the model's input.
        kind: the model's input type; `x` is converted to it.

    Raises:
        DataError: the file cannot be read, or its arrays do not fit the model; one line.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(entry.file_size for entry in archive.infolist())
        if total > _LARGEST:
            raise DataError(f"{path}: {total >> 20} MiB of arrays; {_LARGEST >> 20} MiB at most")
        with np.load(path, allow_pickle=False) as arrays:
            if "x" not in arrays.files:
                raise DataError(f"{path}: holds {', '.join(arrays.files) or 'nothing'}; expected `x`, maybe `y`")
            x, y = arrays["x"], arrays["y"] if "y" in arrays.files else None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a readable npz file: {str(error).splitlines()[0]}") from error
    return Vectors(_fit(path, x, shape, kind), _truth(path, x, y), "calibration")


def _fit(path: Path, x: NDArray[Any], shape: tuple[int, ...], kind: type[np.generic]) -> NDArray[Any]:
    if x.dtype.kind not in "fiub" or x.ndim < 1 or len(x) == 0:
        raise DataError(f"{path}: x is {x.dtype} of shape {x.shape}; expected numbers, shape (N, {_words(shape)})")
    if x.shape[1:] != shape and not (np.prod(x.shape[1:]) == np.prod(shape) and x.ndim == 2):
        raise DataError(f"{path}: x has shape {x.shape}; the model takes (N, {_words(shape)})")
    if not np.isfinite(x).all():
        raise DataError(f"{path}: x holds values that are not finite")
    return np.ascontiguousarray(x.reshape(len(x), *shape), dtype=kind)


def _truth(path: Path, x: NDArray[Any], y: NDArray[Any] | None) -> NDArray[np.int64] | None:
    if y is None:
        return None
    if y.shape != (len(x),) or y.dtype.kind not in "iu":
        raise DataError(f"{path}: y is {y.dtype} of shape {y.shape}; expected class indices, shape ({len(x)},)")
    return y.astype(np.int64)


def _words(shape: tuple[int, ...]) -> str:
    return ", ".join(str(size) for size in shape)


def random_vectors(
    shape: tuple[int, ...], kind: type[np.generic], span: Span = UNIT, rows: int = RANDOM_ROWS
) -> Vectors:
    """Random rows over a range: each has a middle and a spread of its own, so that classes other than one come up.

    Args:
        shape: of one row.
    """
    generator = np.random.default_rng(1)
    broad = (rows, *[1] * len(shape))
    middle, spread = generator.uniform(0, 1, broad), generator.uniform(0, 1, broad)
    values = np.clip(middle + spread * generator.normal(0, 0.5, (rows, *shape)), 0, 1)
    low, high, step = span
    step = step if np.issubdtype(kind, np.floating) else max(step, 1.0)
    scaled = low + step * np.rint(values * (high - low) / step) if step else low + (high - low) * values
    return Vectors(scaled.astype(kind), None, "random")
