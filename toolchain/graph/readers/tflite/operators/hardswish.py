"""x * clip(x + 3, 0, 6) / 6 in 16-bit fixed point, as TFLite's reference kernel computes it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.fixed_point import multiplier_of, rounded_shift

Whole = NDArray[np.int64]

_LEAST, _MOST = -(2**15), 2**15 - 1
# Bits that a code is raised by before it is multiplied.
_FINER = 7


def codes(source: float, result: float) -> Callable[[Whole], Whole]:
    """From codes less their zero point to codes of the result, its zero point not added.

    Args:
        source, result: scales.

    Raises:
        ModelError: the result's scale is too small for TFLite's 16 bits.
    """
    fine = np.float32(1 / 2**_FINER) * np.float32(source)
    factor, shift = multiplier_of(float(fine / np.float32(result)))
    gate_factor, gate_shift = multiplier_of(float(fine / np.float32(3 / 2**15)))
    if shift > 0:
        raise ModelError(f"an output scale of {result:g} for an input's {source:g}; TFLite takes 1/128 of it at least")

    def of(x: Whole) -> Whole:
        raised = x << _FINER
        gate = (_gate(raised, _half(gate_factor), gate_shift) + 2**15) >> 1
        product = gate * _product(raised, _half(factor))
        toward_zero = np.sign(product) * (np.abs(product) >> 15)
        return rounded_shift(toward_zero, -shift)

    return of


def _gate(raised: Whole, factor: int, shift: int) -> Whole:
    """X / 3 with 15 fractional bits, saturating at -1 and 1; the last bit of a raise comes behind the product."""
    if shift > 0:
        raised = np.clip(raised << (shift - 1), _LEAST, _MOST)
    gate = _product(raised, factor)
    if shift > 0:
        gate = np.clip(gate << 1, _LEAST, _MOST)
    return rounded_shift(gate, -shift) if shift < 0 else gate


def _half(multiplier: int) -> int:
    """A multiplier of 31 bits as one of 15."""
    return min((multiplier + 2**15) >> 16, _MOST)


def _product(a: Whole, b: int) -> Whole:
    """``a * b / 2^15``, rounded to the nearest, halves away from zero."""
    product = a * b
    nudged = product + np.where(product >= 0, 2**14, 1 - 2**14)
    return np.where(nudged >= 0, nudged >> 15, -(-nudged >> 15))
