"""Vectors as rows: an array of shape (N, ...) for one input or output, a structured array for several.

A structured array has a field for each, by its name, in order; its bytes, row by row, are what runners read and write.
All that takes rows slices, joins and counts them alike, whichever they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[Any]


def joined(parts: Mapping[str, NDArray[Any]]) -> Rows:
    """Rows of arrays of shape (N, ...), by name.

    Raises:
        ValueError: they are not as many rows each.
    """
    arrays = list(parts.values())
    if len(arrays) == 1:
        return arrays[0]
    if len({array.shape[:1] for array in arrays}) != 1:
        raise ValueError(f"{', '.join(str(array.shape) for array in arrays)}: not as many rows each")
    kind = np.dtype([(name, array.dtype, array.shape[1:]) for name, array in parts.items()])
    rows = np.empty(len(arrays[0]), kind)
    for name, array in parts.items():
        rows[name] = array
    return rows


def parts_of(rows: Rows, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The array of each name; of rows of one part, whatever its name."""
    return {names[0]: rows} if rows.dtype.names is None else {name: rows[name] for name in names}


def sides(rows: Rows) -> list[NDArray[Any]]:
    """The arrays that rows are made of, in order."""
    return [rows] if rows.dtype.names is None else [rows[name] for name in rows.dtype.names]


def names_of(rows: Rows) -> tuple[str, ...]:
    """Names of the parts; empty where there is one, which needs none."""
    return rows.dtype.names or ()


def elements(part: NDArray[Any]) -> int:
    """Elements of one row of one part."""
    return int(np.prod(part.shape[1:]))


def width(rows: Rows) -> int:
    """Elements of one row, of all parts together."""
    return sum(map(elements, sides(rows)))


def as_floats(rows: Rows) -> NDArray[np.float64]:
    """All elements side by side, shape (N, elements)."""
    return np.concatenate([part.reshape(len(part), -1).astype(np.float64) for part in sides(rows)], axis=1)


def same(first: Rows, second: Rows) -> bool:
    """Whether two are equal in every element; NaN equals NaN."""
    pairs = zip(sides(first), sides(second), strict=True)
    return all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs)
