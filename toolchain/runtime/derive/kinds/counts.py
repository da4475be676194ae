"""Thresholds: one rounded multiplication where that is proved, otherwise float64 or a search, exact in any case."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.ops import Linear, Threshold
from toolchain.graph.types import TensorType
from toolchain.graph.uniform import best_slopes, points
from toolchain.runtime.derive.held import LIMITS, Held
from toolchain.runtime.derive.maker import BYTE, Choice, Maker
from toolchain.runtime.derive.regions import Region
from toolchain.runtime.derive.requantise import Steps
from toolchain.runtime.derive.sums import Sums

Reals = NDArray[np.float64]

_DOUBLE, _BYTE = np.dtype(np.float64), np.dtype(np.uint8)


def threshold(maker: Maker, region: Region) -> Held:
    """Thresholds that stand alone."""
    (name,) = region.inputs
    op = region.core.op
    assert isinstance(op, Threshold)
    return of_values(maker, region, maker.values(name), maker.type(name), op)


def of_values(maker: Maker, region: Region, values: Held, kind: TensorType, op: Threshold) -> Held:
    """Thresholds on the values of a tensor that stand in floats."""
    table = np.broadcast_to(op.table, (kind.channels, op.levels))
    none = np.zeros(kind.channels, np.int64)
    one = Linear(np.ones((1, kind.channels), np.int64), none, kind.channels)
    whole = Sums(one, 1, none, kind.low, kind.high, int(kind.magnitude.max()), table)
    return counted(maker, region, values, whole, op)


def counted(maker: Maker, region: Region, held: Held, whole: Sums, op: Threshold | None = None) -> Held:
    """Thresholds on sums that stand in floats."""
    op = op or region.head
    assert op is not None and whole.table is not None
    form, rank = whole.steps, len(maker.type(region.name).shape)
    base = maker.base(region.name, op)
    share = (int(form.found.sum()), len(form.found))
    fits = whole.largest + int(np.abs(form.offset).max()) <= LIMITS[np.dtype(np.float32)]
    if form.found.all() and held.kind == np.float32 and fits:
        maker.choices.append(Choice(region.name, "scale", share))
        current = _plus(maker, held.name, form.offset, held.kind, rank, region.name)
        return scaled(maker, region, current, form, base, op, None)
    affine = _affine(whole) if maker.style.doubles and op.levels > 3 else None
    if affine is not None:
        maker.choices.append(Choice(region.name, "double", share))
        current = _in_double(maker, held, affine, op, rank, region.name)
        return kept(maker, region, _minus(maker, current, _DOUBLE, base, region.name), _DOUBLE, base, op)
    maker.choices.append(Choice(region.name, "search", share))
    # Thresholds out of reach may be no numbers of the float; a little beyond the reachable ones they mean the same.
    table = np.clip(whole.table, whole.low[:, None], whole.high[:, None] + 1)
    current = _searched(maker, held, table, rank, region.name)
    return kept(maker, region, _minus(maker, current, held.kind, base, region.name), held.kind, base, op)


def channelwise(values: NDArray[Any], rank: int) -> NDArray[Any]:
    """One number a channel, beside a batch of tensors of so many axes; one for all where they are equal."""
    if (values == values[0]).all():
        return values[:1].reshape(())
    return values.reshape(-1, *(1,) * (rank - 1))


def _plus(maker: Maker, name: str, offset: NDArray[Any], kind: np.dtype[Any], rank: int, hint: str) -> str:
    if not offset.any():
        return name
    return maker.add(
        "Add", [name, maker.constant(channelwise(offset, rank).astype(kind), f"{hint}_offset")], f"{hint}_moved"
    )


def _minus(maker: Maker, name: str, kind: np.dtype[Any], base: int, hint: str) -> str:
    return name if not base else maker.add("Sub", [name, maker.number(base, kind)], f"{hint}_based")


def scaled(
    maker: Maker, region: Region, current: str, form: Steps, base: int, op: Threshold, ends: tuple[int, int] | None
) -> Held:
    """``clip(rint(current * scale) + zero)`` of sums with their offset, in the style's float.

    Args:
        ends: least and greatest sum. A Clip to them keeps ONNX Runtime from multiplying weights by the scale, which
            would round them; None where no convolution stands right before.
    """
    kind, rank, hint = maker.style.real, len(maker.type(region.name).shape), region.name
    if ends is not None and rank > 1:
        reach = int(np.abs(form.offset).max())
        current = clipped(maker, current, kind, ends[0] - reach, ends[1] + reach, f"{hint}_bound", whole=True)
    factors = maker.constant(channelwise(form.scale, rank).astype(kind), f"{hint}_scale")
    current = maker.add("Mul", [current, factors], f"{hint}_scaled")
    if maker.style.codes and op.levels <= BYTE:
        return quantised(maker, region, current, form.zero, op)
    return rounded(maker, region, current, form.zero, base, op)


def rounded(
    maker: Maker, region: Region, current: str, zero: int, base: int, op: Threshold, *, whole: bool = False
) -> Held:
    """Floats rounded to counts less `zero`, in the style's float, held as counts less `base`."""
    kind, hint = maker.style.real, region.name
    # The QuantizeLinear of a pair rounds by itself.
    whole = whole or (maker.style.pairs and zero == base and -base >= -128 and op.levels - base <= 127)
    current = clipped(maker, current, kind, -zero, op.levels - zero, hint, whole=whole)
    if zero != base:
        current = maker.add("Add", [current, maker.number(zero - base, kind)], f"{hint}_zero")
    return kept(maker, region, current, kind, base, op)


