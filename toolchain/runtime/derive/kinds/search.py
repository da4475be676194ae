"""Thresholds that no single rounded multiplication has: how a count is found exactly all the same.

- `double`: ``floor(sum * slope + offset)`` in float64.
- `near`: the same in a float, kept a quarter of a code low, so that it is the count or one less; one look at the next
  threshold, in a table, tells which. TFLite's multipliers, which round twice, are of this kind.
- `table`: a count for each sum, where sums have few values.
- `search`: comparison with each threshold where they are few, bisection of the table where they are many.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.uniform import points
from toolchain.runtime.derive.best_slopes import best_slopes
from toolchain.runtime.derive.held import Held
from toolchain.runtime.derive.maker import Maker, channelwise
from toolchain.runtime.derive.sums import Sums

Reals = NDArray[np.float64]
Line = tuple[NDArray[np.floating], NDArray[np.floating]]
"""Slope and offset of each channel."""

_DOUBLE, _INDEX = np.dtype(np.float64), np.dtype(np.int32)
# Up to so many thresholds are compared one by one.
_FEW = 3
_LOW = 0.25
# Tables of counts up to so many entries stay near a core.
_ENTRIES = 2**14


def counted(maker: Maker, held: Held, whole: Sums, hint: str) -> tuple[str, np.dtype, str]:
    """Counts of the thresholds reached.

    Args:
        held: the sums, exact in their float; the largest bounds them in `whole`.

    Returns:
        the tensor, its dtype, and the form's name.
    """
    assert whole.table is not None
    rank, line = len(maker.type(hint).shape), _line(whole)
    # Thresholds out of reach may be no numbers of the float; a little beyond the reachable ones they mean the same.
    table = np.clip(whole.table, whole.low[:, None], whole.high[:, None] + 1)
    if table.shape[1] <= _FEW:
        return _compared(maker, held, table, rank, hint), held.kind, "search"
    if int((whole.high - whole.low + 1).max()) * len(table) <= _ENTRIES:
        return _tabulated(maker, held, whole, rank, hint)
    if maker.style.doubles and _holds(whole, line, 0):
        return _in_double(maker, held, line, table.shape[1], rank, hint), _DOUBLE, "double"
    low = _lowered(line, held.kind)
    if held.kind != np.float16 and _holds(whole, low, 1):
        return _looked_up(maker, held, low, table, rank, hint), _INDEX, "near"
    return _bisected(maker, held, table, rank, hint), _INDEX, "search"


def _tabulated(maker: Maker, held: Held, whole: Sums, rank: int, hint: str) -> tuple[str, np.dtype, str]:
    assert whole.table is not None
    width = int((whole.high - whole.low).max()) + 1
    sums = whole.low[:, None] + np.arange(width)
    counts = (sums[:, :, None] >= whole.table[:, None]).sum(axis=2)
    starts = np.arange(len(counts)) * width - whole.low
    if (counts == counts[0]).all() and (whole.low == whole.low[0]).all():
        counts, starts = counts[:1], -whole.low[:1]
    kind = np.dtype(np.uint8) if maker.style.codes and whole.table.shape[1] <= 255 else maker.style.real
    flat = maker.constant(counts.reshape(-1).astype(kind), f"{hint}_counts")
    index = maker.cast(held.name, held.kind, _INDEX)
    if starts.any():
        own = maker.constant(channelwise(starts, rank).astype(np.int32), f"{hint}_rows")
        index = maker.add("Add", [index, own], f"{hint}_place")
    return maker.add("Gather", [flat, index], f"{hint}_count"), kind, "table"


def _line(whole: Sums) -> tuple[Reals, Reals]:
    """The line of most room between the thresholds of each channel."""
    assert whole.table is not None
    reach, below = points(whole.table, whole.low, whole.high)
    slope = best_slopes(reach, below)
    with np.errstate(invalid="ignore"):
        least = np.fmax.reduce(reach.bounds(slope), axis=1)
        most = np.fmin.reduce(below.bounds(slope), axis=1)
    middle = np.where(np.isnan(least), most - 1, np.where(np.isnan(most), least + 1, (least + most) / 2))
    return slope, np.nan_to_num(middle)


def _lowered(line: tuple[Reals, Reals], kind: np.dtype) -> Line:
    return line[0].astype(kind), (line[1] - _LOW).astype(kind)


def _holds(whole: Sums, line: Line, less: int) -> bool:
    """Whether the floor of a line is the count, or up to `less` less, proved at both sides of each threshold.

    Each operation rounds as any IEEE processor does, and rises with the sum.
    """
    assert whole.table is not None
    slope, offset = (part[:, None] for part in line)
    reach, below = points(whole.table, whole.low, whole.high)
    up = np.floor(reach.value.astype(slope.dtype) * slope + offset) >= reach.code - less
    down = np.floor(below.value.astype(slope.dtype) * slope + offset) < below.code
    return bool(((up | ~reach.binds) & (down | ~below.binds)).all())


def _along(maker: Maker, name: str, line: Line, rank: int, hint: str) -> str:
    slope, offset = (channelwise(part, rank) for part in line)
    current = maker.add("Mul", [name, maker.constant(slope, f"{hint}_slope")], f"{hint}_times")
    return maker.add("Add", [current, maker.constant(offset, f"{hint}_intercept")], f"{hint}_plus")


def _in_double(maker: Maker, held: Held, line: Line, levels: int, rank: int, hint: str) -> str:
    current = _along(maker, maker.cast(held.name, held.kind, _DOUBLE), line, rank, hint)
    current = maker.add("Floor", [current], f"{hint}_floor")
    return maker.clip(current, _DOUBLE, 0, levels, f"{hint}_clipped")


def _looked_up(maker: Maker, held: Held, line: Line, table: NDArray[np.int64], rank: int, hint: str) -> str:
    levels = table.shape[1]
    current = maker.clip(_along(maker, held.name, line, rank, hint), held.kind, 0, levels, f"{hint}_clipped")
    # The conversion cuts off what stands behind the point, which is the floor of a number that is not negative.
    count = maker.cast(current, held.kind, _INDEX)
    ends = np.full((len(table), 1), np.inf)
    flat, rows = _flat(maker, held, np.concatenate([table, ends], axis=1), rank, hint)
    place = maker.add("Add", [count, rows], f"{hint}_place") if rows else count
    edge = maker.add("Gather", [flat, place], f"{hint}_edge")
    reached = maker.add("GreaterOrEqual", [held.name, edge], f"{hint}_reached")
    return maker.add("Add", [count, maker.cast(reached, np.dtype(np.bool_), _INDEX)], f"{hint}_count")


def _flat(maker: Maker, held: Held, table: Reals, rank: int, hint: str) -> tuple[str, str]:
    """Tables of all channels one behind the other, and where each starts; "" for one of all channels."""
    shared = bool((table == table[0]).all())
    rows = table[:1] if shared else table
    flat = maker.constant(rows.reshape(-1).astype(held.kind), f"{hint}_thresholds")
    if shared:
        return flat, ""
    starts = channelwise(np.arange(len(rows)) * rows.shape[1], rank).astype(np.int32)
    return flat, maker.constant(starts, f"{hint}_rows")


def _compared(maker: Maker, held: Held, table: NDArray[np.int64], rank: int, hint: str) -> str:
    total = ""
    for column in table.T:
        edge = maker.constant(channelwise(column, rank).astype(held.kind), f"{hint}_edge")
        reached = maker.add("GreaterOrEqual", [held.name, edge], f"{hint}_reached")
        count = maker.cast(reached, np.dtype(np.bool_), held.kind)
        total = maker.add("Add", [total, count], f"{hint}_count") if total else count
    return total


def _bisected(maker: Maker, held: Held, table: NDArray[np.int64], rank: int, hint: str) -> str:
    """The count bit by bit, the highest first: each is set where the threshold of that count is reached."""
    bits = int(table.shape[1]).bit_length()
    wide = np.full((len(table), 2**bits), np.inf)
    wide[:, 1 : table.shape[1] + 1] = table
    flat, rows = _flat(maker, held, wide, rank, hint)
    index = start = rows or maker.constant(np.int32(0), "first_row")
    for bit in reversed(range(bits)):
        step = maker.constant(np.int32(1 << bit), f"bit_{bit}")
        probe = maker.add("Add", [index, step], f"{hint}_probe")
        edge = maker.add("Gather", [flat, probe], f"{hint}_edge")
        below = maker.add("Less", [held.name, edge], f"{hint}_below")
        index = maker.add("Where", [below, index, probe], f"{hint}_index")
    return maker.add("Sub", [index, start], f"{hint}_count")
