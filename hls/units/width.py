"""Lanes of a stream, made more or fewer by a whole ratio."""

from __future__ import annotations

from dataclasses import replace

from hls.units.stream import Stream
from hls.units.tokens import Take, Tokens, every, first_of, last_of
from hls.units.unit import Needs, Unit
from toolchain.errors import ModelError


def build(name: str, stream: Stream, lanes: int) -> Unit:
    """The unit that makes the stream's beats `lanes` elements wide.

    Raises:
        ModelError: neither number of lanes divides the other, they are equal, or beats do not come out whole.
    """
    more, fewer = max(lanes, stream.lanes), min(lanes, stream.lanes)
    if lanes < 1 or more % fewer or more == fewer or stream.elements % lanes:
        raise ModelError(f"{name}: {stream.lanes} lanes of {stream.elements} elements cannot become {lanes}")
    ratio = more // fewer
    out = replace(stream, lanes=lanes, beats=stream.elements // lanes)
    return Unit(
        name=name,
        module="widen",
        parameters={"IN_WIDTH": stream.width, "OUT_WIDTH": out.width},
        inputs=(stream,),
        outputs=(out,),
        cycles=max(stream.beats, out.beats),
        tokens=lambda: _tokens(stream, out, ratio),
        needs=_needs(stream, out, ratio),
    )


def _tokens(stream: Stream, out: Stream, ratio: int) -> Tokens:
    if out.lanes > stream.lanes:
        return Tokens((Take(every(stream.beats)),), last_of(out.beats, ratio), 1)
    return Tokens((Take(first_of(stream.beats, ratio)),), every(out.beats), 1)


def _needs(stream: Stream, out: Stream, ratio: int) -> Needs:
    down = stream.width - out.width if out.lanes < stream.lanes else 0
    return Needs(lut=4 + down, ff=max(stream.width, out.width) + ratio + 1)
