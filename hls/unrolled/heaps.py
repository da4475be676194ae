"""A neuron's terms as one heap of bits, added and subtracted ones alike, on a fabric whose LUTs have two outputs.

A subtracted bit is its complement and a constant, which goes into the thresholds. `counting` plans from the heap's
heights; here its chains get their bits, the earliest first.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass

from hls.unrolled.counting import Chain, chain_bits, plan
from hls.unrolled.ir import Bit, Columns, Counter, Operand, Ternary
from hls.unrolled.linear import LinearGraph

# Bits of one place as (depth, inverted, node, place in the node), the earliest first.
_Entry = tuple[int, bool, int, int]
_Column = list[_Entry]


@dataclass(frozen=True)
class Heap:
    """Bits by place whose sum is a neuron's, which lies in [low, high], plus `constant`."""

    columns: Columns
    constant: int
    low: int
    high: int

    def negated(self) -> Heap:
        """The heap of the sum's negative."""
        most = sum(len(column) << place for place, column in enumerate(self.columns))
        columns = (tuple(Bit(b.node, b.place, not b.inverted) for b in column) for column in self.columns)
        return Heap(tuple(columns), most - self.constant, -self.high, -self.low)


def heap_sum(linear: LinearGraph, terms: list[Operand], outputs: int) -> Heap:
    """The sum of terms, with as many bits left as are compared at once to give `outputs` bits (0: one a place)."""
    heap = _heap_of(linear, terms)
    columns, whole = _reduced(linear, heap.columns, outputs)
    if whole:
        return Heap(columns, heap.constant, heap.low, heap.high)
    node = _added(linear, terms, columns, heap.constant)
    bits = ((Bit(node, place),) for place in range(linear.graph.width(node)))
    return Heap(tuple(bits), heap.constant, heap.low, heap.high)


def _heap_of(linear: LinearGraph, terms: list[Operand]) -> Heap:
    columns, constant = list[list[Bit]](), 0
    for term in terms:
        width, signed = linear.graph.width(term.node), linear.graph.signed(term.node)
        for place in range(width):
            taken = (term.sign < 0) != (signed and place == width - 1)
            constant += taken << (place + term.shift)
            while len(columns) <= place + term.shift:
                columns.append([])
            columns[place + term.shift].append(Bit(term.node, place, taken))
        constant += term.sign * (linear.constants[term.node] << term.shift)
    low, high = linear.bounds_of(terms)
    return Heap(tuple(map(tuple, columns)), constant, low, high)


def _reduced(linear: LinearGraph, heap: Columns, outputs: int) -> tuple[Columns, bool]:
    """The heap after the levels of its plan, and whether it needs no adding up."""
    made = plan(tuple(map(len, heap)), outputs)
    columns: list[_Column] = [[] for _ in heap]
    for place, bits in enumerate(heap):
        for bit in bits:
            _push(linear, columns, place, bit)
    for level in made.levels:
        results: list[_Column] = [[] for _ in columns]
        for chain in level:
            for offset, bit in enumerate(_chain(linear, columns, chain)):
                _push(linear, results, chain.start + offset, bit)
        for place, column in enumerate(columns):
            for entry in column:
                insort(results[place], entry)
        columns = results
    while columns and not columns[-1]:
        columns.pop()
    return tuple(tuple(map(_bit, column)) for column in columns), bool(outputs) and sum(map(len, columns)) <= 6


def _added(linear: LinearGraph, terms: list[Operand], columns: Columns, constant: int) -> int:
    """Node that adds what is left of the heap of `terms`, three bits a place.

    The lowest place takes one bit more into its LUT and one into the chain, neither of them inverted.
    """
    ordered = [list(column) for column in columns]
    first = next((place for place, column in enumerate(columns) if len(column) > 1), 0)
    ordered[first].sort(key=lambda bit: not bit.inverted)
    carry = ordered[first].pop() if len(ordered[first]) > 1 else None
    return linear.add_heap(Ternary(tuple(map(tuple, ordered)), carry, first), terms, constant)


def _chain(linear: LinearGraph, columns: list[_Column], chain: Chain) -> list[Bit]:
    """Take a chain's bits out of the columns and return its result bits, the lowest first."""
    taken: list[tuple[Bit, ...]] = []
    carry = _bit(_pop_plain(columns[chain.start])) if chain.carry else None
    for index, counts in enumerate(chain.pairs):
        for place, count in enumerate(counts, chain.start + 2 * index):
            # The last of six bits goes straight into the chain.
            last = [_bit(_pop_plain(columns[place]))] if count == 6 else []
            taken.append((*(_bit(columns[place].pop(0)) for _ in range(count - len(last))), *last))
    node = linear.add_gate(Counter(tuple(taken), carry))
    return [Bit(node, place) for place in range(chain_bits(chain))]


def _pop_plain(column: _Column) -> _Entry:
    """The latest bit that is not inverted, if there is one."""
    plain = [index for index, entry in enumerate(column) if not entry[1]]
    return column.pop(plain[-1] if plain else -1)


def _bit(entry: _Entry) -> Bit:
    return Bit(entry[2], entry[3], entry[1])


def _push(linear: LinearGraph, columns: list[_Column], place: int, bit: Bit) -> None:
    while len(columns) <= place:
        columns.append([])
    insort(columns[place], (linear.depth[bit.node], bit.inverted, bit.node, bit.place))
