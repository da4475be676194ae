"""Types of the integer graph: which integers a tensor holds. The one place that knows how wide an integer is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolchain.errors import ModelError
from toolchain.graph.limits import datatype

Integers = NDArray[Any]
"""An array of any integer dtype; see `TensorType.dtype`."""

EXACT_FLOAT32, EXACT_FLOAT64 = 2**24, 2**53
"""Integers of smaller magnitude are exact in a product or sum of floats of that width."""

MAX_CHANNELS, MAX_ELEMENTS = 2**24, 2**28
"""Largest last axis, and largest tensor: far beyond what a board holds, and soon refused."""

_SIGNED = (np.int8, np.int16, np.int32, np.int64)


@dataclass(frozen=True)
class IntType:
    """Integers from `low` to `high` in steps of `step` (BIPOLAR: -1, 1, 2); codes on a wire count from `low`."""

    low: int
    high: int
    step: int = 1

    @property
    def bits(self) -> int:
        """Width of a code in bits, 1 at least."""
        return max(1, ((self.high - self.low) // self.step).bit_length())

    @property
    def ends(self) -> tuple[int, int]:
        """Least and greatest value."""
        return self.low, self.high

    @property
    def datatype(self) -> str:
        """Name of the narrowest qonnx DataType that holds all values."""
        if (self.low, self.high, self.step) == (-1, 1, 2):
            return "BIPOLAR"
        if self.low >= 0:
            bits = max(1, self.high.bit_length())
            return "BINARY" if bits == 1 else f"UINT{bits}"
        return f"INT{1 + max((-self.low - 1).bit_length(), max(self.high, 0).bit_length())}"

    @staticmethod
    def of(name: str) -> IntType:
        """The type of a qonnx DataType's name.

        Raises:
            ModelError: there is none of that name, or it holds other values than integers.
        """
        known = datatype("the integer graph", name)
        if not known.is_integer():
            raise ModelError(f"{name} is not an integer type; streamline the graph first")
        return IntType(int(known.min()), int(known.max()), 2 if name == "BIPOLAR" else 1)


def weight_type(weights: NDArray[Any]) -> str:
    """Name of the narrowest signed qonnx DataType that holds all weights; BIPOLAR where all are -1 or 1."""
    if set(np.unique(weights)) <= {-1, 1}:
        return "BIPOLAR"
    low, high = int(weights.min()), int(weights.max())
    return IntType(min(low, -2, -1 - high), max(high, 1)).datatype


class TensorType:
    """A shape without the batch, channels last, and the exact bounds of each channel.

    Attributes:
        shape: sizes of the axes; the last counts channels.
        low, high: least and greatest value of each channel, int64, shape (channels,), read-only.
        step: every value of a channel differs from its `low` by a multiple of it.
    """

    __slots__ = ("high", "low", "shape", "step")

    def __init__(self, shape: Sequence[int], low: ArrayLike, high: ArrayLike, step: int = 1) -> None:
        """Bounds may be given once for all channels.

        Raises:
            ModelError: an axis is empty, or a bound is wrong or beyond 62 bits.
        """
        self.shape = tuple(int(size) for size in shape)
        if not self.shape or min(self.shape) < 1:
            raise ModelError(f"shape {self.shape}: one axis or more is expected, of 1 element or more each")
        if self.shape[-1] > MAX_CHANNELS or self.size > MAX_ELEMENTS:
            raise ModelError(f"shape {self.shape}: {MAX_CHANNELS:,} channels and {MAX_ELEMENTS:,} elements at most")
        self.low, self.high = (_bounds(value, self.shape[-1]) for value in (low, high))
        if (self.low > self.high).any():
            raise ModelError(f"channel {int(np.argmax(self.low > self.high))}: its least value is above its greatest")
        self.step = max(1, int(step))

    @property
    def channels(self) -> int:
        """Size of the last axis."""
        return self.shape[-1]

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def element(self) -> IntType:
        """The narrowest type of all channels."""
        low, high = int(self.low.min()), int(self.high.max())
        offsets = np.unique(self.low - low)
        return IntType(low, high, int(np.gcd.reduce(np.append(offsets, self.step))) or 1)

    @property
    def magnitude(self) -> NDArray[np.int64]:
        """Greatest absolute value of each channel, shape (channels,)."""
        return np.maximum(np.abs(self.low), np.abs(self.high))

    @property
    def dtype(self) -> np.dtype[Any]:
        """The narrowest signed dtype that holds all values: what arrays of this type are kept in."""
        low, high = int(self.low.min()), int(self.high.max())
        return np.dtype(next(d for d in _SIGNED if np.iinfo(d).min <= low and high <= np.iinfo(d).max))

    def reshaped(self, shape: Sequence[int]) -> TensorType:
        """The same channels in another shape."""
        return TensorType(shape, self.low, self.high, self.step)

    def elements(self) -> tuple[Integers, Integers]:
        """Bounds of every element, each of `shape`."""
        return np.broadcast_to(self.low, self.shape), np.broadcast_to(self.high, self.shape)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TensorType):
            return NotImplemented
        same = self.shape == other.shape and self.step == other.step
        return same and np.array_equal(self.low, other.low) and np.array_equal(self.high, other.high)

    def __hash__(self) -> int:
        return hash((self.shape, self.step, self.low.tobytes(), self.high.tobytes()))

    def __repr__(self) -> str:
        return f"{self.element.datatype}{list(self.shape)}"


def of_elements(low: Integers, high: Integers, step: int) -> TensorType:
    """The type of a tensor whose elements' bounds are known one by one, each array of its shape."""
    axes = tuple(range(low.ndim - 1))
    least, most = low.min(axis=axes), high.max(axis=axes)
    # Elements of one channel may count from different values.
    apart = np.unique((low - least) % step)
    return TensorType(low.shape, least, most, int(np.gcd.reduce(np.append(apart, step))))


def common_step(steps: Sequence[int], lows: Sequence[int]) -> int:
    """The step of values that count in `steps` from `lows`, all in one channel."""
    return int(np.gcd.reduce(np.array([*steps, *(low - lows[0] for low in lows)], np.int64))) or 1


def _bounds(values: ArrayLike, channels: int) -> NDArray[np.int64]:
    given = np.asarray(values)
    if given.dtype.kind not in "iub" or given.ndim > 1 or given.size not in (1, channels):
        raise ModelError(f"bounds of shape {given.shape} and type {given.dtype} do not fit {channels} channels")
    if given.size and (np.abs(given.astype(np.float64)) >= 2.0**62).any():
        raise ModelError("values need more than 62 bits; use narrower weights or inputs")
    bounds = np.ascontiguousarray(np.broadcast_to(given.reshape(-1), (channels,)), np.int64)
    bounds = bounds.copy()
    bounds.flags.writeable = False
    return bounds
