"""NumPy archives: an array of inputs and one of classes; or `x_train`, `y_train`, `x_test`, `y_test`."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import DataError
from toolchain.files import sha256
from toolchain.training.datasets.rows import Rows, Texts, as_texts
from toolchain.training.datasets.settings import DataSettings
from toolchain.training.splits import PARTS
from toolchain.yaml_file import near_matches

Arrays = dict[str, NDArray[Any]]

_CHANNELS = (1, 3, 4)


def read_npz(path: Path, settings: DataSettings) -> Rows:
    """The rows of an archive.

    A grid (m, height, width) gets one channel; of (m, height, width, channels) the channels come first.

    Raises:
        DataError: it cannot be read, an array is missing, of another length or no array of numbers, or a value is not
            finite; names it.
    """
    x_name, y_name = (settings.columns or ("x",))[0], settings.label or "y"
    arrays = _open(path)
    whole = x_name in arrays or not any(f"{x_name}_{part}" in arrays for part in PARTS)
    x, labels, given = _whole(path, arrays, x_name, y_name) if whole else _in_parts(path, arrays, x_name, y_name)
    # Parts of the file are runs of their own for windows, too, however the rows are split.
    own = settings.split.key is None and settings.split.by != "time"
    key = given if own else _key(path, arrays, settings, len(x))
    kept = _finite(path, x_name, x, settings)
    x, counted = x[kept], {"rows with a missing value left out": int((~kept).sum())}
    return Rows(
        _channels_first(x),
        labels[kept],
        key=None if key is None else key[kept],
        axis=1 if x.ndim == 2 else None,
        counted=counted,
        files={path.name: sha256(path)},
    )


def arrays_of(path: Path) -> tuple[str, ...]:
    """Names of the arrays of an archive.

    Raises:
        DataError: it is none.
    """
    return tuple(_open(path))


def _open(path: Path) -> Arrays:
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise DataError(f"{path}: is one array; save an archive: numpy.savez(file, x=..., y=...)")
        with archive:
            return {name: archive[name] for name in archive.files}
    except ValueError as error:
        raise DataError(f"{path}: {error}; arrays should hold numbers or texts, not objects") from error
    # The last ones are what zipfile raises of a damaged archive: a method or a password that it has not.
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, MemoryError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{path}: no npz archive: {getattr(error, 'strerror', None) or error}") from error


def _whole(path: Path, arrays: Arrays, x_name: str, y_name: str) -> tuple[NDArray[Any], Texts, Texts | None]:
    x, y = _array(path, arrays, x_name), _array(path, arrays, y_name)
    _must_match(path, (x_name, x), (y_name, y))
    return x, as_texts(y), None


def _in_parts(path: Path, arrays: Arrays, x_name: str, y_name: str) -> tuple[NDArray[Any], Texts, Texts]:
    parts = [part for part in PARTS if f"{x_name}_{part}" in arrays]
    pairs = [_whole(path, arrays, f"{x_name}_{part}", f"{y_name}_{part}") for part in parts]
    shapes = {part: x.shape[1:] for part, (x, _, _) in zip(parts, pairs, strict=True)}
    if len(set(shapes.values())) > 1:
        raise DataError(f"{path}: rows of {shapes}; those of all parts should have one shape")
    given = np.repeat(np.array(parts), [len(x) for x, _, _ in pairs])
    return np.concatenate([x for x, _, _ in pairs]), np.concatenate([y for _, y, _ in pairs]), given


def _array(path: Path, arrays: Arrays, name: str) -> NDArray[Any]:
    if name not in arrays:
        raise DataError(
            f"{path}: no array {name!r}{near_matches(name, list(arrays))} (it holds {', '.join(arrays) or 'none'}); "
            "name it in the recipe: data.columns for the inputs, data.label for the class"
        )
    return arrays[name]


def _must_match(path: Path, x: tuple[str, NDArray[Any]], y: tuple[str, NDArray[Any]]) -> None:
    (x_name, values), (y_name, labels) = x, y
    if values.ndim < 2 or values.dtype.kind not in "biuf":
        raise DataError(
            f"{path}: {x_name}: {values.dtype} {values.shape}: should be numbers, a row each: (rows, inputs)"
        )
    if labels.ndim != 1 or labels.dtype.kind not in "biufU":
        raise DataError(f"{path}: {y_name}: {labels.dtype} {labels.shape}: should be one number or text a row")
    if len(labels) != len(values):
        raise DataError(f"{path}: {y_name} has {len(labels):,} rows, {x_name} has {len(values):,}; they should match")


def _key(path: Path, arrays: Arrays, settings: DataSettings, rows: int) -> Texts | None:
    name = settings.split.key
    if name is None:
        return None
    key = _array(path, arrays, name)
    if key.shape != (rows,) or key.dtype.kind not in "biufU":
        raise DataError(f"{path}: {name}: {key.dtype} {key.shape}: should be one number or text a row, ({rows},)")
    return as_texts(key)


def _finite(path: Path, name: str, x: NDArray[Any], settings: DataSettings) -> NDArray[np.bool_]:
    good = np.isfinite(x).reshape(len(x), -1).all(axis=1) if x.dtype.kind == "f" else np.ones(len(x), bool)
    if settings.missing == "refuse" and not good.all():
        row = int(np.argmin(good))
        place = (row, *(int(i) for i in np.argwhere(~np.isfinite(x[row]))[0]))
        raise DataError(f"{path}: {name}{list(place)}: {x[place]}: should be a number; or say missing: skip")
    return good


def _channels_first(x: NDArray[Any]) -> NDArray[Any]:
    if x.ndim == 3:
        return x[:, None]
    if x.ndim == 4 and x.shape[3] in _CHANNELS and x.shape[1] not in _CHANNELS:
        return np.moveaxis(x, 3, 1)
    return x
