"""Nodes of a graph as Verilog wires, all unsigned vectors with explicit extensions.

Additions share carry chains where they can (see `Expressions.define_chain`); short ones that stay alone
are rippled through LUTs, because yosys gives a sum of up to four bits no carry chain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

from hls.unrolled.ir import (
    RIPPLE_BITS,
    Affine,
    AtLeast,
    Bit,
    Choose,
    Columns,
    Constant,
    Count,
    Counter,
    Graph,
    Greater,
    LookUp,
    Majority,
    Memory,
    Operand,
    Parity,
    Reached,
    Rows,
    Stretch,
    Sum,
    Table,
    Ternary,
    operands_of,
)
from hls.unrolled.pairs import Function, Pairs, Single, Value, added, chosen, counted, greater, reached, tables
from hls.unrolled.places import ChainLines, either

# Name, in the reader's cycle, of a node's wire.
Names = Callable[[int], str]

SINGLE = (Reached, Table)
"""Nodes that are instances of look-up tables where carry chains have such in front of them."""

PAIRED = (Counter, Ternary, Reached, Table, LookUp, Greater, Choose)
"""Nodes that are instances of look-up tables where these have two outputs."""

_ZERO = "1'b0"


class Expressions:
    """Writes nodes; collects the tables they use.

    Attributes:
        tables: contents of each table by name, bit i its value for index i.
    """

    def __init__(self, graph: Graph) -> None:
        """Start without tables."""
        self._graph = graph
        self.tables: dict[str, int] = {}

    def define(self, identifier: int, names: Names) -> str:
        """The line that declares and drives the wire ``n<identifier>`` of a node that is no input or sum."""
        return self._declare(identifier, self._expression(identifier, names))

    def define_tables(self, identifier: int, names: Names) -> list[str]:
        """Lines that declare and drive a node by look-up tables with one output."""
        node, width = self._graph.nodes[identifier], self._graph.width(identifier)
        single = Single(f"n{identifier}", lambda bit: self._bit(bit, names))
        match node:
            case Reached(columns, cuts):
                value = reached(single, node, width)
                sums = self._counted(identifier, columns, cuts, names)
            case Table(terms, offset):
                value, sums = self._tables_of(single, terms, offset, width), []
            case _:
                raise TypeError(f"node {identifier} is not of look-up tables with one output")
        tables = [*single.lines, self._declare(identifier, _joined(value))]
        return either(sums, tables) if sums else tables

    def define_stretches(self, chain: str, identifiers: list[int], names: Names) -> list[str]:
        """Lines that declare and drive sums that share one chain behind tables."""
        sums, lines, on_chain = list[str](), list[str](), ChainLines(chain, lambda bit: self._bit(bit, names))
        for identifier in identifiers:
            node, width = self._graph.nodes[identifier], self._graph.width(identifier)
            assert isinstance(node, Stretch)
            lines.append(self._declare(identifier, _joined(on_chain.add(node, width))))
            sums.append(self._declare(identifier, self._summed(node.columns, width, names)))
        return either(sums, [*on_chain.instance(), *lines])

    def _summed(self, columns: Columns, width: int, names: Names) -> str:
        """The sum of bits by place, as numbers of `width` bits."""
        rows = []
        for index in range(max(map(len, columns))):
            given = [column[index] if index < len(column) else None for column in columns]
            bits = [f"{'~' * (bit is not None and bit.inverted)}{self._bit(bit, names)}" for bit in given]
            rows.append(_joined(_runs([*bits, *[_ZERO] * width][:width])))
        return " + ".join(rows)

    def _counted(self, identifier: int, columns: Columns, cuts: Sequence[int], names: Names) -> list[str]:
        """Lines of how many cuts the sum of columns reaches, each compared by itself."""
        most = sum(len(column) << place for place, column in enumerate(columns))
        total, width = f"n{identifier}_s", most.bit_length()
        line = f"{_wire(total, width)} = {self._summed(columns, width, names)};"
        always = sum(cut <= 0 for cut in cuts)
        compared = [f"({total} >= {width}'d{cut})" for cut in cuts if 0 < cut <= most]
        own = self._graph.width(identifier)
        return [line, self._declare(identifier, " + ".join([f"{own}'d{always}", *compared]))]

    def define_greater(self, identifier: int, names: Names) -> list[str]:
        """Lines that declare and drive a comparison on a chain behind tables."""
        node = self._graph.nodes[identifier]
        assert isinstance(node, Greater)
        on_chain = ChainLines(f"n{identifier}_g", lambda bit: self._bit(bit, names))
        wire = on_chain.compare(*self._comparable(node.a, node.b))
        return [*on_chain.instance(), self._declare(identifier, wire)]

    def define_pairs(self, identifier: int, names: Names) -> list[str]:
        """Lines that declare and drive a node by look-up tables with two outputs."""
        node, width = self._graph.nodes[identifier], self._graph.width(identifier)
        pairs = Pairs(f"n{identifier}", lambda bit: self._bit(bit, names))
        match node:
            case Counter():
                value = counted(pairs, node, width)
            case Ternary():
                value = added(pairs, node, width)
            case Reached():
                value = _joined(reached(pairs, node, width))
            case Table(terms, offset):
                value = _joined(self._tables_of(pairs, terms, offset, width))
            case LookUp(bits, values):
                value = _joined(tables(pairs, list(bits), [_bit_of(values, place) for place in range(width)]))
            case Greater(a, b):
                value = greater(pairs, *self._comparable(a, b))
            case Choose(select, one, zero):
                rows = ([self._at(source, place) for place in range(width)] for source in (one, zero))
                value = _joined(chosen(pairs, Bit(select, 0), *rows))
            case _:
                raise TypeError(f"node {identifier} is not of look-up tables with two outputs")
        return [*pairs.lines, self._declare(identifier, value)]

    def define_chain(self, chain: str, identifiers: list[int], names: Names) -> list[str]:
        """Lines that declare and drive the sums `identifiers`, which share one carry chain.

        Between two sums lies one place with the lower bit of the upper sum's carry as both its operands: it
        shows the carry out of the sum below and feeds that bit in as the carry of the sum above.
        """
        if len(identifiers) == 1 and not self._carry(identifiers[0]):
            return self._alone(chain, identifiers[0], names)
        left, right, lines = list[str](), list[str](), list[str]()
        for identifier in identifiers:
            if carry := self._carry(identifier):
                left.append(self._bit(carry, names))
                right.append(left[-1])
            start, (a, b, passed) = len(left), self._operands(identifier, names)
            size = len(a)
            while a and a[-1] == b[-1] == _ZERO:
                a, b = a[:-1], b[:-1]
            left, right = left + a, right + b
            parts = [_slice(chain, start + size - 1, start), *passed]
            lines.append(self._declare(identifier, _joined(parts)))
        if start + size > len(left):
            left, right = [*left, _ZERO], [*right, _ZERO]
        total = f"{_joined(_runs(left))} + {_joined(_runs(right))}"
        return [f"wire [{len(left) - 1}:0] {chain} = {total};", *lines]

    def address(self, identifier: int, names: Names) -> str:
        """A memory's address; names are those of the cycle before it shows the node."""
        node = self._graph.nodes[identifier]
        assert isinstance(node, Memory)
        return _joined(_runs([self._bit(bit, names) for bit in node.bits]))

    def extended(self, identifier: int, width: int, names: Names, shift: int = 0) -> str:
        """A node's value shifted up, as an expression of exactly `width` bits (cut or extended)."""
        node, own = self._graph.nodes[identifier], self._graph.width(identifier)
        if isinstance(node, Constant):
            return f"{width}'d{(node.value << shift) & ((1 << width) - 1)}"
        name, missing = names(identifier), width - own - shift
        parts = [f"{shift}'d0"] if shift else []
        parts.insert(0, name if missing >= 0 else _slice(name, width - shift - 1, 0))
        if missing > 0:
            sign = f"{name}[{own - 1}]" if own > 1 else name
            parts.insert(0, f"{{{missing}{{{sign}}}}}" if self._graph.signed(identifier) else f"{missing}'d0")
        return _joined(parts)

    def declared(self, identifier: int) -> str:
        """The line that declares a node's wire, which an instance drives."""
        return f"{_wire(f'n{identifier}', self._graph.width(identifier))};"

    def _declare(self, identifier: int, expression: str) -> str:
        return f"{_wire(f'n{identifier}', self._graph.width(identifier))} = {expression};"

    def _expression(self, identifier: int, names: Names) -> str:
        width = self._graph.width(identifier)
        match self._graph.nodes[identifier]:
            case Table(terms, offset):
                return self._table(terms, offset, width, names)
            case LookUp(bits, values):
                index = _joined([self._bit(bit, names) for bit in reversed(bits)])
                return self._looked_up(values, width, index)
            case Affine(a, offset):
                operand = self.extended(a.node, width, names, a.shift)
                return f"{width}'d{offset & ((1 << width) - 1)} {'-' if a.sign < 0 else '+'} {operand}"
            case AtLeast(source, threshold, inverted):
                reached = self._at_least(source, threshold, names)
                return f"~({reached})" if inverted else reached
            case Count(levels):
                return _count_bits([self.extended(level, 1, names) for level in levels], width)
            case Parity((a, b, c)):
                return " ^ ".join(self._bit(bit, names) for bit in (a, b, c))
            case Majority((a, b, c)):
                return _carry_out(*(self._bit(bit, names) for bit in (a, b, c)), borrow=False)
            case Greater(a, b):
                return self._greater(a, b, names)
            case Choose(select, one, zero):
                chosen = self.extended(one, width, names), self.extended(zero, width, names)
                return f"{names(select)} ? {chosen[0]} : {chosen[1]}"
        raise TypeError(f"node {identifier} has no expression")

    def _table(self, terms: tuple[tuple[int, int], ...], offset: int, width: int, names: Names) -> str:
        """One table look-up a result bit, indexed by the terms' bits, the first term lowest."""
        spaces = [self._values(source, factor) for source, factor in reversed(terms)]
        sums = [(sum(values) + offset) & ((1 << width) - 1) for values in product(*spaces)]
        return self._looked_up(sums, width, _joined([names(source) for source, _ in reversed(terms)]))

    def _looked_up(self, values: Sequence[int], width: int, index: str) -> str:
        bits = [self._table_name([value >> bit & 1 for value in values]) for bit in reversed(range(width))]
        return _joined([f"{name}[{index}]" for name in bits])

    def _tables_of(self, pairs: Pairs, terms: tuple[tuple[int, int], ...], offset: int, width: int) -> list[str]:
        bits = [Bit(source, place) for source, _ in terms for place in range(self._graph.width(source))]
        spaces = [self._values(source, factor) for source, factor in reversed(terms)]
        sums = [sum(values) + offset for values in product(*spaces)]
        return tables(pairs, bits, [_bit_of(sums, output) for output in range(width)])

    def _comparable(self, a: int, b: int) -> list[list[Value]]:
        """Bits of two numbers that compare as unsigned ones: of as many places, the signs inverted."""
        signed = self._graph.signed(a) or self._graph.signed(b)
        width = max(self._graph.width(i) + (signed and not self._graph.signed(i)) for i in (a, b))
        rows = [[self._at(i, place) for place in range(width)] for i in (a, b)]
        if signed:
            for row in rows:
                row[-1] = replace(row[-1], inverted=True) if isinstance(row[-1], Bit) else 1 - row[-1]
        return rows

    def _at(self, identifier: int, place: int) -> Value:
        """A bit of a node, beyond its width its sign or zero."""
        node, own = self._graph.nodes[identifier], self._graph.width(identifier)
        if isinstance(node, Constant):
            return node.value >> place & 1
        return Bit(identifier, min(place, own - 1)) if place < own or self._graph.signed(identifier) else 0

    def _table_name(self, bits: list[int]) -> str:
        contents = sum(bit << index for index, bit in enumerate(bits))
        name = f"T{len(bits)}_{contents:X}"
        self.tables[name] = contents
        return name

    def _values(self, identifier: int, factor: int) -> list[int]:
        """``factor * value`` of every wire code of a node, codes that can't occur included."""
        bits, signed = self._graph.width(identifier), self._graph.signed(identifier)
        return [factor * (code - (1 << bits if signed and code >> (bits - 1) else 0)) for code in range(1 << bits)]

    def _alone(self, chain: str, identifier: int, names: Names) -> list[str]:
        """A sum in LUTs if it is short, on a carry chain of its own otherwise."""
        left, right, passed = self._operands(identifier, names)
        if not left:
            return [self._declare(identifier, _joined(passed))]
        borrow, size = is_difference(self._graph, identifier), len(left)
        if size <= RIPPLE_BITS:
            lines, bits = _ripple(f"n{identifier}", left, right, borrow=borrow)
            return [*lines, self._declare(identifier, _joined([*bits[::-1], *passed]))]
        top = []
        if size % 2 and size > RIPPLE_BITS + 1:
            size -= 1
            top = [_top_bit(left, right, f"{chain}[{size - 1}]", borrow=borrow)]
        operands = (_joined(_runs(row[:size])) for row in (left, right))
        line = f"wire [{size - 1}:0] {chain} = {(' - ' if borrow else ' + ').join(operands)};"
        return [line, self._declare(identifier, _joined([*top, chain, *passed]))]

    def _carry(self, identifier: int) -> Bit | None:
        node = self._graph.nodes[identifier]
        return node.carry if isinstance(node, Rows) else None

    def _operands(self, identifier: int, names: Names) -> tuple[list[str], list[str], list[str]]:
        """Both operands of a sum, bit by bit from the lowest one they share; then the parts of the bits below."""
        node, passed = self._graph.nodes[identifier], self._graph.passed_bits(identifier)
        size = self._graph.width(identifier) - passed
        if isinstance(node, Rows):
            a, b = ([self._bit(bit, names) for bit in row] for row in (node.a, node.b))
            low = [x if y == _ZERO else y for x, y in zip(a[:passed], b[:passed], strict=True)]
            fill = [_ZERO] * (size + passed - len(a))
            return a[passed:] + fill, b[passed:] + fill, _runs(low)
        assert isinstance(node, Sum)
        left, right = (self._bits(o, passed, size, names) for o in (node.a, node.b))
        if 0 < node.offset.bit_length() <= size + passed:
            left[node.offset.bit_length() - 1 - passed] = "1'b1"
        unshifted = node.a if node.a.shift == 0 else node.b
        low = self._bits(unshifted, 0, passed, names)
        return left, right, _runs(low)

    def _bit(self, bit: Bit | None, names: Names) -> str:
        if bit is None:
            return _ZERO
        return f"{names(bit.node)}[{bit.place}]" if self._graph.width(bit.node) > 1 else names(bit.node)

    def _bits(self, operand: Operand, low: int, count: int, names: Names) -> list[str]:
        """Bits low .. low+count-1 of an operand, the lowest first; beyond its width its sign or zero."""
        own, signed = self._graph.width(operand.node), self._graph.signed(operand.node)
        name, bits = names(operand.node), []
        for place in range(low - operand.shift, low - operand.shift + count):
            known = place >= 0 and (place < own or signed)
            bits.append((f"{name}[{min(place, own - 1)}]" if own > 1 else name) if known else _ZERO)
        return bits

    def _at_least(self, source: int, threshold: int, names: Names) -> str:
        """``node >= threshold`` bit by bit from the lowest set bit of the threshold: LUTs instead of carries."""
        width, signed = self._graph.width(source), self._graph.signed(source)
        code = threshold + (1 << (width - 1)) if signed else threshold
        bits = self._bits(Operand(source), 0, width, names)
        if signed:
            bits[-1] = f"~{bits[-1]}"
        reached = ""
        for place, bit in enumerate(bits):
            if code >> place & 1:
                reached = f"({bit} & {reached})" if reached else bit
            elif reached:
                reached = f"({bit} | {reached})"
        return reached

    def _greater(self, a: int, b: int, names: Names) -> str:
        signed = self._graph.signed(a) or self._graph.signed(b)
        width = max(self._graph.width(i) + (signed and not self._graph.signed(i)) for i in (a, b))
        left, right = self.extended(a, width, names), self.extended(b, width, names)
        return f"$signed({left}) > $signed({right})" if signed else f"{left} > {right}"


