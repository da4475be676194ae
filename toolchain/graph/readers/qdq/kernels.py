"""ONNX Runtime's integer kernels as arithmetic (1.25, x86-64 with FMA), each held against it by test.

Codes come of float32 factors: `product_factor` is formed as QLinearConv, QLinearMatMul and QGemm form it, `mean_factor`
as QLinearGlobalAveragePool; all then take ``clip(rint(float32(sum) * factor) + zero)``, halves to even.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Whole = NDArray[np.int64]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Codes = Callable[[Whole], Whole]


@dataclass(frozen=True)
class Scheme:
    """What 8-bit codes stand for: ``scale * (code - zero)``.

    Attributes:
        scale: a float32.
        dtype: int8 or uint8.
    """

    scale: float
    zero: int
    dtype: np.dtype[Any]

    @property
    def ends(self) -> tuple[int, int]:
        """Least and greatest code."""
        limits = np.iinfo(self.dtype)
        return int(limits.min), int(limits.max)

    @property
    def codes(self) -> NDArray[Any]:
        """All 256, in order."""
        low, high = self.ends
        every: NDArray[Any] = np.arange(low, high + 1).astype(self.dtype)
        return every

    def real(self, codes: Whole) -> Floats:
        """DequantizeLinear: float32 of whole codes."""
        reals: Floats = (codes - self.zero).astype(np.float32) * np.float32(self.scale)
        return reals

    def code(self, reals: Floats) -> Whole:
        """QuantizeLinear: the nearest code of float32, halves to even."""
        whole = np.rint(reals / np.float32(self.scale)).astype(np.float64) + self.zero
        return clipped(whole, self)


def clipped(whole: NDArray[Any], to: Scheme) -> Whole:
    """Whole floats as codes."""
    codes: Whole = np.clip(whole, *to.ends).astype(np.int64)
    return codes


def product_factor(x: Scheme, weights: Floats, y: Scheme) -> Floats:
    """From a product's sums to codes: one float32 a channel, rounded after each step."""
    factor: Floats = (np.float32(x.scale) * weights.astype(np.float32)) / np.float32(y.scale)
    return factor


def mean_factor(x: Scheme, count: int, y: Scheme) -> Floats:
    """From the sum of `count` codes to the code of their mean."""
    factor = np.float32(x.scale) / (np.float32(y.scale) * np.float32(count))
    return np.array([factor], np.float32)


def requantiser(factor: Floats, y: Scheme) -> Codes:
    """Codes of whole sums, shape (channels, n); `factor` has one element, or one a channel."""

    def codes(x: Whole) -> Whole:
        whole = np.rint(x.astype(np.float32) * factor[:, None]).astype(np.float64) + y.zero
        return clipped(whole, y)

    return codes


def added(a: Scheme, b: Scheme, y: Scheme, first: Whole, second: Whole) -> Whole:
    """QLinearAdd of codes, element by element: two fused multiply-adds on a constant that holds the zero points."""
    left, right = added_parts(a, b, y, first, second)
    # `left` is the product before it is rounded: of 24 and 8 bits, whole in a float64.
    return clipped(np.rint(fused(left, 1.0, right)), y)


def added_parts(a: Scheme, b: Scheme, y: Scheme, first: Whole, second: Whole) -> tuple[Doubles, Doubles]:
    """What each code adds to the sum of QLinearAdd, exactly; the code of a pair rises with the sum of both."""
    ra, rb = (np.float32(s.scale) / np.float32(y.scale) for s in (a, b))
    constant = np.float32(y.zero) - fused(ra, np.float32(a.zero), rb * np.float32(b.zero))
    left = first.astype(np.float64) * np.float64(ra)
    return left, fused(second, rb, constant).astype(np.float64)


def added_floats(a: Scheme, b: Scheme, y: Scheme, first: Whole, second: Whole, sign: int = 1) -> Whole:
    """DequantizeLinear, Add (or Sub, with a sign of -1) and QuantizeLinear, where ONNX Runtime keeps them apart."""
    return y.code(a.real(first) + np.float32(sign) * b.real(second))


def added_floats_parts(
    a: Scheme, b: Scheme, y: Scheme, first: Whole, second: Whole, sign: int = 1
) -> tuple[Doubles, Doubles]:
    """What each code adds to that sum."""
    less = 1.0 / y.scale
    return a.real(first).astype(np.float64) * less, b.real(second).astype(np.float64) * less * sign


def fused(x: ArrayLike, y: ArrayLike, z: ArrayLike) -> Floats:
    """``x * y + z`` of float32, rounded once."""
    # The product of two float32 is a float64. Its sum is rounded to odd, so that the next rounding cannot be a second.
    product = np.asarray(x, np.float64) * np.asarray(y, np.float64)
    more = np.asarray(z, np.float64)
    total = product + more
    high = total - product
    lost = (product - (total - high)) + (more - high)
    even = (total.view(np.int64) & 1) == 0
    toward = np.where(lost > 0, np.inf, -np.inf)
    odd = np.where((lost != 0) & even, np.nextafter(total, toward), total)
    rounded: Floats = odd.astype(np.float32)
    return rounded
