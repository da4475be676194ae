"""A heap of bits on a fabric with tables on its carry chains.

`segments` plans from the heap's heights; here its segments get their bits, the earliest first. A segment of which most
bits are inverted adds their complements, and its result's bits are inverted: few tables on a chain take inverted bits
beside others (`hls.unrolled.places`).
"""

from __future__ import annotations

from dataclasses import replace

from hls.unrolled.heaps import Column, Entry, Heap, bit_of, bits_of, columns_of, heap_of, merge, push
from hls.unrolled.ir import Bit, Columns, Operand, Stretch
from hls.unrolled.linear import LinearGraph
from hls.unrolled.segments import Groups, Segment, plan


def segment_sum(linear: LinearGraph, terms: list[Operand], outputs: int) -> Heap:
    """The sum of terms, with as many bits left as are compared at once to give `outputs` bits (0: one node's)."""
    heap = heap_of(linear, terms)
    made = plan(tuple(map(len, heap.columns)), outputs)
    columns = columns_of(linear, heap.columns)
    for level in made.levels:
        results: list[Column] = []
        for segment in level:
            bits, constant = _result(linear, columns, segment)
            heap = replace(heap, constant=heap.constant + constant)
            for offset, bit in enumerate(bits):
                push(linear, results, segment.start + offset, bit)
        columns = merge(columns, results)
    if made.last:
        return _added(linear, terms, replace(heap, columns=bits_of(columns)), made.last)
    return replace(heap, columns=bits_of(columns))


def _result(linear: LinearGraph, columns: list[Column], segment: Segment) -> tuple[list[Bit], int]:
    """Take a segment's bits out of the columns; its result's bits, the lowest first, and by how much they are more."""
    wanted = [columns[place][:count] for place, count in enumerate(segment.taken, segment.start) if count]
    inverted = _mostly_inverted(wanted)
    node = linear.add_gate(_stretch(columns, segment, inverted=inverted))
    width = linear.graph.width(node)
    more = ((1 << width) - 1 - linear.graph.high[node]) << segment.start if inverted else 0
    return [Bit(node, place, inverted) for place in range(width)], more


def _added(linear: LinearGraph, terms: list[Operand], heap: Heap, last: Segment) -> Heap:
    """The heap as one node, of the sum's negative where most of its bits are inverted."""
    columns = columns_of(linear, heap.columns)
    inverted = _mostly_inverted(columns)
    added, value = (heap.negated(), [replace(t, sign=-t.sign) for t in terms]) if inverted else (heap, terms)
    low_places = [(_turned(column, inverted=inverted),) for column in columns[: last.start]]
    stretch = _stretch(columns, last, inverted=inverted)
    stretch = replace(stretch, places=(*low_places, *stretch.places), start=last.start)
    node = linear.add_heap(stretch, value, added.constant)
    bits = tuple((Bit(node, place),) for place in range(linear.graph.width(node)))
    sum_of_bits = Heap(bits, added.constant, added.low, added.high)
    return sum_of_bits.negated() if inverted else sum_of_bits


def _mostly_inverted(columns: list[Column]) -> bool:
    entries = [entry for column in columns for entry in column]
    return 2 * sum(inverted for _, inverted, _, _ in entries) > len(entries)


def _stretch(columns: list[Column], segment: Segment, *, inverted: bool) -> Stretch:
    """The segment with the earliest bits of its columns, which it takes out of them."""
    taken = [
        _take(columns, place, count, inverted=inverted) for place, count in enumerate(segment.taken, segment.start)
    ]
    carry = taken[0].pop() if segment.carry else None
    return Stretch(tuple(_grouped(bits, groups) for bits, groups in zip(taken, segment.places, strict=True)), carry)


def _take(columns: list[Column], place: int, count: int, *, inverted: bool) -> list[Bit]:
    """The earliest bits of a place, those that stay inverted last."""
    if not count:
        return []
    column = columns[place]
    column.sort(key=lambda entry: (entry[0], entry[1] != inverted))
    taken, columns[place] = column[:count], column[count:]
    return sorted(_turned(taken, inverted=inverted), key=lambda bit: bit.inverted)


def _turned(entries: list[Entry], *, inverted: bool) -> tuple[Bit, ...]:
    bits = map(bit_of, entries)
    return tuple(replace(bit, inverted=bit.inverted != inverted) for bit in bits)


def _grouped(bits: list[Bit], groups: Groups) -> Columns:
    """The bits in groups of these sizes; the largest get the first ones."""
    found, start = list[tuple[Bit, ...]](), 0
    for size in sorted(groups, reverse=True):
        found.append(tuple(bits[start : start + size]))
        start += size
    return tuple(found)
