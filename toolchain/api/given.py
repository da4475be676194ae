"""Data that a call is given: arrays become a file of the folder of builds, as the command line takes one."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolchain.errors import DataError
from toolchain.files import write_atomic
from toolchain.layout import build_root

AnyPath = str | PathLike[str]

Inputs = ArrayLike | Mapping[str, ArrayLike]
"""A batch of the network's input, shape (N, ...); of several inputs one for each, by its name."""

Data = AnyPath | Inputs | tuple[Inputs, ArrayLike]
"""Inputs to prove or calibrate on: an npz file; an array, shape (N, ...); (x, y) with the true classes, shape (N,)."""

_FOLDER = ".given"


def file_of(what: str, data: Data | None) -> str | None:
    """The npz file of some data. Its name tells what it holds, so that equal data find the build that was made of it.

    Args:
        what: how errors call the data.

    Raises:
        DataError: an array holds no numbers, or the classes are not one a row.
    """
    if data is None or isinstance(data, str | PathLike):
        return None if data is None else fspath(data)
    content = _npz(_with_truth(what, data) if isinstance(data, tuple) else arrays_of(what, data))
    path = build_root() / _FOLDER / f"{hashlib.sha256(content).hexdigest()[:16]}.npz"
    if not path.is_file():
        write_atomic(path, content)
    return str(path)


def arrays_of(what: str, x: Inputs) -> dict[str, NDArray[Any]]:
    """Arrays by name, one without a name as `x`.

    Raises:
        DataError: as `file_of`.
    """
    given = x if isinstance(x, Mapping) else {"x": x}
    return {name: _numbers(what if name == "x" else f"{what}: {name}", values) for name, values in given.items()}


def _numbers(what: str, values: ArrayLike) -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise DataError(f"{what}: its rows differ in shape; expected numbers, as many in each") from error
    if array.dtype.kind not in "fiub":
        raise DataError(f"{what}: an array of type {array.dtype}; expected numbers")
    return array


def _with_truth(what: str, both: tuple[Inputs, ArrayLike]) -> dict[str, NDArray[Any]]:
    if len(both) != 2:
        raise DataError(f"{what}: a tuple of {len(both)}; expected (x, y): inputs, and the true class of each")
    arrays, y = arrays_of(what, both[0]), _numbers(f"{what}: y", both[1])
    for name, array in arrays.items():
        if y.dtype.kind not in "iu" or y.shape != array.shape[:1]:
            wanted = f"expected class numbers, one for each of the {len(np.atleast_1d(array)):,} rows of {name}"
            raise DataError(f"{what}: y is {y.dtype} of shape {y.shape}; {wanted}")
    return {**arrays, "y": y}


def _npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
