"""From numbers to the integers of a few bits that a network takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolchain.training.datasets.rows import Numbers, Rows
from toolchain.training.datasets.settings import DataSettings


@dataclass(frozen=True)
class Scaling:
    """What became 0 and the greatest input, of each column or of all; None: the numbers stay as they are."""

    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Scaled:
    """Integers of an input type, and what they were made by."""

    x: NDArray[np.int64]
    input_type: str
    scaling: Scaling | None = None


def scaled(rows: Rows, training: NDArray[np.bool_], settings: DataSettings) -> Scaled:
    """The rows as integers: whole numbers that fit as they are, others spread evenly over all codes.

    Values beyond the range of the training rows become its ends. Each step is one operation of float64 on one value, so
    that every machine comes to the same integers.

    Args:
        training: which rows decide the range.
    """
    bits, x = settings.bits, rows.x
    if x.dtype.kind in "biu" and settings.range is None:
        low, high = int(x.min()), int(x.max())
        if low >= 0 and high < 1 << bits:
            return Scaled(x.astype(np.int64), f"UINT{bits}")
        if low < 0 and bits > 1 and -(1 << bits - 1) <= low and high < 1 << bits - 1:
            return Scaled(x.astype(np.int64), f"INT{bits}")
    lows, highs = _range(x[training], rows.axis, settings)
    span, levels = np.where(highs > lows, highs - lows, 1.0), (1 << bits) - 1
    codes = np.empty(x.shape, np.int64)
    for start in range(0, len(x), _AT_ONCE):
        part = np.clip(x[start : start + _AT_ONCE].astype(np.float64), lows, highs)
        codes[start : start + _AT_ONCE] = np.floor((part - lows) * levels / span + 0.5)
    return Scaled(codes, f"UINT{bits}", Scaling(tuple(lows.ravel().tolist()), tuple(highs.ravel().tolist())))


_AT_ONCE = 4096


def _range(x: Numbers, axis: int | None, settings: DataSettings) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ends of the range, of a shape that goes with the rows."""
    if settings.range is not None:
        low, high = settings.range
        return np.array([low]), np.array([high])
    if axis is None:
        return np.array([float(x.min())]), np.array([float(x.max())])
    others = tuple(other for other in range(x.ndim) if other != axis)
    least, most = (np.asarray(end(x, axis=others, keepdims=True), np.float64)[0] for end in (np.min, np.max))
    return least, most
