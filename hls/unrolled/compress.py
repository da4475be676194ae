"""Carry-save addition of narrow terms on shared carry chains.

A *segment* adds two bits of each of v neighbouring places and one bit more in the lowest, and yields v + 1
bits: v bits saved for v + 1 places of a chain, because the place that shows a segment's carry-out also
feeds the next segment's extra bit in. Rows of two such operands cost two to three places for a bit
saved when they are added as separate narrow numbers.
"""

from __future__ import annotations

from bisect import insort

from hls.unrolled.ir import Bit, Majority, Operand, Parity, Rows
from hls.unrolled.linear import LinearGraph

# Places of a segment at most, so that a segment's delay stays that of a short chain.
_LONGEST = 6

# Bits of one place as (depth, node, place in the node), the earliest first.
_Column = list[tuple[int, int, int]]


def compress(linear: LinearGraph, terms: list[Operand]) -> Operand:
    """The sum of terms that are unsigned nodes and added, not subtracted."""
    if len(terms) == 1:
        return terms[0]
    shift = min(term.shift for term in terms)
    terms = [Operand(term.node, 1, term.shift - shift) for term in terms]
    columns: list[_Column] = []
    for term in terms:
        for place in range(linear.graph.width(term.node)):
            _push(linear, columns, place + term.shift, Bit(term.node, place))
    while max(map(len, columns)) > 2:
        columns = _round(linear, columns)
    rows = [[Bit(*c[i][1:]) if len(c) > i else None for c in columns] for i in (0, 1)]
    return Operand(linear.add_rows(terms, rows), 1, shift)


def _round(linear: LinearGraph, columns: list[_Column]) -> list[_Column]:
    """One level: segments, then full adders in LUTs where only single places are too high."""
    results: list[_Column] = [[] for _ in columns]
    for least in (2, 1):
        for place in range(len(columns)):
            while (size := _segment_size(columns, place)) >= least:
                for offset, bit in enumerate(_segment(linear, columns, place, size)):
                    _push(linear, results, place + offset, bit)
    for place, column in enumerate(columns):
        for entry in column:
            insort(results[place], entry)
    return results


def _segment_size(columns: list[_Column], place: int) -> int:
    """Places of the segment that can start at `place`; 0 if none can."""
    if len(columns[place]) < 3:
        return 0
    size = 1
    while size < _LONGEST and place + size < len(columns) and len(columns[place + size]) >= 2:
        size += 1
    return size


def _segment(linear: LinearGraph, columns: list[_Column], place: int, size: int) -> list[Bit]:
    """Take a segment's bits out of the columns and return its result bits, the lowest first."""
    a, b = list[Bit](), list[Bit]()
    for column in columns[place : place + size]:
        for row in (a, b):
            row.append(_pop(column, row[-1] if row else None))
    carry = _pop(columns[place], None)
    if size == 1:
        bits = (carry, a[0], b[0])
        return [Bit(linear.add_gate(Parity(bits)), 0), Bit(linear.add_gate(Majority(bits)), 0)]
    node = linear.add_gate(Rows(tuple(a), tuple(b), carry))
    return [Bit(node, i) for i in range(size + 1)]


def _pop(column: _Column, below: Bit | None) -> Bit:
    """The bit above `below` in its node, which keeps words together for simulators; else the earliest bit."""
    wanted = (below.node, below.place + 1) if below else None
    index = next((i for i, entry in enumerate(column) if entry[1:] == wanted), 0)
    return Bit(*column.pop(index)[1:])


def _push(linear: LinearGraph, columns: list[_Column], place: int, bit: Bit) -> None:
    while len(columns) <= place:
        columns.append([])
    insort(columns[place], (linear.depth[bit.node], bit.node, bit.place))
