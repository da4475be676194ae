"""Sums of a layer's inputs as graph nodes, each with the exact range of the linear form it computes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hls.unrolled.fabric import FOUR, Fabric
from hls.unrolled.ir import (
    Affine,
    Bit,
    Columns,
    Constant,
    Counter,
    Graph,
    Input,
    Majority,
    Node,
    Operand,
    Parity,
    Rows,
    Stretch,
    Sum,
    Table,
    Ternary,
    operands_of,
    width_of,
)

Integers = NDArray[np.int64]


class LinearGraph:
    """Builds sums over inputs with known ranges.

    A node computes ``coefficients @ inputs + constant``. Because the inputs are independent, its range is
    exact however often an input takes part, which chaining intervals would only bound.
    """

    def __init__(self, low: Integers, high: Integers, fabric: Fabric = FOUR) -> None:
        """Start with one node an input, whose wire values lie in [low, high], each of shape (inputs,)."""
        self.graph, self.fabric = Graph(fabric=fabric), fabric
        self._low, self._high = low, high
        self.coefficients: list[Integers] = []
        self.constants: list[int] = []
        self.depth: list[int] = []
        for index, row in enumerate(np.eye(len(low), dtype=np.int64)):
            self.graph.add(Input(index), int(low[index]), int(high[index]))
            self._note(row, 0, 0)

    def combine(self, a: Operand, b: Operand) -> Operand:
        """The sum of two operands as one operand; its common sign and shift stay outside the node."""
        shift = min(a.shift, b.shift)
        negative = a.sign < 0 and b.sign < 0
        if negative or (a.sign < 0 < b.sign):
            a, b = (b, a) if not negative else (a, b)
        first = Operand(a.node, 1, a.shift - shift)
        second = Operand(b.node, 1 if negative else b.sign, b.shift - shift)
        if second.sign > 0 and (second.node, second.shift) < (first.node, first.shift):
            first, second = second, first
        return Operand(self._sum(first, second), -1 if negative else 1, shift)

    def exact(self, term: Operand, constant: int) -> int:
        """Node whose value is the term's linear form, without the nodes' own offsets, plus `constant`."""
        offset = constant - term.sign * (self.constants[term.node] << term.shift)
        if term.sign > 0 and term.shift == 0 and offset == 0:
            return term.node
        coefficients = term.sign * (self.coefficients[term.node] << term.shift)
        low, high = self._range(coefficients, constant)
        # Inputs that never change may leave a value narrower than the term's shift, which no wire can show.
        if low == high:
            return self.constant(low)
        return self._add(Affine(term, offset), coefficients, constant, (low, high))

    def bounds(self, a: Operand, b: Operand) -> tuple[int, int]:
        """Interval that holds the sum of two operands; cheaper than making the node."""
        ends = [self._ends(a), self._ends(b)]
        return sum(low for low, _ in ends), sum(high for _, high in ends)

    def constant(self, value: int) -> int:
        """Node of a constant."""
        identifier = self.graph.add(Constant(value), value, value)
        if identifier == len(self.coefficients):
            self._note(np.zeros(len(self._low), np.int64), value, 0)
        return identifier

    def _sum(self, a: Operand, b: Operand) -> int:
        coefficients = self._form([a, b])
        leaves = np.flatnonzero(coefficients).tolist()
        if sum(self.graph.width(leaf) for leaf in leaves) <= self.fabric.table_bits:
            terms = [(leaf, int(coefficients[leaf])) for leaf in leaves]
        elif self.graph.width(a.node) + self.graph.width(b.node) <= self.fabric.table_bits:
            terms = [(o.node, o.sign << o.shift) for o in (a, b)]
        else:
            return self._chain(a, b, coefficients)
        constant = sum(factor * self.constants[node] for node, factor in terms)
        low, high = self._range(coefficients, constant)
        return self._add(Table(tuple(terms), -low), coefficients, constant - low, (0, high - low))

    def _chain(self, a: Operand, b: Operand, coefficients: Integers) -> int:
        if self.fabric.tables_on_chain:
            columns, constant = self.bits([a, b])
            first = next((place for place, column in enumerate(columns) if len(column) > 1), len(columns))
            node = Stretch(tuple(tuple((bit,) for bit in column) for column in columns), None, first)
            return self._add(node, coefficients, constant, self._range(coefficients, constant))
        constant = sum(o.sign * (self.constants[o.node] << o.shift) for o in (a, b))
        low, high = self._range(coefficients, constant)
        offset = 0
        if low < 0 and min(self.graph.low[a.node], self.graph.low[b.node]) >= 0:
            # The lowest bit that is free in a and large enough to keep the difference unsigned.
            offset = 1 << max(self._ends(a)[1].bit_length(), (-1 - low).bit_length())
        return self._add(Sum(a, b, offset), coefficients, constant + offset, (low + offset, high + offset))

    def add_rows(self, terms: list[Operand], rows: list[list[Bit | None]]) -> int:
        """Node that adds two rows of bits which together are the sum of positive `terms`."""
        coefficients = self._form(terms)
        constant = sum(self.constants[o.node] << o.shift for o in terms)
        low, high = self._range(coefficients, constant)
        # The sum can't reach beyond its range, so bits above are always zero.
        width = width_of(low, high)
        a, b = ((*row, *([None] * width))[:width] for row in rows)
        return self._add(Rows(tuple(a), tuple(b)), coefficients, constant, (low, high))

    def add_heap(self, node: Ternary | Stretch, terms: list[Operand], constant: int) -> int:
        """Node whose value is the linear form of the terms plus `constant`, never negative."""
        coefficients = self._form(terms)
        low, high = self._range(coefficients, constant)
        return self._add(node, coefficients, constant, (low, high))

    def bounds_of(self, terms: list[Operand]) -> tuple[int, int]:
        """Exact range of the linear form of the terms, without their nodes' own offsets."""
        return self._range(self._form(terms), 0)

    def bits(self, terms: list[Operand]) -> tuple[Columns, int]:
        """Bits by place whose sum is that of the terms plus the constant; subtracted ones are inverted."""
        columns, constant = list[list[Bit]](), 0
        for term in terms:
            width, signed = self.graph.width(term.node), self.graph.signed(term.node)
            for place in range(width):
                taken = (term.sign < 0) != (signed and place == width - 1)
                constant += taken << (place + term.shift)
                while len(columns) <= place + term.shift:
                    columns.append([])
                columns[place + term.shift].append(Bit(term.node, place, taken))
            constant += term.sign * (self.constants[term.node] << term.shift)
        return tuple(map(tuple, columns)), constant

    def _form(self, terms: list[Operand]) -> Integers:
        parts = (o.sign * (self.coefficients[o.node] << o.shift) for o in terms)
        return np.asarray(sum(parts, np.zeros(len(self._low), np.int64)))

    def add_gate(self, gate: Parity | Majority | Rows | Counter | Stretch) -> int:
        """Node of a step of a carry-save sum; its bits have no linear form of their own."""
        high = 1
        if isinstance(gate, Rows):
            high = (2 << len(gate.a)) - 1
        elif isinstance(gate, Stretch):
            high = sum(len(column) << place for place, column in enumerate(gate.columns))
        elif isinstance(gate, Counter):
            high = sum(len(column) << place for place, column in enumerate(gate.columns)) + (gate.carry is not None)
        return self._add(gate, np.zeros(len(self._low), np.int64), 0, (0, high))

    def _add(self, node: Node, coefficients: Integers, constant: int, ends: tuple[int, int]) -> int:
        identifier = self.graph.add(node, *ends)
        if identifier == len(self.coefficients):
            depth = 1 + max(self.depth[source] for source in operands_of(node))
            self._note(coefficients, constant, depth)
        return identifier

    def _ends(self, operand: Operand) -> tuple[int, int]:
        low, high = self.graph.low[operand.node], self.graph.high[operand.node]
        if operand.sign < 0:
            low, high = -high, -low
        return low << operand.shift, high << operand.shift

    def _range(self, coefficients: Integers, constant: int) -> tuple[int, int]:
        at_low, at_high = coefficients * self._low, coefficients * self._high
        low, high = np.minimum(at_low, at_high).sum(), np.maximum(at_low, at_high).sum()
        return int(low) + constant, int(high) + constant

    def _note(self, coefficients: Integers, constant: int, depth: int) -> None:
        self.coefficients.append(coefficients)
        self.constants.append(constant)
        self.depth.append(depth)
