"""Channels by number: a part of them, or all in another order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hls.units import gather
from hls.units.add import alike, packed
from hls.units.gather import Reader
from hls.units.stream import Stream
from hls.units.tokens import Take, Tokens, every
from hls.units.unit import Needs, Unit
from toolchain.errors import ModelError
from toolchain.graph.types import IntType


def options(chosen: Sequence[int], channels: int) -> tuple[int, ...]:
    """Lanes that the unit can have: whole beats are chosen."""
    most = min(len(chosen), channels)
    return tuple(lanes for lanes in range(1, most + 1) if _beats(chosen, channels, lanes) is not None)


def build(name: str, stream: Stream, chosen: Sequence[int], channels: int, element: IntType) -> Unit:
    """The unit of a `Select`: beats pass or are dropped where the channels keep their order, and are held otherwise.

    The result counts as the graph's `element` where that differs in width alone from the input's, and as the input
    otherwise; `add.as_element` makes it the graph's then.

    Args:
        chosen: the channels of the result.
        channels: of the input.

    Raises:
        ModelError: the lanes are none of `options`.
    """
    beats = _beats(chosen, channels, stream.lanes)
    if beats is None:
        raise ModelError(f"{name}: {stream.lanes} lanes; channels are selected in beats of {options(chosen, channels)}")
    kept = element if alike(element, stream.element) else stream.element
    if not (np.diff(beats) > 0).all():
        return gather.build(name, stream, channels // stream.lanes, Reader(table=tuple(beats)), kept)
    return _passing(name, stream, beats, channels // stream.lanes, kept)


def _beats(chosen: Sequence[int], channels: int, lanes: int) -> list[int] | None:
    """The beats of a position that hold the chosen channels in turn; None where they are not whole beats."""
    if channels % lanes or len(chosen) % lanes:
        return None
    rows = np.array(chosen).reshape(-1, lanes)
    whole = (rows[:, 0] % lanes == 0).all() and (rows == rows[:, :1] + np.arange(lanes)).all()
    return (rows[:, 0] // lanes).tolist() if whole else None


def _passing(name: str, stream: Stream, beats: Sequence[int], count: int, element: IntType) -> Unit:
    keep = np.isin(np.arange(count), beats)
    positions = stream.beats // count
    out = Stream(element, stream.lanes, positions * len(beats))
    counter = max(1, (count - 1).bit_length())
    return Unit(
        name=name,
        module="select",
        parameters={
            "LANES": stream.lanes,
            "IN_BITS": stream.bits,
            "OUT_BITS": out.bits,
            "BEATS": count,
            "KEEP": packed(keep.astype(int).tolist(), 1),
        },
        inputs=(stream,),
        outputs=(out,),
        cycles=stream.beats,
        tokens=lambda: Tokens((Take(every(stream.beats)),), np.tile(keep, positions), 1),
        # What marks the kept beats is as large as they are scattered.
        needs=Needs(lut=2 + counter + min(int(np.count_nonzero(np.diff(keep))), count / 6), ff=2 + counter + out.width),
    )
