"""Thresholds: one rounded multiplication where that is proved, otherwise a search; exact in any case."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.ops import Linear, Threshold
from toolchain.graph.types import TensorType
from toolchain.runtime.derive.held import LIMITS, Held
from toolchain.runtime.derive.kinds import search
from toolchain.runtime.derive.maker import BYTE, Choice, Maker, channelwise
from toolchain.runtime.derive.regions import Region
from toolchain.runtime.derive.requantise import Steps
from toolchain.runtime.derive.sums import Sums

_BYTE = np.dtype(np.uint8)


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
    current, kind, name = search.counted(maker, held, whole, region.name)
    maker.choices.append(Choice(region.name, name, share))
    return kept(maker, region, _minus(maker, current, kind, base, region.name), kind, base, op)


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
    current = maker.clip(name, kind, low, high, f"{hint}_clipped")
    return current if whole else maker.add("Round", [current], f"{hint}_rounded")


def kept(maker: Maker, region: Region, current: str, kind: np.dtype[Any], base: int, op: Threshold) -> Held:
    """Counts less `base`, whole already, as the style holds them."""
    least = op.step * base + op.least
    if maker.style.codes and op.levels <= BYTE and not base:
        return Held(maker.cast(current, kind, _BYTE), _BYTE, op.step, least)
    held = Held(maker.cast(current, kind, maker.style.real), maker.style.real, op.step, least)
    return maker.paired(held, region.name)
