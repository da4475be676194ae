"""Channels of several streams side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hls.units.add import alike, packed
from hls.units.stream import Stream
from hls.units.tokens import Take, Tokens, every
from hls.units.unit import Needs, Unit
from toolchain.errors import ModelError
from toolchain.graph.types import IntType


def build(name: str, inputs: Sequence[Stream], channels: Sequence[int], element: IntType) -> Unit:
    """The unit of a `Concat`.

    Args:
        channels: of each input; its lanes divide them.
        element: of the result; each input counts from its `low` by its `step` (see `add.as_element`).

    Raises:
        ModelError: the inputs' lanes differ or do not divide their channels, or they count otherwise than the result.
    """
    lanes = inputs[0].lanes
    beats = [count // lanes for count in channels]
    rounds = inputs[0].beats // beats[0] if beats[0] else 0
    if len(inputs) < 2 or any(s.lanes != lanes or count % lanes for s, count in zip(inputs, channels, strict=True)):
        raise ModelError(
            f"{name}: lanes {[s.lanes for s in inputs]} of {list(channels)} channels; equal ones divide all"
        )
    if any(s.beats != rounds * b for s, b in zip(inputs, beats, strict=True)):
        raise ModelError(f"{name}: {[s.beats for s in inputs]} beats of {list(channels)} channels")
    if not all(alike(s.element, element) for s in inputs):
        raise ModelError(f"{name}: inputs count as {[s.element for s in inputs]}, the result as {element}")
    out = Stream(element, lanes, rounds * sum(beats))
    return Unit(
        name=name,
        module="concat",
        parameters={
            "INPUTS": len(inputs),
            "LANES": lanes,
            "IN_BITS": packed([s.bits for s in inputs], 8),
            "IN_WIDTH": sum(s.width for s in inputs),
            "OUT_BITS": out.bits,
            "BEATS": packed(beats, 24),
        },
        inputs=tuple(inputs),
        outputs=(out,),
        cycles=out.beats,
        tokens=lambda: _tokens(beats, rounds),
        needs=_needs(inputs, beats, out),
    )


def _tokens(beats: Sequence[int], rounds: int) -> Tokens:
    turn = np.tile(np.repeat(np.arange(len(beats)), beats), rounds)
    return Tokens(tuple(Take(turn == i) for i in range(len(beats))), every(len(turn)), 1)


def _needs(inputs: Sequence[Stream], beats: Sequence[int], out: Stream) -> Needs:
    counter = (max(beats) - 1).bit_length()
    return Needs(
        lut=2 + 3 * len(inputs) + 4 * counter + out.width * -(-len(inputs) // 2),
        ff=2 + len(inputs) + counter + out.width,
    )
