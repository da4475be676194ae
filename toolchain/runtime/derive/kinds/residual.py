"""A residual addition of two tensors of 8 bits or fewer, proved on every pair of values.

The kernel, QLinearAdd, says ``rint(a * first + b * second + zero)`` in float32; processors differ in the order of its
parts and in fused multiplications. It is taken only where every such order gives every pair its count. The same as
separate float operators has one order, and a start that need not be whole. What neither can say is a table of both.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.ops import Add, Table, Threshold
from toolchain.graph.slopes import Points
from toolchain.runtime.derive.best_slopes import best_slopes
from toolchain.runtime.derive.held import Held
from toolchain.runtime.derive.kinds import counts
from toolchain.runtime.derive.maker import BYTE, Choice, Maker
from toolchain.runtime.derive.regions import Region

Whole = NDArray[np.int64]
Reals = NDArray[np.float32]
Way = Callable[[], Reals]

_INDEX = np.dtype(np.int32)
# Distance from a tie, in codes, below which roundings of float32 may decide.
_NEAR = 1e-3
# How far the ratio of two factors may lie from that of the inputs' ends, and steps of golden section.
_RATIOS, _SECTIONS, _GOLDEN = 1e-2, 33, (5**0.5 - 1) / 2
# Starts that are tried on each side of the expected one, and how far apart, in codes.
_STARTS, _SHIFT = 6, 2e-6


@dataclass(frozen=True)
class Pair:
    """What is added.

    Attributes:
        held: both inputs, in whole numbers from `low` on.
        terms: what each number of an input adds to the sum, shape (numbers,).
        counts: of thresholds reached, for every pair of numbers.
    """

    held: tuple[Held, Held]
    low: tuple[int, int]
    terms: tuple[Whole, Whole]
    counts: Whole
    op: Threshold


def made(maker: Maker, region: Region) -> Held | None:
    """The sum and its thresholds by a kernel or as floats; None where no such form is proved."""
    pair = pair_of(maker, region)
    line = None if pair is None else _line(pair)
    if pair is None or line is None:
        return None
    if all(held.codes for held in pair.held) and (kernel := _kernel(pair, line)) is not None:
        maker.choices.append(Choice(region.name, "kernel", _share(maker, region)))
        return _added(maker, region, pair, *kernel)
    if maker.style.real == np.float32 and (floats := _floats(pair, line)) is not None:
        maker.choices.append(Choice(region.name, "scale", _share(maker, region)))
        return _in_floats(maker, region, pair, floats)
    return None


def looked_up(maker: Maker, region: Region) -> Held | None:
    """The sum and its thresholds as a table of both inputs; None where they have too many values."""
    pair = pair_of(maker, region)
    if pair is None:
        return None
    maker.choices.append(Choice(region.name, "table", (0, maker.type(region.name).channels)))
    return _table(maker, region, pair)


def _share(maker: Maker, region: Region) -> tuple[int, int]:
    return (maker.type(region.name).channels,) * 2


def pair_of(maker: Maker, region: Region) -> Pair | None:
    """What is added, where both inputs have few values and all channels the same thresholds."""
    op, head = region.core.op, region.head
    assert isinstance(op, Add)
    if len(region.inputs) != 2 or head is None or head.levels > BYTE or (head.table != head.table[0]).any():
        return None
    held, lows, terms = [], [], []
    for factor, name, table in zip(op.factors, region.inputs, region.through, strict=True):
        own = maker.ordered(name)
        low, high = (int(end) for end in (own.bounds(maker.type(name))[0].min(), own.bounds(maker.type(name))[1].max()))
        if high - low > BYTE:
            return None
        held.append(own)
        lows.append(low)
        terms.append(factor * _values(own, low, high, table))
    table = head.table[0]
    found = np.searchsorted(table, (terms[0][:, None] + terms[1][None]).reshape(-1), side="right")
    both = found.reshape(len(terms[0]), len(terms[1]))
    return Pair((held[0], held[1]), (lows[0], lows[1]), (terms[0], terms[1]), both, head)


def _values(held: Held, low: int, high: int, table: Table | None) -> Whole:
    values = held.unit * np.arange(low, high + 1) + held.least
    if table is None:
        return values
    # Numbers that no value reaches may be anything.
    return np.asarray(table.values[0][np.clip(values - table.low, 0, table.values.shape[1] - 1)])


@dataclass(frozen=True)
class Line:
    """``first * a + second * b + start``, rounded, is about the count; a and b are the numbers held."""

    first: float
    second: float
    start: float


def _line(pair: Pair) -> Line | None:
    """The line of most room between the thresholds; None where it does not rise with both inputs.

    Room is concave in both factors, so the best ratio of the two is found by golden section around that of the ends.
    """
    spans = [float(term[-1] - term[0]) / max(len(term) - 1, 1) for term in pair.terms]
    if min(spans) <= 0 or pair.counts.min() == 0 == pair.counts.max() or pair.counts.min() == pair.op.levels:
        return None
    left, right = (spans[0] / spans[1] * (1 + by) for by in (-_RATIOS, _RATIOS))
    first, second = right - _GOLDEN * (right - left), left + _GOLDEN * (right - left)
    low, high = _sloped(pair, first)[1], _sloped(pair, second)[1]
    for _ in range(_SECTIONS):
        if low < high:
            left, first, low = first, second, high
            second = left + _GOLDEN * (right - left)
            high = _sloped(pair, second)[1]
        else:
            right, second, high = second, first, low
            first = right - _GOLDEN * (right - left)
            low = _sloped(pair, first)[1]
    line = _sloped(pair, (left + right) / 2)[0]
    return line if line.second > 0 else None


def _sloped(pair: Pair, ratio: float) -> tuple[Line, float]:
    """The line of most room whose factors have this ratio, and its room in codes."""
    a, b, counted = _all(pair)
    sums, levels = ratio * a + b, pair.op.levels
    least, most = np.full(levels + 1, np.inf), np.full(levels + 1, -np.inf)
    np.minimum.at(least, counted, sums)
    np.maximum.at(most, counted, sums)
    # Each count is reached at the least sum of it or more, and not yet at the greatest sum of less.
    up = np.minimum.accumulate(least[::-1])[::-1][1:]
    down = np.maximum.accumulate(most)[:-1]
    code = np.arange(1, levels + 1)[None]
    edges = [Points(np.nan_to_num(e, posinf=0, neginf=0)[None], code, np.isfinite(e)[None]) for e in (up, down)]
    slope = best_slopes(edges[0], edges[1])
    reached, passed = (edge.bounds(slope) for edge in edges)
    if np.isnan(reached).all() or np.isnan(passed).all():
        return Line(0.0, 0.0, 0.0), 0.0
    least_start, most_start = float(np.nanmax(reached)), float(np.nanmin(passed))
    # The bounds are those of a floor.
    line = Line(ratio * float(slope[0]), float(slope[0]), (least_start + most_start) / 2 - 0.5)
    return line, most_start - least_start


def _close(pair: Pair, line: Line) -> tuple[Whole, Whole, Whole]:
    """Numbers of both inputs and counts of the pairs whose sums lie near a tie: those that rounding may decide."""
    a, b = (np.arange(len(term)) + low for term, low in zip(pair.terms, pair.low, strict=True))
    sums = line.first * a[:, None] + line.second * b[None] + line.start
    rows, columns = np.nonzero(np.abs(sums - np.floor(sums) - 0.5) < _NEAR)
    return a[rows], b[columns], pair.counts[rows, columns]


def _all(pair: Pair) -> tuple[Whole, Whole, Whole]:
    a, b = (np.arange(len(term)) + low for term, low in zip(pair.terms, pair.low, strict=True))
    return a[:, None], b[None], pair.counts


def _kernel(pair: Pair, line: Line) -> tuple[tuple[np.float32, np.float32], tuple[int, int, int]] | None:
    """Factors and zero points of QLinearAdd."""
    zeros = [int(np.abs(term).argmin()) + low for term, low in zip(pair.terms, pair.low, strict=True)]
    own = round(line.start + line.first * zeros[0] + line.second * zeros[1])
    if not 0 <= own <= BYTE or not all(0 <= zero <= BYTE for zero in zeros):
        return None
    zeros_, close = (zeros[0], zeros[1], own), _close(pair, line)
    for first, second in itertools.product(_beside(line.first), _beside(line.second)):
        if all(_right(first, second, zeros_, *which, pair.op.levels) for which in (close, _all(pair))):
            return (first, second), zeros_
    return None


def _floats(pair: Pair, line: Line) -> tuple[np.float32, np.float32, np.float32] | None:
    """Factors and start of separate float operators, which round alike everywhere."""
    close = _close(pair, line)
    starts = [np.float32(line.start + by * _SHIFT) for by in sorted(range(-_STARTS, _STARTS + 1), key=abs)]
    for start, first, second in itertools.product(starts, _beside(line.first), _beside(line.second)):
        if all(_told(first, second, start, *which, pair.op.levels) for which in (close, _all(pair))):
            return first, second, start
    return None


def _told(
    first: np.float32, second: np.float32, start: np.float32, a: Whole, b: Whole, wanted: Whole, levels: int
) -> bool:
    sums = _unfused(a.astype(np.float32), first, b.astype(np.float32), second, start)
    return bool(np.array_equal(np.clip(np.rint(sums), 0, levels), wanted))


def _beside(value: float) -> list[np.float32]:
    """The nearest float32 and its neighbours."""
    near = np.float32(value).view(np.int32)
    return [np.int32(near + by).view(np.float32) for by in (0, 1, -1, 2, -2)]


def _right(
    first: np.float32,
    second: np.float32,
    zeros: tuple[int, int, int],
    a: Whole,
    b: Whole,
    wanted: Whole,
    levels: int,
) -> bool:
    """Whether every pair gets its count, in whatever order a processor multiplies, fuses and adds."""
    ways = (*_moved_first(a, b, first, second, zeros), *_moved_last(a, b, first, second, zeros))
    return all(np.array_equal(np.clip(np.rint(way()), 0, levels), wanted) for way in ways)


def _moved_first(a: Whole, b: Whole, first: np.float32, second: np.float32, zeros: tuple[int, int, int]) -> list[Way]:
    """Zero points come off the inputs; the sum's own is added to what was rounded."""
    x, y = (a - zeros[0]).astype(np.float32), (b - zeros[1]).astype(np.float32)
    return [
        lambda: np.rint(x * first + y * second) + zeros[2],
        lambda: np.rint(_fused(x, first, y * second)) + zeros[2],
        lambda: np.rint(_fused(y, second, x * first)) + zeros[2],
    ]


