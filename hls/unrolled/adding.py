"""How a fabric adds up a heap of bits: on carry chains behind LUTs with two outputs, or behind 4-input tables."""

from __future__ import annotations

from hls.unrolled import counting, segments
from hls.unrolled.counting import Heights
from hls.unrolled.fabric import Fabric
from hls.unrolled.heaps import Heap
from hls.unrolled.ir import Operand
from hls.unrolled.linear import LinearGraph
from hls.unrolled.paired_heaps import paired_sum
from hls.unrolled.segment_heaps import segment_sum


def heap_sum(linear: LinearGraph, terms: list[Operand], outputs: int) -> Heap:
    """The sum of terms, with as many bits left as are compared at once to give `outputs` bits (0: one node's)."""
    return (paired_sum if linear.fabric.paired else segment_sum)(linear, terms, outputs)


def planned_luts(fabric: Fabric, heights: Heights, outputs: int) -> float:
    """LUTs by which a heap of these heights is added up, and compared to give `outputs` bits (0: not compared)."""
    return counting.plan(heights, outputs).luts if fabric.paired else segments.plan(heights, outputs).luts


def node_of(heap: Heap) -> Operand:
    """A sum that is one node's bits as a term."""
    lowest = heap.columns[0][0]
    return Operand(lowest.node, -1 if lowest.inverted else 1)
