"""A neuron's terms as one heap of bits, added and subtracted ones alike.

A subtracted bit is its complement and a constant, which goes into the thresholds.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass

from hls.unrolled.ir import Bit, Columns, Operand
from hls.unrolled.linear import LinearGraph

Entry = tuple[int, bool, int, int]
"""A bit as (depth, inverted, node, place in the node)."""

Column = list[Entry]
"""Bits of one place, the earliest first."""


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


def heap_of(linear: LinearGraph, terms: list[Operand]) -> Heap:
    """All bits of the terms."""
    columns, constant = linear.bits(terms)
    return Heap(columns, constant, *linear.bounds_of(terms))


def columns_of(linear: LinearGraph, heap: Columns) -> list[Column]:
    """The heap's bits in order."""
    columns: list[Column] = [[] for _ in heap]
    for place, bits in enumerate(heap):
        for bit in bits:
            push(linear, columns, place, bit)
    return columns


def bits_of(columns: list[Column]) -> Columns:
    """The bits of columns, empty ones at the top left out."""
    while columns and not columns[-1]:
        columns.pop()
    return tuple(tuple(map(bit_of, column)) for column in columns)


def merge(columns: list[Column], more: list[Column]) -> list[Column]:
    """The columns with what is in `more` besides."""
    columns += [[] for _ in range(len(more) - len(columns))]
    for column, entries in zip(columns, more, strict=False):
        for entry in entries:
            insort(column, entry)
    return columns


def bit_of(entry: Entry) -> Bit:
    """The bit of an entry."""
    return Bit(entry[2], entry[3], entry[1])


def push(linear: LinearGraph, columns: list[Column], place: int, bit: Bit) -> None:
    """Put a bit into the column of its place."""
    while len(columns) <= place:
        columns.append([])
    insort(columns[place], (linear.depth[bit.node], bit.inverted, bit.node, bit.place))
