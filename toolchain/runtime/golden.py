"""Vectors that a third-party model is proved on: the calibration file's, or random ones within its input's range."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from toolchain.errors import DataError
from toolchain.record import VectorKind
from toolchain.runtime.graph_index import GraphIndex

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
    shape: tuple[int, ...], kind: type[np.generic], span: tuple[float, float], rows: int = RANDOM_ROWS
) -> Vectors:
    """Random rows within a range: each has a middle and a spread of its own, so that classes other than one come up.

    Args:
        shape: of one row.
        span: least and greatest value.
    """
    generator = np.random.default_rng(1)
    broad = (rows, *[1] * len(shape))
    middle, spread = generator.uniform(0, 1, broad), generator.uniform(0, 1, broad)
    values = np.clip(middle + spread * generator.normal(0, 0.5, (rows, *shape)), 0, 1)
    low, high = span
    scaled = low + (high - low) * values
    return Vectors((scaled if np.issubdtype(kind, np.floating) else np.rint(scaled)).astype(kind), None, "random")


def input_span(model: onnx.ModelProto) -> tuple[float, float]:
    """Range of a model's input: that of the QuantizeLinear it goes to, behind Reshape or Transpose; else 0 to 1."""
    graph = GraphIndex(model)
    constants = {tensor.name for tensor in model.graph.initializer}
    name = next(value.name for value in model.graph.input if value.name not in constants)
    while graph.consumers[name] and graph.consumers[name][0].op_type in {"Reshape", "Transpose", "Flatten", "Identity"}:
        name = graph.consumers[name][0].output[0]
    node = next((n for n in graph.consumers[name] if n.op_type == "QuantizeLinear"), None)
    scale = None if node is None else graph.constant(node.input[1])
    if node is None or scale is None or scale.size != 1:
        return 0.0, 1.0
    zero = graph.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else np.zeros((), np.uint8)
    if zero is None or zero.dtype.kind not in "iu":
        return 0.0, 1.0
    whole, unit, origin = np.iinfo(zero.dtype), float(scale.reshape(-1)[0]), int(zero.reshape(-1)[0])
    return (int(whole.min) - origin) * unit, (int(whole.max) - origin) * unit
