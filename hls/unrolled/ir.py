"""The unrolled network's intermediate form: a graph of small integer operations, each with its exact range.

A node's value is an integer; on a wire it is unsigned when it can't be negative and two's complement
otherwise, and never wider than its range needs. `Graph.evaluate` is the exact interpreter that the
fast tests hold against the integer network; `hls.unrolled.emit` writes the same graph as Verilog.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hls.unrolled.fabric import FOUR, Fabric

Integers = NDArray[np.int64]

# Bits up to which a sum is rippled through LUTs: yosys gives so short a sum no carry chain either.
RIPPLE_BITS = 4
# Places of a carry chain that several sums share, at most.
CHAIN_PLACES = 24


@dataclass(frozen=True)
class Input:
    """Element `index` of the layer's input vector, as it is on the wire."""

    index: int


@dataclass(frozen=True)
class Constant:
    """A value that no input changes."""

    value: int


@dataclass(frozen=True)
class Operand:
    """``sign * (node << shift)``, sign +1 or -1."""

    node: int
    sign: int = 1
    shift: int = 0


@dataclass(frozen=True)
class Sum:
    """``a + b + offset`` on a carry chain; the offset, 0 or a power of two, keeps a difference unsigned."""

    a: Operand
    b: Operand
    offset: int = 0


@dataclass(frozen=True)
class Table:
    """The sum of ``factor * node`` over `terms` plus `offset`, of so few bits that it is a look-up table."""

    terms: tuple[tuple[int, int], ...]
    offset: int


@dataclass(frozen=True)
class Bit:
    """Bit `place` of a node's wire, or its complement."""

    node: int
    place: int
    inverted: bool = False


@dataclass(frozen=True)
class LookUp:
    """``values[index]``, of which `bits` are the index, the lowest first: any function of them."""

    bits: tuple[Bit, ...]
    values: tuple[int, ...]


@dataclass(frozen=True)
class Memory:
    """``values[index]`` as a `LookUp`, read from a block RAM, which shows it a clock after `bits` are there."""

    bits: tuple[Bit, ...]
    values: tuple[int, ...]


@dataclass(frozen=True)
class Parity:
    """Sum bit of a full adder."""

    bits: tuple[Bit, Bit, Bit]


@dataclass(frozen=True)
class Majority:
    """Carry bit of a full adder."""

    bits: tuple[Bit, Bit, Bit]


@dataclass(frozen=True)
class Rows:
    """``a + b + carry`` of two rows of single bits, lowest place first; None is zero."""

    a: tuple[Bit | None, ...]
    b: tuple[Bit | None, ...]
    carry: Bit | None = None


# The bits of each place of a sum, lowest place first.
Columns = tuple[tuple[Bit, ...], ...]


@dataclass(frozen=True)
class Counter:
    """The sum of `columns` and a carry on a chain of LUTs with two outputs.

    Of each two places from the lowest up, the lower and the upper have at most 6 and 0, 4 and 1, or 2 and 2 bits.
    """

    columns: Columns
    carry: Bit | None = None


@dataclass(frozen=True)
class Ternary:
    """The sum of `columns` and a carry at place `start`, of at most three bits a place (there: four), on such a chain.

    Below `start` a place has one bit at most.
    """

    columns: Columns
    carry: Bit | None
    start: int


@dataclass(frozen=True)
class Stretch:
    """The sum of `places` and a carry on a stretch of a chain behind 4-input tables; see `hls.unrolled.segments`.

    Each place has bits, pairs and trios of bits, two at most with the pairs and trios of the place below. The carry
    goes in at `start`; below that a place has one bit at most.
    """

    places: tuple[Columns, ...]
    carry: Bit | None
    start: int = 0

    @property
    def columns(self) -> Columns:
        """All bits that it adds, by place."""
        columns = [[bit for group in groups for bit in group] for groups in self.places]
        if self.carry:
            columns[self.start].append(self.carry)
        return tuple(map(tuple, columns))


