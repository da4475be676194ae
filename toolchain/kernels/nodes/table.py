"""Any function of a small integer: on a line where it is one, rounded, else looked up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.ops import Table
from toolchain.kernels.c_text import constant, literal
from toolchain.kernels.row import Row, RowKernel
from toolchain.kernels.ways import LINE, LOOKED_UP, allowed

# Bits behind the point of a slope: of a byte times it 32 bits hold all.
_POINT = 22
_MOST_ENTRIES = 256
# Slopes that are tried, evenly over all that may do.
_TRIED = 4001


@dataclass(frozen=True)
class Line:
    """``whole * x + base + ((part * x + offset) >> 22)``, in 32 bits.

    Attributes:
        pivot, below: `below` takes the place of `offset` for `x` below the pivot: halves that go away from zero.
    """

    whole: int
    base: int
    part: int
    offset: int
    pivot: int
    below: int

    @property
    def c(self) -> str:
        """It in C, of ``x0[c]``."""
        value = f"{self.whole} * (int32_t)x0[c] + ({self.base})"
        if not self.part and not self.offset and not self.below:
            return value
        offset = f"({self.offset})"
        if self.below != self.offset:
            offset = f"(x0[c] < {self.pivot} ? {self.below} : {self.offset})"
        return f"{value} + (({self.part} * (int32_t)x0[c] + {offset}) >> {_POINT})"


def kernel(op: Table, name: str, xs: tuple[Row, ...], y: Row, way: str | None = None) -> RowKernel:
    """One table for all channels, or one for each."""
    rows, entries = op.values.shape
    if rows == 1 and LINE in allowed(op, way) and (line := line_through(op.values[0], op.low)):
        return RowKernel((f"for (int c = 0; c < {y.size}; c++)", f"    y[c] = ({y.c})({line.c});"), way=LINE)
    start = f"c * {entries} + " if rows > 1 else ""
    return RowKernel(
        (
            f"for (int c = 0; c < {y.size}; c++)",
            f"    y[c] = ({y.c}){name}_values[{start}(int)(x0[c] - ({literal(op.low)}))];",
        ),
        (constant(f"{name}_values", op.values),),
        way=LOOKED_UP,
    )


def line_through(values: NDArray[np.int64], low: int) -> Line | None:
    """The line that gives `values` at `low` and on, each exactly; None where none of those tried does.

    A processor takes many values at once by products, and one after the other from a table.
    """
    x = np.arange(low, low + len(values), dtype=np.int64)
    if not 1 < len(values) <= _MOST_ENTRIES or np.abs(x).max() > 255 or np.abs(values).max() >= 2**29:
        return None
    slope = (int(values[-1]) - int(values[0])) / (len(values) - 1)
    whole = int(np.floor(slope))
    base = int(values[0]) - whole * low
    parts, one = _parts(slope - whole, len(values)), 1 << _POINT
    below = values < 0 if values[-1] >= values[0] else values >= 0
    if below[below.sum() :].any():
        return None  # The two sides lie among each other: no pivot parts them.
    rest = values - whole * x - base
    sides = [_offsets(rest[side], x[side], parts) for side in (~below, below) if side.any()]
    room = np.min([most - least for least, most in sides], axis=0)
    if room.max() < 0 or abs(whole) >= 2**21:
        return None
    best = int(np.argmax(room))
    offsets = [min(max(0, int(least[best])), int(most[best])) for least, most in sides]
    if max(abs(offset) for offset in offsets) + 255 * one >= 2**31:
        return None
    return Line(whole, base, int(parts[best]), offsets[0], low + int(below.sum()), offsets[-1])


def _parts(slope: float, count: int) -> NDArray[np.int64]:
    """Slopes below one that may do, in their least bits."""
    one = 1 << _POINT
    reach = min(2 / (count - 1), 0.25)
    tried = np.linspace((slope - reach) * one, (slope + reach) * one, _TRIED).astype(np.int64)
    return np.unique(np.clip([*tried, round(slope * one)], 0, one))


def _offsets(
    rest: NDArray[np.int64], x: NDArray[np.int64], parts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The least and the greatest offset of each slope that give ``rest`` at all `x`."""
    line, one = parts[:, None] * x, 1 << _POINT
    return (rest * one - line).max(axis=1), ((rest + 1) * one - 1 - line).min(axis=1)
