"""Thresholds by comparison, all at once: the unit of `compare.v`."""

from __future__ import annotations

import numpy as np

from hls.units.rom_cost import read_only
from hls.units.thresholding import Choice, Thresholding
from hls.units.tokens import Take, Tokens, every
from hls.units.unit import Needs, Rom, Unit

_LATENCY = 4


def build(name: str, node: Thresholding, choice: Choice) -> Unit:
    """The unit; one table for all beats is constants."""
    of, (stream, out) = node.rising, node.streams(name, choice.lanes)
    rom = _rom(node, choice)
    return Unit(
        name=name,
        module="compare",
        parameters={
            "LANES": stream.lanes,
            "IN_BITS": of.bits,
            "INVERT": int(of.inverted),
            "OUT_BITS": of.out_bits,
            "WORDS": len(rom.words),
            "ROM_STYLE": choice.rom,
        },
        inputs=(stream,),
        outputs=(out,),
        cycles=stream.beats,
        tokens=lambda: Tokens((Take(every(stream.beats)),), every(stream.beats), _LATENCY),
        needs=needs(node, choice),
        roms=(rom,),
        uses=("rom_walk",),
    )


def _rom(node: Thresholding, choice: Choice) -> Rom:
    table, bits = node.rising.filled(), node.rising.bits + 1
    if len(table) == 1:
        table = np.repeat(table, choice.lanes, axis=0)
    rows = table.reshape(-1, choice.lanes * table.shape[1])
    words = tuple(sum(value << i * bits for i, value in enumerate(row)) for row in rows.tolist())
    return Rom("FILE", words, rows.shape[1] * bits)


def needs(node: Thresholding, choice: Choice) -> Needs:
    """Fitted to `synth_ecp5 -abc9`."""
    of, lanes, words = node.rising, choice.lanes, max(1, len(node.rising.table) // choice.lanes)
    levels = (1 << of.out_bits) - 1
    width = lanes * levels * (of.bits + 1)
    own = Needs(width + lanes * levels + 8, lanes * (2 * of.bits + levels + of.out_bits) + 4)
    if words == 1:
        return own
    return own + read_only(words, width, choice.rom) + Needs(ff=2 * width)