@dataclass(frozen=True)
class Reached:
    """How many of the ascending `cuts` the sum of `columns` reaches, each place's bits counted by its weight."""

    columns: Columns
    cuts: tuple[int, ...]


@dataclass(frozen=True)
class Affine:
    """``a + offset``."""

    a: Operand
    offset: int


@dataclass(frozen=True)
class AtLeast:
    """1 where ``node >= threshold``; the complement if `inverted`."""

    node: int
    threshold: int
    inverted: bool = False


@dataclass(frozen=True)
class Count:
    """How many of a neuron's thresholds are reached; its levels fall from 1 to 0 (a thermometer code)."""

    levels: tuple[int, ...]


@dataclass(frozen=True)
class Greater:
    """1 where ``a > b``."""

    a: int
    b: int


@dataclass(frozen=True)
class Choose:
    """`one` where `select` is 1, else `zero`."""

    select: int
    one: int
    zero: int


Node = (
    Input
    | Constant
    | Sum
    | Table
    | LookUp
    | Memory
    | Parity
    | Majority
    | Rows
    | Counter
    | Ternary
    | Stretch
    | Reached
    | Affine
    | AtLeast
    | Count
    | Greater
    | Choose
)


def width_of(low: int, high: int) -> int:
    """Bits that a value in [low, high] needs: unsigned from zero up, two's complement otherwise; 1 at least."""
    if low >= 0:
        return max(1, high.bit_length())
    return 1 + max(high.bit_length(), (-1 - low).bit_length())


def operands_of(node: Node) -> tuple[int, ...]:
    """Identifiers of the nodes that a node reads."""
    match node:
        case Sum(a, b):
            return a.node, b.node
        case Table(terms):
            return tuple(source for source, _ in terms)
        case LookUp(bits) | Memory(bits):
            return tuple(dict.fromkeys(bit.node for bit in bits))
        case Parity(bits) | Majority(bits):
            return tuple(bit.node for bit in bits)
        case Rows(a, b, carry):
            return tuple(dict.fromkeys(bit.node for bit in (*a, *b, carry) if bit is not None))
        case Counter(columns, carry) | Ternary(columns, carry):
            single = (carry.node,) if carry else ()
            return tuple(dict.fromkeys((*(bit.node for column in columns for bit in column), *single)))
        case Stretch():
            return tuple(dict.fromkeys(bit.node for column in node.columns for bit in column))
        case Reached(columns):
            return tuple(dict.fromkeys(bit.node for column in columns for bit in column))
        case Affine(a):
            return (a.node,)
        case AtLeast(source):
            return (source,)
        case Count(levels):
            return levels
        case Greater(a, b):
            return a, b
        case Choose(select, one, zero):
            return select, one, zero
    return ()


