"""Thresholds as one rounded multiplication, proved at every threshold of every channel.

ONNX Runtime's int8 kernels say ``clip(rint(float32(sum + offset) * scale))``. Conversion to float32, multiplication by
a positive scale and rounding to even all rise with the sum; so it is enough to look at both sides of each threshold,
and where both are right, every sum between is. Other processors round the same way: all three are IEEE operations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.slopes import Points
from toolchain.graph.uniform import points
from toolchain.runtime.derive.best_slopes import best_slopes

Whole = NDArray[np.int64]
Reals = NDArray[np.float64]

# Scales tried first: with a power of two, every value on the way is exact in float32.
_POWERS = [2.0**-exponent for exponent in range(-6, 21)]
# Neighbours of a float32 scale that are tried where thresholds leave little room.
_NEAR = 8
# Sums beyond are no int32 in the kernels.
_INT32 = 2**31 - 1
# So many offsets on both sides of the expected one are tried: one code and these, up to the most.
_REACH = 3
_MOST_OFFSETS = 64


@dataclass(frozen=True)
class Steps:
    """``count = clip(rint(float32(sum + offset) * scale) + zero, 0, levels)``, an offset and a scale a channel.

    Attributes:
        zero: the same for all channels, as the kernels want it.
        found: which channels have the form.
    """

    offset: Whole
    scale: NDArray[np.float32]
    zero: int
    found: NDArray[np.bool_]

    @property
    def powers(self) -> bool:
        """Whether every scale is a power of two."""
        return bool((np.frexp(self.scale)[0] == 0.5).all())


def steps(table: Whole, low: Whole, high: Whole) -> Steps:
    """The form of thresholds (channels, levels), for sums from `low` to `high`, shape (channels,)."""
    if (best := _with_powers(table, low, high, 0)).found.all():
        return best
    for zero in _zeros(table):
        found = _with_zero(table, low, high, zero)
        if found.found.all():
            return found
        best = max(best, found, key=lambda steps: int(steps.found.sum()))
    return best


def _zeros(table: Whole) -> list[int]:
    """The count that most channels have at a sum of 0, which is a quantiser's zero point; and none."""
    counts = np.bincount((table <= 0).sum(axis=1))
    return list(dict.fromkeys([int(counts.argmax()), 0]))


def _edges(table: Whole, low: Whole, high: Whole, zero: int) -> tuple[Points, Points]:
    """Both sides of each threshold, with the number that is rounded to there."""
    reach, below = points(table, low, high)
    return reach._replace(code=reach.code - zero), below._replace(code=below.code - zero)


def _with_powers(table: Whole, low: Whole, high: Whole, zero: int) -> Steps:
    reach, below = _edges(table, low, high, zero)
    count = len(table)
    found = Steps(np.zeros(count, np.int64), np.ones(count, np.float32), zero, np.zeros(count, np.bool_))
    for power in _POWERS:
        if found.found.all():
            break
        _take(found, _power_offsets(reach, below, power), power, reach, below)
    return found


def _with_zero(table: Whole, low: Whole, high: Whole, zero: int) -> Steps:
    found = _with_powers(table, low, high, zero)
    reach, below = _edges(table, low, high, zero)
    missing = np.flatnonzero(~found.found)
    slopes = best_slopes(_row(reach, missing), _row(below, missing)) if len(missing) else ()
    for channel, slope in zip(missing, slopes, strict=True):
        _search(found, int(channel), _row(reach, channel), _row(below, channel), float(slope))
    return found


def _row(edge: Points, channel: Any) -> Points:
    return Points(edge.value[channel], edge.code[channel], edge.binds[channel])


def _take(found: Steps, offsets: tuple[Reals, Reals], scale: float, reach: Points, below: Points) -> None:
    least, most = offsets
    hit = ~found.found & (least <= most)
    offset = np.clip(0, least, most)
    hit &= np.abs(offset) < _INT32
    offset = np.where(hit, offset, 0).astype(np.int64)
    hit &= right(reach, below, offset, np.full(len(offset), scale, np.float32))
    found.offset[hit], found.scale[hit], found.found[hit] = offset[hit], scale, True