def _moved_last(a: Whole, b: Whole, first: np.float32, second: np.float32, zeros: tuple[int, int, int]) -> list[Way]:
    """All zero points are one number that is added, itself computed with or without fused products."""
    x, y = a.astype(np.float32), b.astype(np.float32)
    left, right, own = (np.float32(zero) for zero in zeros)
    moved = (first * left + second * right, _fused(left, first, second * right), _fused(right, second, first * left))
    parts = {np.float32(own - part) for part in moved}
    ways: list[Way] = []
    for part in sorted(parts):
        ways += [partial(_chained, x, first, y, second, part), partial(_chained, y, second, x, first, part)]
        ways += [partial(_unfused, x, first, y, second, part), partial(_unfused, y, second, x, first, part)]
    return ways


def _chained(x: Reals, first: np.float32, y: Reals, second: np.float32, part: np.float32) -> Reals:
    return _fused(x, first, _fused(y, second, part))


def _unfused(x: Reals, first: np.float32, y: Reals, second: np.float32, part: np.float32) -> Reals:
    result: Reals = x * first + (y * second + part)
    return result


def _fused(x: Any, factor: np.float32, addend: Any) -> Reals:
    """A product and a sum rounded once; the product of two floats is exact in float64."""
    exact = np.asarray(x, np.float64) * np.float64(factor) + np.asarray(addend, np.float64)
    return np.asarray(exact, np.float32)