@dataclass
class Graph:
    """Nodes in topological order, their exact ranges, and the nodes that are outputs.

    Equal nodes are one node: `add` returns the identifier (position) of the node that is already there.
    """

    fabric: Fabric = FOUR
    nodes: list[Node] = field(default_factory=list)
    low: list[int] = field(default_factory=list)
    high: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    _known: dict[Node, int] = field(default_factory=dict)

    def replace(self, identifier: int, node: Node) -> None:
        """Put an equal node, of operands before it, in a node's place; its range stays."""
        self._known.pop(self.nodes[identifier])
        self.nodes[identifier] = node
        self._known[node] = identifier

    def add(self, node: Node, low: int, high: int) -> int:
        """Identifier of `node`, whose value lies in [low, high] and takes both ends."""
        if node not in self._known:
            self._known[node] = len(self.nodes)
            self.nodes.append(node)
            self.low.append(low)
            self.high.append(high)
        return self._known[node]

    def width(self, identifier: int) -> int:
        """Bits of a node's wire."""
        return width_of(self.low[identifier], self.high[identifier])

    def signed(self, identifier: int) -> bool:
        """Whether a node's wire is two's complement."""
        return self.low[identifier] < 0

    def passed_bits(self, identifier: int) -> int:
        """Low bits of a sum to which only one of its operands contributes."""
        match self.nodes[identifier]:
            case Sum(a, b) if (a if a.shift == 0 else b).sign > 0:
                return min(max(a.shift, b.shift), self.width((a if a.shift == 0 else b).node))
            case Rows(a, b, None):
                return next((i for i, pair in enumerate(zip(a, b, strict=True)) if None not in pair), len(a))
        return 0

    def chain_bits(self, identifier: int) -> int:
        """Bits of adder that a sum takes."""
        return self.width(identifier) - self.passed_bits(identifier)

    def needed(self, outputs: list[int] | None = None) -> set[int]:
        """Identifiers that the outputs (all, or those given) depend on, themselves included."""
        pending, seen = list(self.outputs if outputs is None else outputs), set[int]()
        while pending:
            identifier = pending.pop()
            if identifier not in seen:
                seen.add(identifier)
                pending.extend(operands_of(self.nodes[identifier]))
        return seen

    def evaluate(self, x: Integers) -> dict[int, Integers]:
        """Value of every needed node, each of shape (batch,), for wire values x of shape (batch, inputs)."""
        values: dict[int, Integers] = {}
        for identifier in sorted(self.needed()):
            value = evaluate_node(self.nodes[identifier], x, values.__getitem__)
            values[identifier] = np.broadcast_to(value, (len(x),))
        return values

    def run(self, x: Integers) -> Integers:
        """Outputs, shape (batch, outputs), for wire values x of shape (batch, inputs)."""
        values = self.evaluate(x)
        return np.stack([values[output] for output in self.outputs], axis=1)


def evaluate_node(node: Node, x: Integers, value: Callable[[int], Integers]) -> Integers:
    """Value of one node, shape (batch,) or (), for wire values x of shape (batch, inputs) and those of its operands."""

    def term(operand: Operand) -> Integers:
        return operand.sign * (value(operand.node) << operand.shift)

    def bit(source: Bit | None) -> Integers:
        if source is None:
            return np.zeros(len(x), dtype=np.int64)
        return value(source.node) >> source.place & 1 ^ source.inverted

    def total(columns: Columns) -> Integers:
        bits = [bit(b) << place for place, column in enumerate(columns) for b in column]
        return np.asarray(sum(bits, np.zeros(len(x), dtype=np.int64)))

    match node:
        case Input(index):
            return x[:, index]
        case Constant(constant):
            return np.asarray(constant, dtype=np.int64)
        case Sum(a, b, offset):
            return term(a) + term(b) + offset
        case Table(terms, offset):
            return np.asarray(sum(value(source) * factor for source, factor in terms) + offset)
        case LookUp(bits, entries) | Memory(bits, entries):
            looked_up: Integers = np.array(entries, dtype=np.int64)[total(tuple((b,) for b in bits))]
            return looked_up
        case Parity(bits):
            return bit(bits[0]) ^ bit(bits[1]) ^ bit(bits[2])
        case Majority(bits):
            return (bit(bits[0]) + bit(bits[1]) + bit(bits[2])) >> 1
        case Rows(first, second, carry):
            places = [(bit(b) + bit(c)) << i for i, (b, c) in enumerate(zip(first, second, strict=True))]
            return np.asarray(sum(places) + bit(carry))
        case Counter(columns, carry):
            return total(columns) + bit(carry)
        case Ternary(columns, carry, start):
            return total(columns) + (bit(carry) << start)
        case Stretch():
            return total(node.columns)
        case Reached(columns, cuts):
            return np.searchsorted(np.array(cuts), total(columns), side="right").astype(np.int64)
        case Affine(a, offset):
            return term(a) + offset
        case AtLeast(source, threshold, inverted):
            return ((value(source) >= threshold) ^ inverted).astype(np.int64)
        case Count(levels):
            return np.asarray(sum(value(level) for level in levels))
        case Greater(left, right):
            return (value(left) > value(right)).astype(np.int64)
        case Choose(select, one, zero):
            return np.where(value(select) == 1, value(one), value(zero))
