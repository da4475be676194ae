"""One stream given to several units."""

from __future__ import annotations

from hls.units.stream import Stream
from hls.units.tokens import Take, Tokens, every
from hls.units.unit import Needs, Unit
from toolchain.errors import ModelError


def build(name: str, stream: Stream, outputs: int) -> Unit:
    """The unit that gives a stream to so many FIFOs.

    Raises:
        ModelError: there are not several.
    """
    if outputs < 2:
        raise ModelError(f"{name}: a stream forks into {outputs}; 2 or more are expected")
    return Unit(
        name=name,
        module="fork_beats",
        parameters={"WIDTH": stream.width, "OUTPUTS": outputs},
        inputs=(stream,),
        outputs=(stream,) * outputs,
        cycles=stream.beats,
        tokens=lambda: Tokens((Take(every(stream.beats)),), every(stream.beats), 0),
        needs=Needs(lut=1 + outputs // 2),
    )
