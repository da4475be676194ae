"""What a node costs in logic: the figures behind the choice of adders and behind the estimate.

A carry chain takes one LUT position a bit, in pairs (ECP5's CCU2C); a narrow sum is cheaper as tables.
"""

from __future__ import annotations

from hls.unrolled import segments
from hls.unrolled.counting import compare_luts, counter_luts, ternary_luts
from hls.unrolled.ir import (
    Affine,
    AtLeast,
    Choose,
    Count,
    Counter,
    Graph,
    Greater,
    LookUp,
    Majority,
    Parity,
    Reached,
    Rows,
    Stretch,
    Sum,
    Table,
    Ternary,
)


def positions(graph: Graph, identifier: int) -> float:
    """LUT positions of a node, before the synthesiser merges logic."""
    width = graph.width(identifier)
    match graph.nodes[identifier]:
        case Rows(a, _, carry) if carry is not None:
            return len(a) + 1
        case Sum() | Rows():
            bits = graph.chain_bits(identifier)
            return bits + (bits in (3, 4, 5))
        case Counter(columns, _):
            return counter_luts(tuple(map(len, columns)))
        case Ternary(columns, carry, _):
            return ternary_luts(tuple(map(len, columns)))
        case Stretch(places, _, start):
            trios = sum(len(group) == 3 for groups in places for group in groups)
            return min(width, len(places)) - start + 1 + trios
        case Reached(columns, _) if not graph.fabric.paired:
            return segments.compare_luts(sum(map(len, columns)), width)
        case Reached(columns, _):
            return compare_luts(sum(map(len, columns)), width)
        case LookUp(bits):
            several = 1 << max(0, len(bits) - graph.fabric.lut_inputs)
            return width * (several + graph.fabric.joined * (several - 1))
        case Parity() | Majority():
            return 1
        case Table() | Choose() if graph.fabric.paired:
            return -(-width // 2)
        case Greater(left, right) if graph.fabric.paired:
            return -(-max(graph.width(left), graph.width(right)) // 2)
        case Table() | Affine():
            return width
        case AtLeast(source, threshold):
            return max(0.0, (significant_bits(graph.width(source), threshold) - 1) / 3)
        case Count(levels):
            return len(levels) / 2 if len(levels) > 1 else 0
        case Greater(left, right) if graph.fabric.tables_on_chain:
            return max(graph.width(left), graph.width(right)) + 1
        case Greater(left, right):
            return max(graph.width(left), graph.width(right))
        case Choose():
            return width
    return 0


def total_positions(graph: Graph, outputs: list[int]) -> float:
    """LUT positions of all that some outputs depend on."""
    return sum(positions(graph, identifier) for identifier in sorted(graph.needed(outputs)))


def significant_bits(width: int, threshold: int) -> int:
    """Bits of a node that a comparison with `threshold` looks at: those from its lowest set bit up."""
    if threshold == 0:
        return 1
    return max(1, width - ((threshold & -threshold).bit_length() - 1))