def _power_offsets(reach: Points, below: Points, scale: float) -> tuple[Reals, Reals]:
    """Least and greatest offset of each channel that keeps all its thresholds with a scale that rounds nothing."""
    even = reach.code % 2 == 0
    # A value exactly between two codes goes to the even one: edges of even codes are reached, odd ones passed.
    edge = (reach.code - 0.5) / scale
    reached = np.where(even, np.ceil(edge - reach.value), np.floor(edge - reach.value) + 1)
    passed = np.where(even, np.ceil(edge - below.value) - 1, np.floor(edge - below.value))
    least: Reals = np.where(reach.binds, reached, -np.inf).max(axis=1)
    most: Reals = np.where(below.binds, passed, np.inf).min(axis=1)
    return np.maximum(least, -float(_INT32)), np.minimum(most, float(_INT32))


def right(reach: Points, below: Points, offset: Whole, scale: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether both sides of every threshold get their codes from the kernel's own arithmetic, for each channel."""

    def count(values: Whole) -> NDArray[np.float32]:
        sums = values + offset[..., None]
        rounded: NDArray[np.float32] = np.rint(sums.astype(np.float32) * scale[..., None])
        return np.where(np.abs(sums) > _INT32, np.float32(np.nan), rounded)

    with np.errstate(over="ignore", invalid="ignore"):
        up = (count(reach.value) >= reach.code) | ~reach.binds
        down = (count(below.value) < below.code) | ~below.binds
    return np.asarray((up & down).all(axis=-1))


def _search(found: Steps, channel: int, reach: Points, below: Points, slope: float) -> None:
    """An offset and a scale of one channel: the offset of none first, then those near the expected one."""
    for offsets in (np.zeros(1, np.int64), _expected(reach, below, slope)):
        least, most = _scales(reach, below, offsets)
        # Much room first; of equal room, what was expected first.
        for place in np.argsort(-_room(least, most), kind="stable")[:_NEAR]:
            for scale in _float_scales(float(least[place]), float(most[place])):
                if right(reach, below, offsets[place], np.asarray(scale)):
                    found.offset[channel], found.scale[channel] = offsets[place], scale
                    found.found[channel] = True
                    return


def _room(least: Reals, most: Reals) -> Reals:
    with np.errstate(over="ignore", invalid="ignore"):
        room: Reals = most / np.maximum(least, 1e-30)
    return room


def _expected(reach: Points, below: Points, slope: float) -> Whole:
    """Offsets near that of the best slope."""
    if slope <= 0:
        return np.zeros(0, np.int64)
    with np.errstate(invalid="ignore"):
        places = np.where(reach.binds & below.binds, (reach.code - 0.5) / slope - reach.value, np.nan)
    middle = float(np.nanmean(places)) if np.isfinite(places).any() else 0.0
    width = min(int(1 / slope) + _REACH, _MOST_OFFSETS)
    if abs(middle) > _INT32:
        return np.zeros(0, np.int64)
    return round(middle) + np.array(sorted(range(-width, width + 1), key=abs), np.int64)


def _scales(reach: Points, below: Points, offsets: Whole) -> tuple[Reals, Reals]:
    """Bounds of the scale with each offset, in real arithmetic; the least is above the greatest where none fits."""
    up = (reach.value + offsets[:, None]).astype(np.float64)
    down = (below.value + offsets[:, None]).astype(np.float64)
    edge = reach.code - 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        # sum * scale >= edge on one side, and <= edge on the other: a bound from below or above, by the signs.
        first = np.where(edge > 0, np.where(up > 0, edge / up, np.inf), 0.0)
        second = np.where(edge > 0, 0.0, np.where(down < 0, edge / down, np.inf))
        third = np.where((edge < 0) & (up < 0), edge / up, np.inf)
        fourth = np.where((edge > 0) & (down > 0), edge / down, np.inf)
    least = np.maximum(np.where(reach.binds, first, 0.0), np.where(below.binds, second, 0.0)).max(axis=1)
    most = np.minimum(np.where(reach.binds, third, np.inf), np.where(below.binds, fourth, np.inf)).min(axis=1)
    return least, most


def _float_scales(least: float, most: float) -> list[np.float32]:
    """Float32 scales from the middle of the bounds outwards, a little beyond them: rounding may favour those."""
    if not 0 <= least < np.inf or most < least * (1 - 1e-6):
        return []
    centre = np.float32(_middle(least, most))
    if not np.isfinite(centre) or centre < np.finfo(np.float32).tiny:
        return []
    whole = int(centre.view(np.int32))
    near = [whole + d for d in sorted(range(-_NEAR, _NEAR + 1), key=abs)]
    return [np.int32(bits).view(np.float32) for bits in near]


def _middle(least: float, most: float) -> float:
    if most == np.inf:
        return least * 2 if least else 1.0
    return float(np.sqrt(least * most)) if least else most / 2
