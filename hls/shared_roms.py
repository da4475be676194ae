"""ROMs of two units in one block RAM, where such a RAM has two ports: fewer hold the same words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import networkx as nx

from hls.cost import BlockRam, blocks_of
from hls.memories import Resources, resources_of
from hls.netlist import Netlist
from hls.units.unit import Memory, Needs, Rom, Unit

MODULE = "shared_rom"


@dataclass(frozen=True)
class SharedRom:
    """The memory of two units: one's words go up from the lowest address, the other's down from the highest.

    Attributes:
        first, second: units whose ROM lies outside of them.
    """

    first: Unit
    second: Unit

    @property
    def name(self) -> str:
        """Of its instance."""
        return f"{self.first.name}_and_{self.second.name}"

    @property
    def file(self) -> str:
        """The name of the file of its words."""
        return f"{self.name}.hex"

    @property
    def memory(self) -> Memory:
        """Its size."""
        first, second = (unit.rom(unit.outside) for unit in (self.first, self.second))
        return _together((len(first.words), first.width), (len(second.words), second.width))

    @property
    def rom(self) -> Rom:
        """Its words."""
        first, second = (unit.rom(unit.outside) for unit in (self.first, self.second))
        words, width = self.memory
        gap = words - len(first.words) - len(second.words)
        return Rom("FILE", (*first.words, *[0] * gap, *reversed(second.words)), width)

    def instance(self) -> str:
        """Verilog of the instance and its wires, ``<unit>_rom_word`` and ``<unit>_rom_fetched``."""
        (words, width), wires, connected = self.memory, [], [".clk(clk)"]
        settings = {"BITS": (words - 1).bit_length(), "WIDTH": width}
        for side, unit in (("a", self.first), ("b", self.second)):
            own = unit.rom(unit.outside)
            address = max(1, (len(own.words) - 1).bit_length())
            settings |= {f"BITS_{side.upper()}": address, f"WIDTH_{side.upper()}": own.width}
            wires += [
                f"wire [{address - 1}:0] {unit.name}_rom_word;",
                f"wire [{own.width - 1}:0] {unit.name}_rom_fetched;",
            ]
            connected += [f".word_{side}({unit.name}_rom_word)", f".fetched_{side}({unit.name}_rom_fetched)"]
        values = "".join(f".{key}({value}), " for key, value in settings.items())
        lines = [*wires, f'{MODULE} #({values}.FILE("{self.file}")) {self.name} (', f"    {', '.join(connected)}", ");"]
        return "".join(f"    {line}\n" for line in lines)


def shared_roms(netlist: Netlist) -> Iterator[SharedRom]:
    """The memories that units of a netlist share."""
    units = {unit.name: unit for unit in netlist.units}
    for first, second in netlist.shared:
        yield SharedRom(units[first], units[second])


def shared_needs(netlist: Netlist) -> Needs:
    """Estimated needs of all of them."""
    return Needs(two_port=tuple(it.memory for it in shared_roms(netlist)))


def sharing_units(netlist: Netlist, block: BlockRam) -> tuple[tuple[str, str], ...]:
    """The pairs of units whose ROMs free the most block RAMs when each pair shares a memory."""
    units = [unit for unit in netlist.units if unit.needs.roms]
    possible = nx.Graph()
    for (i, first), (j, second) in combinations(enumerate(units), 2):
        saved = _saved(first.needs.roms[0], second.needs.roms[0], block)
        if saved > 0:
            possible.add_edge(i, j, weight=saved)
    pairs = sorted(tuple(sorted(pair)) for pair in nx.max_weight_matching(possible))
    return tuple((units[i].name, units[j].name) for i, j in pairs)


def resources_in_halves(needs: Needs, block: BlockRam) -> Resources:
    """What a device gives, with block RAMs counted in halves: a ROM shares them with another of its size."""
    whole = resources_of(needs, block)
    return replace(whole, blocks=2 * whole.blocks - sum(max(0, _saved(rom, rom, block)) for rom in needs.roms))


def _together(first: Memory, second: Memory) -> Memory:
    """A memory of both: as many words as addresses of so many bits have."""
    return 1 << (first[0] + second[0] - 1).bit_length(), max(first[1], second[1])


def _saved(first: Memory, second: Memory, block: BlockRam) -> int:
    if not block.two_port_bits:
        return 0
    apart = blocks_of(*first, block) + blocks_of(*second, block)
    return apart - blocks_of(*_together(first, second), block, two_ports=True)