def _bit_of(entries: Sequence[int], place: int) -> Function:
    """A bit of the entry that the inputs number, the first lowest."""
    return lambda values: entries[sum(value << i for i, value in enumerate(values))] >> place & 1


def is_difference(graph: Graph, identifier: int) -> bool:
    """Whether a sum subtracts."""
    node = graph.nodes[identifier]
    return isinstance(node, Sum) and node.b.sign < 0


def has_carry(graph: Graph, identifier: int) -> bool:
    """Whether a node is a sum with a carry, which may follow another one on a carry chain."""
    node = graph.nodes[identifier]
    return isinstance(node, Rows) and node.carry is not None


def can_lead(graph: Graph, identifier: int) -> bool:
    """Whether a node is a sum without a carry from which no carry leaves, so that others may follow it."""
    node = graph.nodes[identifier]
    if isinstance(node, Rows):
        return node.carry is None and graph.chain_bits(identifier) > 0
    unsigned = min((graph.low[i] for i in (identifier, *operands_of(node))), default=-1) >= 0
    return isinstance(node, Sum) and unsigned and not is_difference(graph, identifier)


def _ripple(name: str, left: list[str], right: list[str], *, borrow: bool) -> tuple[list[str], list[str]]:
    """Wires of the carries, and each bit, of a + b (or a - b) in LUTs."""
    lines, bits, carry = [], [], ""
    for place, (a, b) in enumerate(zip(left, right, strict=True)):
        bits.append(f"{a} ^ {b}" + (f" ^ {carry}" if carry else ""))
        if place < len(left) - 1:
            lines.append(f"wire {name}_c{place} = {_carry_out(a, b, carry, borrow=borrow)};")
            carry = f"{name}_c{place}"
    return lines, bits


