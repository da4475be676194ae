"""Thresholds by binary search: the unit of `search.v`."""

from __future__ import annotations

from hls.units.rom_cost import read_only
from hls.units.thresholding import Choice, Thresholding
from hls.units.tokens import Take, Tokens, first_of, last_of
from hls.units.unit import Needs, Rom, Unit

# Operations for each bit of a result.
_STEPS = 3


def steps(node: Thresholding) -> int:
    """Operations a code."""
    return _STEPS * node.rising.out_bits


def build(name: str, node: Thresholding, choice: Choice) -> Unit:
    """The unit, of one lane."""
    of, each, (stream, out) = node.rising, steps(node), node.streams(name, 1)
    words = tuple(word for row in of.filled().tolist() for word in (0, *row))
    return Unit(
        name=name,
        module="search",
        parameters={
            "IN_BITS": of.bits,
            "INVERT": int(of.inverted),
            "OUT_BITS": of.out_bits,
            "CHANNELS": len(of.table),
            "ROM_STYLE": choice.rom,
        },
        inputs=(stream,),
        outputs=(out,),
        cycles=stream.beats * each,
        tokens=lambda: Tokens((Take(first_of(stream.beats, each)),), last_of(stream.beats, each), 1),
        needs=needs(node, choice),
        roms=(Rom("FILE", words, of.bits + 1),),
    )


def needs(node: Thresholding, choice: Choice) -> Needs:
    """Fitted to `synth_ecp5 -abc9`."""
    of = node.rising
    memory = read_only(len(of.table) << of.out_bits, of.bits + 1, choice.rom)
    # Its address is what comparison has just made of it, which LUTs are chosen by twice.
    own = Needs(2 * of.bits + 25, 3 * of.bits + 8)
    return own + memory + (Needs(lut=memory.lut) if choice.rom == "logic" else Needs())
