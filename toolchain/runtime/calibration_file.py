"""Calibration files that nobody vouches for: npz with `x`, the inputs, and maybe `y`, the true classes.

What the arrays' headers say is checked before memory is taken for any of them.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from toolchain.errors import DataError, first_line
from toolchain.runtime.proof_vectors import Vectors
from toolchain.runtime.span import Span

T = TypeVar("T")

_NAMES = ("x", "y")
_LARGEST = 1 << 30
_CLASSES = 1 << 24


def read_vectors(path: Path, shape: tuple[int, ...], kind: type[np.generic], span: Span | None = None) -> Vectors:
    """Read a calibration file: an npz with `x`, shape (N, ...), and maybe `y`, the true classes, shape (N,).

    Args:
        shape: of one row of the model's input.
        kind: the model's input type; `x` must hold values of it, whatever its own type.
        span: integers that the input is annotated with, though its type is a float.

    Raises:
        DataError: the file cannot be read, or its arrays do not fit the model; one line.
    """
    arrays = _arrays(path)
    given = _fit(path, arrays["x"], shape)
    _must_be_of(path, given, np.dtype(kind), span)
    with np.errstate(over="ignore"):
        x = np.ascontiguousarray(given, dtype=kind)
    _refuse(path, given, ~np.isfinite(x), f"expected finite {np.dtype(kind)}")
    return Vectors(x, _truth(path, x, arrays.get("y")), "calibration")


def array_bytes(path: Path) -> int:
    """Bytes of `x` and `y` together, as their headers say; no array is read.

    Raises:
        DataError: no npz file, or arrays beyond bounds.
    """

    def total(archive: zipfile.ZipFile) -> int:
        return sum(_size(path, archive, name) for name in _present(path, archive))

    return _read(path, total)


def _arrays(path: Path) -> Mapping[str, NDArray[Any]]:
    array_bytes(path)

    def read(archive: zipfile.ZipFile) -> dict[str, NDArray[Any]]:
        return {name: _array(archive, name) for name in _present(path, archive)}

    return _read(path, read)


def _read(path: Path, work: Callable[[zipfile.ZipFile], T]) -> T:
    try:
        with zipfile.ZipFile(path) as archive:
            return work(archive)
    except DataError:
        raise
    except Exception as error:  # zipfile, zlib, lzma and numpy each raise classes of their own.
        raise DataError(f"{path}: not a readable npz file: {first_line(error)}") from error


def _present(path: Path, archive: zipfile.ZipFile) -> list[str]:
    names = archive.namelist()
    if "x.npy" not in names:
        held = ", ".join(repr(name) for name in names[:8]) or "nothing"
        raise DataError(f"{path}: holds {held}; expected an array `x`, maybe `y`, as numpy.savez writes them")
    return [name for name in _NAMES if f"{name}.npy" in names]


def _size(path: Path, archive: zipfile.ZipFile, name: str) -> int:
    entry = archive.getinfo(f"{name}.npy")
    with archive.open(entry) as stream:
        version = npy.read_magic(stream)
        shape, _, kind = (npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0)(stream)
        start = stream.tell()
    if kind.kind not in "fiub" or any(size < 0 for size in shape):
        raise DataError(f"{path}: {name} is {kind} of shape {shape}; expected an array of numbers")
    wanted = math.prod(shape) * kind.itemsize
    if wanted > _LARGEST:
        raise DataError(f"{path}: {name}: shape {shape} is {wanted >> 20} MiB; {_LARGEST >> 20} MiB at most")
    if entry.file_size - start < wanted:
        raise DataError(
            f"{path}: {name}: shape {shape} is {wanted} bytes, of which {entry.file_size - start} are there"
        )
    return wanted


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with archive.open(f"{name}.npy") as stream:
        return npy.read_array(stream, allow_pickle=False)


def _fit(path: Path, x: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    if x.ndim < 1 or len(x) == 0:
        raise DataError(f"{path}: x has shape {x.shape}; expected (N, {_words(shape)})")
    if x.shape[1:] != shape and not (math.prod(x.shape[1:]) == math.prod(shape) and x.ndim == 2):
        raise DataError(f"{path}: x has shape {x.shape}; the model takes (N, {_words(shape)})")
    return x.reshape(len(x), *shape)


def _must_be_of(path: Path, x: NDArray[Any], kind: np.dtype[Any], span: Span | None) -> None:
    """Refuse values that the model's input cannot hold."""
    if span is not None:
        low, high, what = span.low, span.high, "annotated with integers"
    elif kind.kind == "b":
        low, high, what = 0, 1, "bool"
    elif kind.kind in "iu":
        limits = np.iinfo(kind)
        low, high, what = int(limits.min), int(limits.max), kind.name
    else:
        return
    # The greatest int64 has no float of its own: the next one is too great.
    whole = (x < float(high) + 1) & (x == np.rint(x)) if x.dtype.kind == "f" else x <= high
    wrong = ~((x >= low) & whole)
    _refuse(path, x, wrong, f"the model's input is {what}: whole numbers from {low:g} to {high:g}")


def _refuse(path: Path, x: NDArray[Any], wrong: NDArray[np.bool_], expected: str) -> None:
    if wrong.any():
        index = tuple(int(place) for place in np.unravel_index(int(np.argmax(wrong)), x.shape))
        raise DataError(f"{path}: x[{_words(index)}] is {x[index]}; {expected}")


def _truth(path: Path, x: NDArray[Any], y: NDArray[Any] | None) -> NDArray[np.int64] | None:
    if y is None:
        return None
    if y.shape != (len(x),) or y.dtype.kind not in "iu":
        raise DataError(f"{path}: y is {y.dtype} of shape {y.shape}; expected class indices, shape ({len(x)},)")
    wrong = np.flatnonzero((y < 0) | (y >= _CLASSES))
    if len(wrong):
        raise DataError(f"{path}: y[{wrong[0]}] is {y[wrong[0]]}; expected class indices, 0 to N-1 of N classes")
    return y.astype(np.int64)


def _words(shape: tuple[int, ...]) -> str:
    return ", ".join(str(size) for size in shape)
