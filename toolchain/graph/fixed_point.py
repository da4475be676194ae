"""Fixed-point arithmetic in 32 bits, as gemmlowp and TFLite define it, vectorised and exact in int64.

A real factor is a whole number of 31 bits and a power of two. All functions take and return int64 arrays whose
values fit 32 bits, and round as the libraries' portable (reference) code does.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError

Whole = NDArray[np.int64]

MOST, LEAST = 2**31 - 1, -(2**31)


def multiplier_of(real: float) -> tuple[int, int]:
    """The factor nearest to `real` as ``multiplier * 2^(shift - 31)``; factors below 2^-32 or so become 0.

    Returns:
        multiplier, 2^30 to 2^31 - 1 or 0, and shift.

    Raises:
        ModelError: the factor is negative, no number, or 2^31 or more.
    """
    if not (math.isfinite(real) and real >= 0):
        raise ModelError(f"a factor of {real} between scales; it should be positive and finite")
    fraction, shift = math.frexp(real)
    whole = math.floor(fraction * 2**31 + 0.5)
    if whole == 2**31:
        whole, shift = 2**30, shift + 1
    if shift > 31:
        raise ModelError(f"a factor of {real:g} between scales leaves no 32-bit result; give the tensors nearer scales")
    return (whole, shift) if shift >= -31 else (0, 0)


def multiply(x: Whole, multiplier: Whole | int, shift: Whole | int) -> Whole:
    """``x * multiplier * 2^(shift - 31)``, rounded twice, halves away from zero: the product, then its shift."""
    by = np.asarray(shift, np.int64)
    return rounded_shift(high_product(x << np.maximum(by, 0), multiplier), np.maximum(-by, 0))


def high_product(a: Whole, b: Whole | int) -> Whole:
    """``a * b / 2^31``, rounded to the nearest, halves away from zero; -1 times -1 saturates."""
    product = a * np.asarray(b, np.int64)
    nudged = product + np.where(product >= 0, 2**30, 1 - 2**30)
    return np.minimum(np.where(nudged >= 0, nudged >> 31, -(-nudged >> 31)), MOST)


def rounded_shift(x: Whole, by: Whole | int) -> Whole:
    """``x / 2^by``, rounded to the nearest, halves away from zero."""
    by = np.asarray(by, np.int64)
    mask = (np.int64(1) << by) - 1
    up = (x & mask) > (mask >> 1) + (x < 0)
    rounded: Whole = (x >> by) + up
    return rounded


def raised(x: Whole, by: int) -> Whole:
    """``x * 2^by``, saturating."""
    found: Whole = np.clip(x << by, LEAST, MOST)
    return found


# exp(-1/8) and 1/3 with 31 fractional bits.
_EXP_EIGHTH, _THIRD = 1895147668, 715827883
# exp(-2^k) with 31 fractional bits, for k = -2, -1, ...
_EXP_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)


def exp_of_negative(x: Whole, integer_bits: int) -> Whole:
    """exp(x) with 31 fractional bits, for x of 0 and less with `integer_bits` bits (0 to 5) before its point.

    exp of the part below a quarter is a polynomial around -1/8; each bit above it multiplies with a constant.
    """
    fraction = 31 - integer_bits
    quarter = np.int64(1) << (fraction - 2)
    rest = (x & (quarter - 1)) - quarter
    result = _exp_of_a_quarter(raised(rest, integer_bits))
    left = rest - x
    for place, factor in enumerate(_EXP_POWERS, fraction - 2):
        if place < 31:
            result = np.where(left & (np.int64(1) << place), high_product(result, factor), result)
    return np.where(x == 0, MOST, result)


def _exp_of_a_quarter(x: Whole) -> Whole:
    """Exp of x in [-1/4, 0), all with 31 fractional bits."""
    t = x + 2**28
    square = high_product(t, t)
    cube, fourth = high_product(square, t), high_product(square, square)
    tail = high_product(rounded_shift(fourth, 2) + cube, _THIRD) + square
    return _EXP_EIGHTH + high_product(t + rounded_shift(tail, 1), _EXP_EIGHTH)


NEWTON_START, NEWTON_SLOPE = 1515870810, -1010580540
"""48/17 and -32/17 with 29 fractional bits: the line that Newton's method starts from."""


def reciprocal(x: Whole, integer_bits: int) -> tuple[Whole, Whole]:
    """1 / x for positive x with `integer_bits` bits before its point.

    Returns:
        ``2^excess / x`` with 31 fractional bits; and `excess`, the bits of x above 1.
    """
    headroom = 32 - _bits(x)
    half = ((x << headroom) - 2**31 + MOST + 1) >> 1
    guess = NEWTON_START + high_product(half, NEWTON_SLOPE)
    for _ in range(3):
        error = 2**29 - high_product(half, guess)
        guess = guess + raised(high_product(guess, error), 2)
    return raised(guess, 1), integer_bits - headroom


def _bits(x: Whole) -> Whole:
    """Bit lengths of positive integers; exact, since they have fewer bits than a double."""
    return np.frexp(x.astype(np.float64))[1].astype(np.int64)
