"""Pipelining: which clock cycle of a layer each node is computed in.

Delays are those of the graph's fabric (`hls.unrolled.fabric`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hls.unrolled.cost import significant_bits
from hls.unrolled.counting import search_luts
from hls.unrolled.fabric import Fabric
from hls.unrolled.ir import (
    CHAIN_PLACES,
    RIPPLE_BITS,
    Affine,
    AtLeast,
    Choose,
    Constant,
    Count,
    Counter,
    Graph,
    Greater,
    Input,
    LookUp,
    Majority,
    Memory,
    Parity,
    Reached,
    Rows,
    Stretch,
    Sum,
    Table,
    Ternary,
    operands_of,
)

# Share of the clock period that is planned for; the rest is for congested routing.
_PLANNED = 0.75


@dataclass(frozen=True)
class Schedule:
    """When each needed node is computed.

    Attributes:
        cycle: clock cycle that shows each node; cycle 0 reads the layer's inputs.
        level: how many nodes of the same cycle lie before it on its longest path.
        arrival: nanoseconds after the beginning of its cycle at which each is there.
        latency: the cycle in which the outputs are read, those of earlier cycles from registers.
        results: nanoseconds after the beginning of that cycle at which each output is there.
    """

    cycle: dict[int, int]
    level: dict[int, int]
    arrival: dict[int, float]
    latency: int
    results: tuple[float, ...]

    def registered(self) -> Schedule:
        """With a register behind every output."""
        return replace(self, latency=self.latency + 1, results=(0.0,) * len(self.results))


def budget_ns(fabric: Fabric, clock_hz: int, scattered: float = 0) -> float:
    """What is planned for the logic of one cycle, in nanoseconds.

    Args:
        scattered: LUTs of a core whose neurons are tables, with connections from anywhere; 0 of another.
    """
    share = min(_PLANNED, fabric.side / math.sqrt(scattered)) if scattered and fabric.side else _PLANNED
    return share * 1e9 / clock_hz - fabric.delays.register


def schedule(graph: Graph, clock_hz: int, inputs: Sequence[float] = (), scattered: float = 0) -> Schedule:
    """Fill each cycle with as many levels as the clock period holds.

    Args:
        scattered: see `budget_ns`.
        inputs: nanoseconds after the beginning of cycle 0 at which each input is there; by default at once.
    """
    budget = budget_ns(graph.fabric, clock_hz, scattered)
    cycle: dict[int, int] = {}
    level: dict[int, int] = {}
    arrival: dict[int, float] = {}
    for identifier in sorted(graph.needed()):
        node = graph.nodes[identifier]
        sources = [s for s in operands_of(node) if not isinstance(graph.nodes[s], Constant)]
        start = max((cycle[source] for source in sources), default=0)
        ready = max((arrival[s] for s in sources if cycle[s] == start), default=0.0)
        late = inputs[node.index] if inputs and isinstance(node, Input) else 0.0
        delay = late or delay_ns(graph, identifier)
        if is_memory(graph, identifier):
            over = 1 + (ready > 0 and ready + graph.fabric.delays.address > budget)
        else:
            over = int(ready > 0 and ready + delay > budget)
        cycle[identifier] = start + over
        same = [level[source] for source in sources if cycle[source] == cycle[identifier]]
        level[identifier] = 1 + max(same, default=-1)
        arrival[identifier] = delay if over else ready + delay
    latency = max((cycle[output] for output in graph.outputs), default=0)
    results = tuple(arrival[output] if cycle[output] == latency else 0.0 for output in graph.outputs)
    return Schedule(cycle, level, arrival, latency, results)


def is_memory(graph: Graph, identifier: int) -> bool:
    """Whether a node is read from a block RAM, which takes its address in the cycle before the node's own."""
    return isinstance(graph.nodes[identifier], Memory)


def delay_ns(graph: Graph, identifier: int) -> float:
    """Delay of one node with the routing before it, in nanoseconds."""
    width, delays = graph.width(identifier), graph.fabric.delays
    match graph.nodes[identifier]:
        case Input() | Constant():
            return 0.0
        case Table() | Parity() | Majority():
            return delays.lut
        case Memory():
            return delays.memory
        case LookUp(places):
            return delays.lut * (2 if len(places) > graph.fabric.lut_inputs else 1)
        case Rows(_, _, carry) if carry is not None:
            return delays.chain + delays.place * CHAIN_PLACES
        case Stretch(places):
            trios = any(len(group) == 3 for groups in places for group in groups)
            # Late sums lie above early ones, so their own places and few others are on the way.
            return delays.lut * trios + delays.chain + delays.place * CHAIN_PLACES / 2
        case Sum() | Rows() if graph.chain_bits(identifier) <= RIPPLE_BITS:
            return delays.lut * graph.chain_bits(identifier) / 2
        case Sum() | Rows() | Affine():
            return delays.chain + delays.place * width
        case Greater(a) if graph.fabric.paired:
            return delays.chain + delays.place * graph.width(a) / 2
        case Greater(a) if graph.fabric.tables_on_chain:
            return delays.chain + delays.place * graph.width(a)
        case Greater(a):
            # Synthesis takes the carry out through a look-up table.
            return delays.chain + delays.place * graph.width(a) + delays.lut
        case Counter(columns) | Ternary(columns):
            return delays.chain + delays.place * len(columns)
        case Reached(columns):
            bits, inputs = sum(map(len, columns)), graph.fabric.lut_inputs
            return delays.lut * (1 if bits <= inputs else search_luts(bits, width, inputs))
        case AtLeast(source, threshold):
            bits = significant_bits(graph.width(source), threshold)
            return delays.lut * math.ceil((bits - 1) / 3)
        case Count(levels):
            return delays.lut * math.ceil(len(levels) / 4) if len(levels) > 1 else 0.0
        case Choose():
            return delays.lut
    return 0.0
