"""Weights that lie in large RAMs: those begin with no contents, and are written before a core begins.

All that is loaded is one row of pages, each as long as the others and no longer than such a RAM: for each unit, its
words' lowest 16 bits, then the next ones; see `hls/rtl/weight_memory.v`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hls.netlist import Netlist
from hls.units.unit import Needs, Rom, Unit

_MOST_BITS, _WIDTH = 14, 16
"""Of an address and of a word of an `SB_SPRAM256KA`."""

LOADER = Needs(lut=170, ff=110)
"""What reads them at start (`flash_loader.v` with its CRC) and the choice of addresses, as `synth_ice40` makes it."""


@dataclass(frozen=True)
class Pages:
    """The pages of a netlist.

    Attributes:
        bits: of a word's place in its page.
        count: pages of all units.
    """

    bits: int
    count: int

    @property
    def words(self) -> int:
        """Of 16 bits, in all."""
        return self.count << self.bits

    @property
    def address_bits(self) -> int:
        """Of a word among all."""
        return max(1, (self.words - 1).bit_length())


def pages_of(units: Sequence[Unit]) -> Pages | None:
    """The pages of all units that are loaded; None where there are none."""
    roms = [unit.rom(unit.loaded) for unit in units if unit.loaded]
    if not roms:
        return None
    bits = min(_MOST_BITS, max(1, max(len(rom.words) - 1 for rom in roms).bit_length()))
    return Pages(bits, sum(_count(rom, bits) for rom in roms))


def with_pages(netlist: Netlist) -> Netlist:
    """The same with each unit told where its pages are."""
    pages = pages_of(netlist.units)
    if pages is None:
        return netlist
    units, first = [], 0
    for unit in netlist.units:
        if unit.loaded:
            place = {"PAGE_BITS": pages.bits, "FIRST_PAGE": first, "LOAD_BITS": pages.address_bits}
            first += _count(unit.rom(unit.loaded), pages.bits)
            unit = replace(unit, parameters={**unit.parameters, **place})
        units.append(unit)
    return replace(netlist, units=tuple(units))


def contents(units: Sequence[Unit]) -> bytes:
    """What is loaded: words of 16 bits, the low byte first."""
    pages = pages_of(units)
    assert pages is not None, "asked for units that are loaded only"
    size = 1 << pages.bits
    parts = [part for unit in units if unit.loaded for part in _parts(unit.rom(unit.loaded), pages.bits)]
    return b"".join(np.array(part + [0] * (size - len(part)), "<u2").tobytes() for part in parts)


def _count(rom: Rom, bits: int) -> int:
    """Pages of a ROM."""
    return -(-rom.width // _WIDTH) * -(-len(rom.words) >> bits)


def _parts(rom: Rom, bits: int) -> Iterator[list[int]]:
    """The pages of a ROM, the last one of each column as long as it comes."""
    for column in range(-(-rom.width // _WIDTH)):
        words = [word >> _WIDTH * column & ((1 << _WIDTH) - 1) for word in rom.words]
        yield from (words[at : at + (1 << bits)] for at in range(0, len(words), 1 << bits))