def _carry_out(a: str, b: str, carry: str, *, borrow: bool) -> str:
    """Carry out of one place of a + b, or borrow out of one of a - b."""
    if not carry:
        return f"~{a} & {b}" if borrow else f"{a} & {b}"
    return f"{a} ^ {b} ? {b if borrow else carry} : {carry if borrow else a}"


def _top_bit(left: list[str], right: list[str], below: str, *, borrow: bool) -> str:
    """Top bit of a sum, from its operands' bits and what the sum's bit below shows of the carry."""
    a, b = left[-2], right[-2]
    carry = f"({a} ^ {b} ? {b} : {below})" if borrow else f"({a} ^ {b} ? ~{below} : {a})"
    return f"{left[-1]} ^ {right[-1]} ^ {carry}"


def _count_bits(levels: list[str], width: int) -> str:
    """Binary count of a thermometer: bit j is 1 in every second run of 2**j levels."""
    bits = []
    for bit in reversed(range(width)):
        edges = levels[(1 << bit) - 1 :: 1 << bit]
        runs = [edges[i : i + 2] for i in range(0, len(edges), 2)]
        bits.append(" | ".join(f"({run[0]} & ~{run[1]})" if len(run) > 1 else run[0] for run in runs))
    return _joined(bits)


def _runs(bits: list[str]) -> list[str]:
    """Concatenation parts, the highest first, of bits given lowest first; neighbours become slices."""
    parts: list[tuple[str, int, int]] = []
    for bit in bits:
        base, _, index = bit.removesuffix("]").partition("[")
        place = int(index) if index else 0
        if parts and parts[-1][0] == base and index and parts[-1][2] + 1 == place:
            parts[-1] = (base, parts[-1][1], place)
        else:
            parts.append((base, place, place if index else -1))
    return [base if high < 0 else _slice(base, high, low) for base, low, high in reversed(parts)]


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{{{', '.join(parts)}}}"


def _wire(name: str, width: int) -> str:
    return f"wire {name}" if width == 1 else f"wire [{width - 1}:0] {name}"


def _slice(name: str, high: int, low: int) -> str:
    return f"{name}[{high}:{low}]" if high > low else f"{name}[{low}]"
