"""From numbers to the integers of a few bits that a network takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolchain.training.datasets.rows import Numbers, Rows
from toolchain.training.datasets.settings import DataSettings

Floats = NDArray[np.float64]

# Rows that are scaled at a time.
_AT_ONCE = 4096


@dataclass(frozen=True)
class Scaling:
    """What became the least and the greatest code, of each column or of all."""

    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Scaled:
    """Integers of an input type, and what they were made by; None: the numbers stay as they are."""

    x: Numbers
    input_type: str
    scaling: Scaling | None = None


def scaled(rows: Rows, training: NDArray[np.bool_], settings: DataSettings) -> Scaled:
    """The rows as integers: whole numbers that fit as they are, others spread evenly over all codes.

    Columns are spread over codes with a sign, since a network learns best from inputs around zero. Of grids all places
    are spread alike: with a sign and zero as 0 where there are numbers below zero, which padding relies on, and else
    without. Values beyond the range of the training rows become its ends. Each step is one operation of float64 on one
    value, so that every machine comes to the same integers.

    Args:
        training: which rows decide the range.
    """
    if settings.range is None and (kind := _fitting(rows.x, settings.bits)):
        return Scaled(rows.x, kind)
    lows, highs = _range(rows.x[training], rows.axis, settings)
    signed = settings.bits > 1 and (rows.axis is not None or bool((lows < 0).any()))
    most = (1 << settings.bits - 1) - 1 if signed else 0
    levels = 2 * most or (1 << settings.bits) - 1
    codes = _codes(rows.x, lows, highs, levels) - most
    scaling = Scaling(tuple(lows.ravel().tolist()), tuple(highs.ravel().tolist()))
    return Scaled(codes, f"{'INT' if signed else 'UINT'}{settings.bits}", scaling)


def _fitting(x: Numbers, bits: int) -> str | None:
    """The input type that holds these numbers as they are."""
    if x.dtype.kind not in "biu":
        return None
    low, high = int(x.min()), int(x.max())
    if low >= 0:
        return f"UINT{bits}" if high < 1 << bits else None
    return f"INT{bits}" if bits > 1 and -(1 << bits - 1) <= low and high < 1 << bits - 1 else None


def _codes(x: Numbers, lows: Floats, highs: Floats, levels: int) -> NDArray[np.int16]:
    """From 0 at the lower end to `levels` at the upper one; a range of a single value becomes 0."""
    span = np.where(highs > lows, highs - lows, 1.0)
    codes = np.empty(x.shape, np.int16)
    for start in range(0, len(x), _AT_ONCE):
        part = np.clip(x[start : start + _AT_ONCE].astype(np.float64), lows, highs)
        codes[start : start + _AT_ONCE] = np.floor((part - lows) * levels / span + 0.5)
    return codes


def _range(x: Numbers, axis: int | None, settings: DataSettings) -> tuple[Floats, Floats]:
    """Ends of the range, of a shape that goes with the rows."""
    if settings.range is not None:
        low, high = settings.range
        return np.array([low]), np.array([high])
    if axis is None:
        low, high = float(x.min()), float(x.max())
        return np.array([min(low, -high) if low < 0 else low]), np.array([max(high, -low) if low < 0 else high])
    others = tuple(other for other in range(x.ndim) if other != axis)
    least, most = (np.asarray(end(x, axis=others, keepdims=True), np.float64)[0] for end in (np.min, np.max))
    return least, most
