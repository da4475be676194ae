"""Files of data that nobody vouches for: npz with `x`, the inputs, and maybe `y`: the true classes, or target values.

A network of several inputs has an array for each, by its name.

What the arrays' headers say is checked before memory is taken for any of them.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from toolchain.errors import DataError, first_line
from toolchain.runtime.proof_vectors import Feed, Vectors
from toolchain.runtime.rows import Rows, joined
from toolchain.runtime.span import Span

T = TypeVar("T")

_X, _Y = "x", "y"
_MOST_ARRAYS = 64
_LARGEST = 1 << 30
_CLASSES = 1 << 24


def read_vectors(path: Path, feeds: Sequence[Feed]) -> Vectors:
    """Read a file of data: an npz with `x`, shape (N, ...), and maybe `y`.

    `y` are the true classes, whole numbers of shape (N,), or what the outputs should be, floats of shape (N, ...).

    Args:
        feeds: the model's inputs; an array must hold values of its input's type, whatever its own. Of several inputs
            each has an array by its own name; of one it is `x`, or bears the input's name.

    Raises:
        DataError: the file cannot be read, or its arrays do not fit the model; one line.
    """
    array_bytes(path)
    arrays = _read(path, lambda archive: _all(path, archive, feeds))
    x = rows_of(str(path), arrays, feeds)
    y = arrays.get(_Y)
    if y is not None and y.dtype.kind == "f":
        return Vectors(x, None, "calibration", _targets(path, x, y))
    return Vectors(x, _truth(path, x, y), "calibration")


def rows_of(place: str, arrays: Mapping[str, NDArray[Any]], feeds: Sequence[Feed]) -> Rows:
    """Rows of arrays, each of its input's shape and type; see `read_vectors`.

    Args:
        place: where the arrays come from, as errors name it.

    Raises:
        DataError: an array does not fit its input; names the first element.
    """
    parts = {}
    for feed in feeds:
        name = feed.name if feed.name in arrays else _X
        parts[feed.name] = _input(_Where(place, name), arrays[name], feed)
    _must_be_as_many(place, parts)
    return joined(parts)


@dataclass(frozen=True)
class _Where:
    """An array, as errors name it: where it comes from, and what it is called there."""

    place: str
    name: str

    def __str__(self) -> str:
        return f"{self.place}: {self.name}"


def _input(where: _Where, array: NDArray[Any], feed: Feed) -> NDArray[Any]:
    given = _fit(where, array, feed.shape)
    _must_be_of(where, given, np.dtype(feed.kind), feed.annotated)
    with np.errstate(over="ignore"):
        x = np.ascontiguousarray(given, dtype=feed.kind)
    _refuse(where, given, ~np.isfinite(x), f"expected finite {np.dtype(feed.kind)}")
    return x


def _must_be_as_many(place: str, parts: Mapping[str, NDArray[Any]]) -> None:
    if len({len(part) for part in parts.values()}) > 1:
        told = ", ".join(f"{name} has {len(part):,}" for name, part in parts.items())
        raise DataError(f"{place}: {told} rows; expected as many of each input")


def array_bytes(path: Path) -> int:
    """Bytes of all arrays together, as their headers say; no array is read.

    Raises:
        DataError: no npz file, or arrays beyond bounds.
    """

    def total(archive: zipfile.ZipFile) -> int:
        return sum(_size(path, archive, name) or 0 for name in _present(path, archive))

    return _read(path, total)


def _all(path: Path, archive: zipfile.ZipFile, feeds: Sequence[Feed]) -> dict[str, NDArray[Any]]:
    """The arrays of the inputs, and the classes where they are known."""
    present = _present(path, archive)
    wanted = [feed.name for feed in feeds]
    if len(feeds) == 1 and wanted[0] not in present:
        wanted = [_X]
    if missing := [name for name in wanted if name not in present]:
        each = f"an array for each input by its name: {missing[0]!r} is missing"
        one = "an array `x`, maybe `y`, as numpy.savez writes them"
        raise DataError(f"{path}: holds {_held(archive)}; expected {one if wanted == [_X] else each}")
    for name in wanted:
        if _size(path, archive, name) is None:
            raise DataError(f"{path}: {name} holds no numbers; expected an array of numbers")
    return {name: _array(archive, name) for name in [*wanted, _Y] if name in present}


def _read(path: Path, work: Callable[[zipfile.ZipFile], T]) -> T:
    try:
        with zipfile.ZipFile(path) as archive:
            return work(archive)
    except DataError:
        raise
    except Exception as error:  # zipfile, zlib, lzma and numpy each raise classes of their own.
        raise DataError(f"{path}: not a readable npz file: {first_line(error)}") from error


def _present(path: Path, archive: zipfile.ZipFile) -> list[str]:
    names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    if len(names) > _MOST_ARRAYS:
        raise DataError(f"{path}: holds {len(names):,} arrays; {_MOST_ARRAYS} at most")
    if not names:
        raise DataError(f"{path}: holds {_held(archive)}; expected an array `x`, maybe `y`, as numpy.savez writes them")
    return names


def _held(archive: zipfile.ZipFile) -> str:
    return ", ".join(map(repr, archive.namelist()[:8])) or "nothing"


def _size(path: Path, archive: zipfile.ZipFile, name: str) -> int | None:
    """Bytes of an array; None of one that holds no numbers, and is none that is always asked for."""
    entry = archive.getinfo(f"{name}.npy")
    with archive.open(entry) as stream:
        version = npy.read_magic(stream)
        shape, _, kind = (npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0)(stream)
        start = stream.tell()
    if kind.kind not in "fiub" and name not in (_X, _Y):
        return None
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


def _fit(where: _Where, x: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    if x.ndim < 1 or len(x) == 0:
        raise DataError(f"{where} has shape {x.shape}; expected (N, {_words(shape)})")
    if x.shape[1:] != shape and not (math.prod(x.shape[1:]) == math.prod(shape) and x.ndim == 2):
        raise DataError(f"{where} has shape {x.shape}; the model takes (N, {_words(shape)}){_hint(x.shape[1:], shape)}")
    return x.reshape(len(x), *shape)


def _must_be_of(where: _Where, x: NDArray[Any], kind: np.dtype[Any], span: Span | None) -> None:
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
    _refuse(where, x, wrong, f"the model's input is {what}: whole numbers from {low:g} to {high:g}")


def _refuse(where: _Where, x: NDArray[Any], wrong: NDArray[np.bool_], expected: str) -> None:
    if wrong.any():
        index = tuple(int(place) for place in np.unravel_index(int(np.argmax(wrong)), x.shape))
        raise DataError(f"{where}[{_words(index)}] is {x[index]}; {expected}")


def _truth(path: Path, x: Rows, y: NDArray[Any] | None) -> NDArray[np.int64] | None:
    if y is None:
        return None
    if y.shape != (len(x),) or y.dtype.kind not in "iu":
        raise DataError(
            f"{path}: y is {y.dtype} of shape {y.shape}; expected class indices, shape ({len(x)},), or floats that the "
            "outputs should be"
        )
    wrong = np.flatnonzero((y < 0) | (y >= _CLASSES))
    if len(wrong):
        raise DataError(f"{path}: y[{wrong[0]}] is {y[wrong[0]]}; expected class indices, 0 to N-1 of N classes")
    return y.astype(np.int64)


def _targets(path: Path, x: Rows, y: NDArray[Any]) -> NDArray[Any]:
    if y.ndim < 1 or len(y) != len(x):
        raise DataError(f"{path}: y has shape {y.shape}; expected a row for each of the {len(x)} of x")
    _refuse(_Where(str(path), _Y), y, ~np.isfinite(y), "expected finite numbers")
    return y


def _hint(given: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """What to do where only the channels stand elsewhere."""
    if len(given) == 3 and (given[2], *given[:2]) == wanted:
        return "; its channels stand last (NHWC), the network's first: numpy.transpose(x, (0, 3, 1, 2))"
    return ""


def _words(shape: tuple[int, ...]) -> str:
    return ", ".join(str(size) for size in shape)
