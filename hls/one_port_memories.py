"""Which memories of a core lie in the large RAMs of one port that a device may have: they free block RAMs."""

from __future__ import annotations

from collections.abc import Iterator

from hls.cost import BlockRam, blocks_of
from hls.netlist import Netlist
from hls.units.unit import Unit


def one_port_units(netlist: Netlist, count: int, block: BlockRam, interval: int) -> tuple[str, ...]:
    """The units whose memories free the most block RAMs, a large RAM each, and which keep an interval.

    Args:
        count: large RAMs that there are.
    """
    saved = dict(_candidates(netlist, block, interval))
    return tuple(sorted(saved, key=lambda name: (-saved[name], name))[:count])


def _candidates(netlist: Netlist, block: BlockRam, interval: int) -> Iterator[tuple[str, int]]:
    """Names of units, and how many block RAMs each frees."""
    if block.one_port is None:
        return
    for unit in netlist.units:
        made = unit.in_one_port() if unit.in_one_port else None
        if made and made.cycles <= interval and _fits(made, block.one_port):
            yield unit.name, sum(blocks_of(words, bits, block) for words, bits in unit.needs.blocks)


def _fits(unit: Unit, large: tuple[int, int]) -> bool:
    return all(words <= large[0] and bits <= large[1] for words, bits in unit.needs.one_port)
