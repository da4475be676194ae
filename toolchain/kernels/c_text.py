"""C of whole numbers: types that hold them, and arrays of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.types import TensorType

Whole = np.dtype[Any]
"""A dtype of integers."""

_TYPES = (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64)
_WIDTH = 120


def holding(low: int, high: int) -> Whole:
    """The narrowest dtype of all values from `low` to `high`, both within 64 bits; signed where both would do."""
    return np.dtype(next(d for d in _TYPES if np.iinfo(d).min <= low and high <= np.iinfo(d).max))


def stored(kind: TensorType) -> Whole:
    """The dtype that the elements of a tensor are kept in."""
    return holding(int(kind.low.min()), int(kind.high.max()))


def accumulating(*bounds: int) -> Whole:
    """The signed dtype, of 32 bits or 64, of arithmetic whose values lie within bounds of either sign."""
    most = max(abs(bound) for bound in bounds)
    return np.dtype(np.int32 if most < 2**31 - 1 else np.int64)


def c_type(dtype: Whole) -> str:
    """Its name in C, of ``stdint.h``."""
    return f"{dtype.name}_t"


def identifier(text: str) -> str:
    """A name that C takes, made of any other."""
    plain = re.sub(r"\W", "_", text, flags=re.ASCII)
    return plain if plain[:1].isalpha() else f"n{plain}"


def constant(name: str, values: NDArray[np.int64] | Iterable[int]) -> str:
    """A constant array in the narrowest type that holds all values, row by row."""
    flat = np.asarray(values, np.int64).reshape(-1)
    return f"static const {array_type(flat)} {name}[{len(flat)}] = {{\n{_wrapped(flat)}\n}};\n"


def wide_constant(name: str, values: NDArray[np.int64]) -> str:
    """A constant array of 32 bits an element, modulo 2**32: what is only added to sums may be larger than any sum."""
    return typed_constant("int32_t", name, values.astype(np.int32).astype(np.int64))


def typed_constant(kind: str, name: str, values: NDArray[np.int64]) -> str:
    """A constant array of a C type that holds all values."""
    return f"static const {kind} {name}[{values.size}] = {{\n{_wrapped(values.reshape(-1))}\n}};\n"


def array_type(values: NDArray[np.int64]) -> str:
    """The C type of the elements of a constant array."""
    return c_type(holding(int(values.min()), int(values.max())))


def literal(value: int) -> str:
    """A number that no compiler takes for a narrower one."""
    if -(2**31) < value < 2**31:
        return str(value)
    return f"INT64_C({value})" if value > -(2**63) else "INT64_MIN"


def _wrapped(values: NDArray[np.int64]) -> str:
    lines, line = [], "   "
    for value in values.tolist():
        word = f" {literal(value)},"
        if len(line) + len(word) > _WIDTH:
            lines.append(line)
            line = "   "
        line += word
    return "\n".join([*lines, line])