def quantised(maker: Maker, region: Region, current: str, zero: int, op: Threshold) -> Held:
    """Counts as bytes, by a QuantizeLinear that rounds and clips."""
    point = maker.constant(np.uint8(zero), "code_zero")
    current = maker.add(
        "QuantizeLinear", [current, maker.number(1, np.dtype(np.float32)), point], f"{region.name}_codes"
    )
    return capped(maker, region, current, op)


def capped(maker: Maker, region: Region, codes: str, op: Threshold) -> Held:
    """Bytes clipped at the greatest count, where that is below 255."""
    if op.levels < BYTE:
        ends = [maker.constant(np.uint8(end), f"code_{end}") for end in (0, op.levels)]
        codes = maker.add("Clip", [codes, *ends], f"{region.name}_clipped")
    return Held(codes, _BYTE, op.step, op.least)


def clipped(maker: Maker, name: str, kind: np.dtype[Any], low: int, high: int, hint: str, *, whole: bool) -> str:
    """Clipped to whole ends, and rounded unless all is whole already."""
    current = maker.add("Clip", [name, maker.number(low, kind), maker.number(high, kind)], f"{hint}_clipped")
    return current if whole else maker.add("Round", [current], f"{hint}_rounded")


def kept(maker: Maker, region: Region, current: str, kind: np.dtype[Any], base: int, op: Threshold) -> Held:
    """Counts less `base`, whole already, as the style holds them."""
    least = op.step * base + op.least
    if maker.style.codes and op.levels <= BYTE and not base:
        return Held(maker.cast(current, kind, _BYTE), _BYTE, op.step, least)
    held = Held(maker.cast(current, kind, maker.style.real), maker.style.real, op.step, least)
    return maker.paired(held, region.name)


def _affine(whole: Sums) -> tuple[Reals, Reals] | None:
    """Slopes and offsets whose floor in float64 is the count, proved at both sides of each threshold."""
    assert whole.table is not None
    reach, below = points(whole.table, whole.low, whole.high)
    slope = best_slopes(reach, below)
    with np.errstate(invalid="ignore"):
        least = np.fmax.reduce(reach.bounds(slope), axis=1)
        most = np.fmin.reduce(below.bounds(slope), axis=1)
    middle = np.where(np.isnan(least), most - 1, np.where(np.isnan(most), least + 1, (least + most) / 2))
    offset = np.nan_to_num(middle)
    # The two operations round as any IEEE processor does, and both rise with the sum.
    up = np.floor(reach.value * slope[:, None] + offset[:, None]) >= reach.code
    down = np.floor(below.value * slope[:, None] + offset[:, None]) < below.code
    exact = (up | ~reach.binds) & (down | ~below.binds)
    return (slope, offset) if exact.all() else None


def _in_double(
    maker: Maker,
    held: Held,
    affine: tuple[Reals, Reals],
    op: Threshold,
    rank: int,
    hint: str,
) -> str:
    slope, offset = (channelwise(part, rank) for part in affine)
    current = maker.cast(held.name, held.kind, _DOUBLE)
    current = maker.add("Mul", [current, maker.constant(slope, f"{hint}_slope")], f"{hint}_times")
    current = maker.add("Add", [current, maker.constant(offset, f"{hint}_intercept")], f"{hint}_plus")
    current = maker.add("Floor", [current], f"{hint}_floor")
    return clipped(maker, current, _DOUBLE, 0, op.levels, hint, whole=True)


def _searched(maker: Maker, held: Held, table: NDArray[np.int64], rank: int, hint: str) -> str:
    """The count by comparison: one by one where thresholds are few, by bisection of a table where they are many."""
    if table.shape[1] <= 3:
        return _compared(maker, held, table, rank, hint)
    return _bisected(maker, held, table, rank, hint)


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
    shared = bool((table == table[0]).all())
    rows = table[:1] if shared else table
    bits = int(table.shape[1]).bit_length()
    wide = np.full((len(rows), 2**bits), np.inf)
    wide[:, 1 : table.shape[1] + 1] = rows
    flat = maker.constant(wide.reshape(-1).astype(held.kind), f"{hint}_thresholds")
    index = maker.constant(channelwise(np.arange(len(rows)) * 2**bits, rank).astype(np.int32), f"{hint}_rows")
    start = index
    for bit in reversed(range(bits)):
        step = maker.constant(np.int32(1 << bit), f"bit_{bit}")
        probe = maker.add("Add", [index, step], f"{hint}_probe")
        edge = maker.add("Gather", [flat, probe], f"{hint}_edge")
        below = maker.add("Less", [held.name, edge], f"{hint}_below")
        index = maker.add("Where", [below, index, probe], f"{hint}_index")
    count = maker.add("Sub", [index, start], f"{hint}_count")
    return maker.cast(count, np.dtype(np.int32), held.kind)
