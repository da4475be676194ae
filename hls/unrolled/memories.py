"""Neurons in block RAM: which ones, which two share a block RAM with two ports, and what stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hls.unrolled.cones import Cones, table_of
from hls.unrolled.fabric import TableRam
from hls.unrolled.ir import Graph, Memory
from hls.unrolled.lower import LoweredLayer

MODULE = "shared_rom"
"""The Verilog of a memory of two readers."""


@dataclass(frozen=True)
class Table:
    """A neuron's table: the node, and its address and word in bits."""

    node: int
    address_bits: int
    width: int


@dataclass(frozen=True)
class Rom:
    """One block RAM, whose first table lies at its lowest addresses and whose second at its highest.

    Attributes:
        tables: one or two.
    """

    tables: tuple[Table, ...]

    @property
    def bits(self) -> int:
        """Of an address."""
        return max(table.address_bits for table in self.tables) + len(self.tables) - 1

    @property
    def width(self) -> int:
        """Bits of a word."""
        return max(table.width for table in self.tables)

    def words(self, graph: Graph) -> list[int]:
        """What stands in it, ``2**bits`` words, two's complement where a neuron may be negative."""
        words = [0] * (1 << self.bits)
        for table, start in zip(self.tables, (0, -1 << self.tables[-1].address_bits), strict=False):
            node = graph.nodes[table.node]
            assert isinstance(node, Memory)
            start %= len(words)
            words[start : start + len(node.values)] = [value & (1 << table.width) - 1 for value in node.values]
        return words


def roms_of(graph: Graph) -> list[Rom]:
    """The block RAMs of a graph's tables."""
    found = ((i, graph.nodes[i]) for i in sorted(graph.needed()))
    tables = [Table(i, len(node.bits), graph.width(i)) for i, node in found if isinstance(node, Memory)]
    return list(_shared(tables, graph.fabric.ram))


def _shared(tables: Iterable[Table], ram: TableRam) -> Iterator[Rom]:
    """Two tables a block RAM, where both fit."""
    left = sorted(tables, key=lambda table: (-table.width, -table.address_bits, table.node))
    while left:
        first = left.pop(0)
        most = ram.most_bits(first.width) - 1 if ram.ports == 2 else 0
        beside = [table for table in left if max(first.address_bits, table.address_bits) <= most][:1]
        left = [table for table in left if table not in beside]
        yield Rom((first, *beside))


def into_memory(layers: Sequence[LoweredLayer], blocks: int) -> None:
    """Put neurons into so many block RAMs at most, first those that save most LUTs by what they take of one."""
    wishes = [wish for index, layer in enumerate(layers) for wish in _wishes(index, layer)] if blocks else []
    for _, index, output in sorted(wishes, reverse=True):
        layer = layers[index]
        # Since others are in memory already it may save more now.
        if cone := Cones(layer.graph, layer.live_outputs).best(output):
            before = layer.graph.nodes[output]
            layer.graph.replace(output, table_of(layer.graph, cone))
            if sum(len(roms_of(each.graph)) for each in layers) > blocks:
                layer.graph.replace(output, before)


def _wishes(index: int, layer: LoweredLayer) -> Iterator[tuple[float, int, int]]:
    """What each neuron saves by its share of a block RAM, its layer and its node."""
    cones = Cones(layer.graph, layer.live_outputs)
    for output in layer.live_outputs:
        if cone := cones.best(output):
            yield cone.saved / cones.share(cone), index, output
