"""What a ROM costs."""

from __future__ import annotations

import math

from hls.units.unit import Needs

# LUTs of 4 inputs for 16 words of a bit, those that choose between them counted: measured with `synth_ecp5 -abc9`.
_LUTS = 1.3


def read_only(words: int, width: int, rom: str) -> Needs:
    """A memory that is read in one place, without its registers.

    Args:
        rom: "block" or "logic".
    """
    if rom == "block":
        return Needs(blocks=((words, width),))
    if words <= 16:
        # Of so few words many bits are alike.
        return Needs(lut=width if words > 4 else width / 10)
    return Needs(lut=_LUTS * width * math.ceil(words / 16))