def _added(
    maker: Maker, region: Region, pair: Pair, factors: tuple[np.float32, np.float32], zeros: tuple[int, int, int]
) -> Held:
    parts = []
    for held, factor, zero in zip(pair.held, factors, zeros, strict=False):
        scale = maker.constant(factor, f"{region.name}_factor")
        parts += [held.name, scale, maker.constant(np.uint8(zero), "code_zero")]
    ends = [maker.number(1, np.dtype(np.float32)), maker.constant(np.uint8(zeros[2]), "code_zero")]
    codes = maker.add("QLinearAdd", [*parts, *ends], f"{region.name}_codes", domain="com.microsoft")
    return counts.capped(maker, region, codes, pair.op)


def _in_floats(maker: Maker, region: Region, pair: Pair, form: tuple[np.float32, np.float32, np.float32]) -> Held:
    kind, hint = maker.style.real, region.name
    a, b = (maker.cast(held.name, held.kind, kind) for held in pair.held)
    a, b = (
        maker.add("Mul", [part, maker.constant(factor, f"{hint}_factor")], f"{hint}_times")
        for part, factor in zip((a, b), form, strict=False)
    )
    b = maker.add("Add", [b, maker.constant(form[2], f"{hint}_start")], f"{hint}_plus")
    current = maker.add("Add", [a, b], f"{hint}_sum")
    if maker.style.codes:
        return counts.quantised(maker, region, current, 0, pair.op)
    return counts.rounded(maker, region, current, 0, maker.base(hint, pair.op), pair.op)


def _table(maker: Maker, region: Region, pair: Pair) -> Held:
    """A Gather at ``first * numbers of the second + second``."""
    width = pair.counts.shape[1]
    base = maker.base(region.name, pair.op)
    kind = np.dtype(np.uint8) if maker.style.codes else maker.style.real
    rows, columns = (maker.cast(held.name, held.kind, _INDEX) for held in pair.held)
    rows = maker.add("Mul", [rows, maker.number(width, _INDEX)], f"{region.name}_row")
    index = maker.add("Add", [rows, columns], f"{region.name}_index")
    start = pair.low[0] * width + pair.low[1]
    if start:
        index = maker.add("Add", [index, maker.number(-start, _INDEX)], f"{region.name}_place")
    entries = maker.constant((pair.counts - base).reshape(-1).astype(kind), f"{region.name}_table")
    found = maker.add("Gather", [entries, index], f"{region.name}_found")
    return counts.kept(maker, region, found, kind, base, pair.op)


def without_tables(region: Region) -> Region:
    """The same region that takes its tables' tensors, not what they take."""
    return replace(region, inputs=region.core.inputs, through=(None,) * len(region.core.inputs))
