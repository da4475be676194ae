"""A heap of bits on a fabric whose LUTs have two outputs.

`counting` plans from the heap's heights; here its chains get their bits, the earliest first.
"""

from __future__ import annotations

from hls.unrolled.counting import Chain, chain_bits, plan
from hls.unrolled.heaps import Column, Entry, Heap, bit_of, bits_of, columns_of, heap_of, merge, push
from hls.unrolled.ir import Bit, Columns, Counter, Operand, Ternary
from hls.unrolled.linear import LinearGraph


def paired_sum(linear: LinearGraph, terms: list[Operand], outputs: int) -> Heap:
    """The sum of terms, with as many bits left as are compared at once to give `outputs` bits (0: one a place)."""
    heap = heap_of(linear, terms)
    columns, whole = _reduced(linear, heap.columns, outputs)
    if whole:
        return Heap(columns, heap.constant, heap.low, heap.high)
    node = _added(linear, terms, columns, heap.constant)
    bits = ((Bit(node, place),) for place in range(linear.graph.width(node)))
    return Heap(tuple(bits), heap.constant, heap.low, heap.high)


def _reduced(linear: LinearGraph, heap: Columns, outputs: int) -> tuple[Columns, bool]:
    """The heap after the levels of its plan, and whether it needs no adding up."""
    made = plan(tuple(map(len, heap)), outputs)
    columns = columns_of(linear, heap)
    for level in made.levels:
        results: list[Column] = [[] for _ in columns]
        for chain in level:
            for offset, bit in enumerate(_chain(linear, columns, chain)):
                push(linear, results, chain.start + offset, bit)
        columns = merge(results, columns)
    left = bits_of(columns)
    return left, bool(outputs) and sum(map(len, left)) <= 6


def _added(linear: LinearGraph, terms: list[Operand], columns: Columns, constant: int) -> int:
    """Node that adds what is left of the heap of `terms`, three bits a place.

    The lowest place takes one bit more into its LUT and one into the chain, neither of them inverted.
    """
    ordered = [list(column) for column in columns]
    first = next((place for place, column in enumerate(columns) if len(column) > 1), 0)
    ordered[first].sort(key=lambda bit: not bit.inverted)
    carry = ordered[first].pop() if len(ordered[first]) > 1 else None
    return linear.add_heap(Ternary(tuple(map(tuple, ordered)), carry, first), terms, constant)


def _chain(linear: LinearGraph, columns: list[Column], chain: Chain) -> list[Bit]:
    """Take a chain's bits out of the columns and return its result bits, the lowest first."""
    taken: list[tuple[Bit, ...]] = []
    carry = bit_of(_pop_plain(columns[chain.start])) if chain.carry else None
    for index, counts in enumerate(chain.pairs):
        for place, count in enumerate(counts, chain.start + 2 * index):
            # The last of six bits goes straight into the chain.
            last = [bit_of(_pop_plain(columns[place]))] if count == 6 else []
            taken.append((*(bit_of(columns[place].pop(0)) for _ in range(count - len(last))), *last))
    node = linear.add_gate(Counter(tuple(taken), carry))
    return [Bit(node, place) for place in range(chain_bits(chain))]


def _pop_plain(column: Column) -> Entry:
    """The latest bit that is not inverted, if there is one."""
    plain = [index for index, entry in enumerate(column) if not entry[1]]
    return column.pop(plain[-1] if plain else -1)
