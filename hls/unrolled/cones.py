"""Cones: the last steps of a neuron as one table of the few bits that they depend on.

A cone is the node that yields the neuron and nodes before it; what it reads of all others, bit by bit, is the table's
address. Its table is worth the logic that nobody needs any longer: nodes of the cone that others read stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hls.unrolled.cost import positions
from hls.unrolled.ir import (
    Bit,
    Constant,
    Counter,
    Graph,
    Input,
    LookUp,
    Majority,
    Memory,
    Parity,
    Reached,
    Rows,
    Stretch,
    Ternary,
    evaluate_node,
    operands_of,
)

Integers = NDArray[np.int64]

LEAST_SAVED = 12.0
"""LUT positions that a block RAM must save to be taken."""

# Cones that are grown at once, and address bits above the most there are that one may have on its way.
_BEAM, _DETOUR = 12, 4


@dataclass(frozen=True)
class Cone:
    """Nodes that a table takes the place of.

    Attributes:
        output: the node that yields the neuron.
        nodes: those that the table computes, `output` included.
        bits: the table's address, the lowest first.
        saved: LUT positions that nobody needs any longer.
    """

    output: int
    nodes: frozenset[int]
    bits: tuple[Bit, ...]
    saved: float


class Cones:
    """Finds the cones of a graph's outputs."""

    def __init__(self, graph: Graph, live: Iterable[int]) -> None:
        """Look at the graph as it is; what none of its `live` outputs needs reads nothing."""
        self._graph, self._live = graph, set(live)
        needed = graph.needed(sorted(self._live))
        self._readers: dict[int, set[int]] = {identifier: set() for identifier in needed}
        for identifier in needed:
            for source in operands_of(graph.nodes[identifier]):
                self._readers[source].add(identifier)
        self._positions = cache(lambda node: positions(graph, node))
        self._bits_read = cache(lambda node: frozenset(_bits_read(graph, node)))

    def best(self, output: int) -> Cone | None:
        """The cone whose table saves most beside its share of what a block RAM must save; None where none does."""
        best = max(self._grown(output), key=lambda cone: (self._worth(cone), -len(cone.bits)), default=None)
        return best if best and self._worth(best) > 0 else None

    def share(self, cone: Cone) -> float:
        """The part of a block RAM that a cone's table takes."""
        return self._graph.fabric.ram.share(len(cone.bits), self._graph.width(cone.output))

    def _worth(self, cone: Cone) -> float:
        return cone.saved - LEAST_SAVED * self.share(cone)

    def _grown(self, output: int) -> Iterator[Cone]:
        """Cones whose tables fit a block RAM, each a node larger than one before it."""
        most = self._graph.fabric.ram.most_bits(self._graph.width(output))
        fixed = isinstance(self._graph.nodes[output], Input | Constant | Memory)
        beam, seen = [] if fixed else [self._cone(output, frozenset({output}))], set[frozenset[int]]()
        while beam:
            yield from (cone for cone in beam if len(cone.bits) <= most)
            larger = {nodes for cone in beam for nodes in self._larger(cone)} - seen
            seen |= larger
            cones = [self._cone(output, nodes) for nodes in sorted(larger, key=sorted)]
            cones = [cone for cone in cones if len(cone.bits) <= most + _DETOUR]
            beam = sorted(cones, key=lambda cone: len(cone.bits) - cone.saved)[:_BEAM]

    def _larger(self, cone: Cone) -> Iterator[frozenset[int]]:
        for source in dict.fromkeys(bit.node for bit in cone.bits):
            if not isinstance(self._graph.nodes[source], Input | Memory):
                yield cone.nodes | {source}

    def _cone(self, output: int, nodes: frozenset[int]) -> Cone:
        read = [bit for bit in frozenset.union(*map(self._bits_read, nodes)) if bit.node not in nodes]
        gone = set[int]()
        for node in sorted(nodes, reverse=True):
            if node == output or (node not in self._live and self._readers[node] <= gone):
                gone.add(node)
        saved = sum(map(self._positions, gone))
        return Cone(output, nodes, tuple(sorted(read, key=lambda bit: (bit.node, bit.place))), saved)


def table_of(graph: Graph, cone: Cone) -> Memory:
    """The cone's table."""
    index, values = np.arange(1 << len(cone.bits)), dict[int, Integers]()
    for place, bit in enumerate(cone.bits):
        values[bit.node] = values.get(bit.node, 0) + ((index >> place & 1) << bit.place)
    for node, codes in values.items():
        if graph.signed(node):
            values[node] = codes - (codes >> (graph.width(node) - 1) << graph.width(node))
    constants = {source for node in cone.nodes for source in operands_of(graph.nodes[node])} - set(values)
    for node in sorted(cone.nodes | constants):
        values[node] = evaluate_node(graph.nodes[node], index[:, None], values.__getitem__)
    # Bits that are never there at once may give anything.
    low, high = graph.low[cone.output], graph.high[cone.output]
    entries = np.clip(np.broadcast_to(values[cone.output], index.shape), low, high)
    return Memory(cone.bits, tuple(entries.tolist()))


def _bits_read(graph: Graph, identifier: int) -> Iterator[Bit]:
    """Bits, as they are on their wires, that a node looks at."""
    match node := graph.nodes[identifier]:
        case LookUp(bits) | Memory(bits) | Parity(bits) | Majority(bits):
            read: Iterable[Bit | None] = bits
        case Rows(a, b, carry):
            read = (*a, *b, carry)
        case Counter(columns, carry) | Ternary(columns, carry):
            read = (*(bit for column in columns for bit in column), carry)
        case Stretch():
            read = (bit for column in node.columns for bit in column)
        case Reached(columns):
            read = (bit for column in columns for bit in column)
        case _:
            read = (Bit(source, place) for source in operands_of(node) for place in range(graph.width(source)))
    wires = (Bit(bit.node, bit.place) for bit in read if bit is not None)
    yield from (bit for bit in wires if not isinstance(graph.nodes[bit.node], Constant))
