"""Stretches of a carry chain behind 4-input tables, as instances of `carry_luts` (hls/rtl).

A place adds ``g(a, b) + h(a, b, c, d)`` to the carry from below. Its table holds whether the two differ, and its
entries for c = d = 0 are also the carry where they do not (yosys' model of CCU2C). So h is 0 there, or an input that
never changes keeps c and d from being 0 both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations, permutations, product

from hls.unrolled.ir import Bit, Columns, Stretch
from hls.unrolled.pairs import Single, Value

ON_CHAIN = "carry_luts.v"
"""The chain's source."""

SUMS = "GATEWEAVE_SUMS"
"""What to define where a simulation is to add numbers instead of looking up tables: it runs several times as fast."""

_ONE, _ZERO = "1'b1", "1'b0"
# The table of a place that shows the carry from below and makes one of its input a, or of what a is not; c and d are 1.
_FEED, _FEED_INVERTED = 0x000A, 0x0005

# What a place adds: a bit, the parity of a pair, or the carry that a pair or a trio of the place below makes.
_BIT, _PARITY, _PAIR, _TRIO = "bit", "parity", "pair", "trio"


@dataclass(frozen=True)
class _Port:
    """A wire, or what it is not."""

    wire: str
    inverted: bool


@dataclass(frozen=True)
class _Term:
    """What a place adds, of its inputs: of a trio its parity and two of its bits."""

    kind: str
    inputs: tuple[_Port, ...]


def either(sums: list[str], tables: list[str]) -> list[str]:
    """Lines of the same wires, computed by sums or by tables."""
    return [f"`ifdef {SUMS}", *sums, "`else", *tables, "`endif"]


@dataclass
class ChainLines:
    """Stretches side by side on one chain.

    Attributes:
        name: of the chain; its wires and instance begin with it.
        bit: a bit as an expression, not inverted.
        lines: Verilog of all but the chain.
    """

    name: str
    bit: Callable[[Bit], str]
    lines: list[str] = field(default_factory=list)
    _inputs: list[list[str]] = field(default_factory=list)
    _tables: list[int] = field(default_factory=list)
    _wires: int = 0
    _shown: int = 0

    @property
    def places(self) -> int:
        """Places so far."""
        return len(self._tables)

    def add(self, stretch: Stretch, width: int) -> list[str]:
        """Add a stretch; its value's parts, the highest first."""
        passed = [self._expression(groups[0][0]) if groups and groups[0] else _ZERO for groups in stretch.places]
        passed = passed[: min(stretch.start, width)][::-1]
        if width <= stretch.start:
            return passed
        if self.places or stretch.carry:
            self._feed(stretch.carry)
        start = self.places
        below: list[_Term] = []
        for groups in stretch.places[stretch.start : width]:
            below = self._place(groups, below)
        end = start + width - stretch.start
        self._shown = max(self._shown, end)
        return [f"{self.name}[{end - 1}:{start}]", *passed]

    def compare(self, left: Sequence[Value], right: Sequence[Value]) -> str:
        """The wire of whether one number is greater than another of as many bits, the lowest first, which it adds."""
        for own, other in zip(left, right, strict=True):
            ports = self._port(own, inverted=False), self._port(other, inverted=True)
            self._connect([_Term(_BIT, (port,)) for port in ports])
        self._shown = self.places + 1
        return f"{self.name}[{self.places}]"

    def instance(self) -> list[str]:
        """The chain, with a place that shows its last carry where that is read; nothing if it has no places."""
        if not self.places:
            return []
        if self._shown > self.places:
            self._feed(None)
        size = self.places
        ports = [
            f".{port}({{{', '.join(inputs[index] for inputs in reversed(self._inputs))}}})"
            for index, port in enumerate("abcd")
        ]
        init = "".join(f"{table:04X}" for table in reversed(self._tables))
        return [
            f"wire [{size - 1}:0] {self.name};",
            *self.lines,
            f"carry_luts #(.PLACES({size}), .INIT({16 * size}'h{init})) {self.name}_c (",
            f"    {', '.join(ports)}, .sum({self.name})",
            ");",
        ]

    def _feed(self, carry: Bit | None) -> None:
        """A place that shows the carry from below and sends a new one up."""
        self._inputs.append([self.bit(carry) if carry else _ZERO, _ZERO, _ONE, _ONE])
        self._tables.append(_FEED_INVERTED if carry and carry.inverted else _FEED)

    def _place(self, groups: Columns, below: list[_Term]) -> list[_Term]:
        """A place of the chain; returns what it moves up."""
        found = [self._terms(group) for group in groups]
        self._connect([*below, *(own for own, _ in found)])
        return [moved for _, moved in found if moved]

    def _connect(self, terms: list[_Term]) -> None:
        """A place that adds these terms."""
        ports = [port for term in terms for port in term.inputs]
        kinds = tuple((term.kind, len(term.inputs)) for term in terms)
        table, order, plain = _table(kinds, tuple(port.inverted for port in ports))
        wires = [self._inverse(port.wire) if index in plain else port.wire for index, port in enumerate(ports)]
        self._inputs.append([_ONE if index is None else wires[index] for index in order])
        self._tables.append(table)

    def _port(self, value: Value, *, inverted: bool) -> _Port:
        if isinstance(value, Bit):
            return _Port(self.bit(value), value.inverted != inverted)
        return _Port(_ONE, bool(value) == inverted)

    def _terms(self, group: tuple[Bit, ...]) -> tuple[_Term, _Term | None]:
        """What a group adds in its place, and in the one above."""
        ports = tuple(self._port(bit, inverted=False) for bit in group)
        if len(group) == 1:
            return _Term(_BIT, ports), None
        if len(group) == 2:
            return _Term(_PARITY, ports), _Term(_PAIR, ports)
        parity = self._parity(group)
        return _Term(_BIT, (parity,)), _Term(_TRIO, (parity, *ports[:2]))

    def _parity(self, trio: tuple[Bit, ...]) -> _Port:
        """The parity of a trio, inverted: where that and a bit that is not (they come first) are 0, no carry is."""
        single = Single(f"{self.name}_p{self._wires}", self.bit, self.lines)
        self._wires += 1
        return _Port(single.lut(trio, lambda values: 1 - (sum(values) & 1))[0], True)

    def _inverse(self, wire: str) -> str:
        name = f"{self.name}_x{self._wires}"
        self._wires += 1
        self.lines.append(f"wire {name} = ~{wire};")
        return name

    def _expression(self, bit: Bit) -> str:
        return f"~{self.bit(bit)}" if bit.inverted else self.bit(bit)


# Which input goes to a, b, c and d; None is one that is always 1.
_Order = tuple[int | None, ...]


@cache
def _table(terms: tuple[tuple[str, int], ...], inverted: tuple[bool, ...]) -> tuple[int, _Order, frozenset[int]]:
    """The table of a place that adds these terms, the order of its inputs, and inputs that must come without inversion.

    Only where no order will do an inverted input needs a table of its own before the place.
    """
    turned = [index for index, no in enumerate(inverted) if no]
    for count in range(len(turned) + 1):
        for plain in combinations(turned, count):
            signs = tuple(no and index not in plain for index, no in enumerate(inverted))
            for order in _orders(len(inverted)):
                if (table := _contents(terms, signs, order)) is not None:
                    return table, order, frozenset(plain)
    raise ValueError(f"no place adds {terms}")


def _orders(inputs: int) -> Iterator[_Order]:
    """All ways to connect the inputs; those that leave d alone first, where the rest is free."""
    ways = set(permutations([*range(inputs), *[None] * (4 - inputs)]))
    return iter(sorted(ways, key=lambda way: [-1 if i is None else i for i in reversed(way)]))


def _contents(terms: Sequence[tuple[str, int]], inverted: Sequence[bool], order: _Order) -> int | None:
    """A table's contents for an order of its inputs; None if there are none."""
    table = 0
    for a, b in product((0, 1), repeat=2):
        totals = {}
        for c, d in product((0, 1), repeat=2):
            ports = (a, b, c, d)
            if all(index is not None or ports[port] for port, index in enumerate(order)):
                totals[c, d] = _total(terms, inverted, order, ports)
        carry = _carry(totals)
        if carry is None:
            return None
        table |= carry << (a + 2 * b)
        for (c, d), total in totals.items():
            table |= (total == 1) << (a + 2 * b + 4 * c + 8 * d)
    return table


def _carry(totals: dict[tuple[int, int], int]) -> int | None:
    """The carry that a place makes where its terms do not differ, for one a and b; None if it depends on c and d."""
    if (0, 0) in totals:
        carry = int(totals[0, 0] == 1)
        return carry if set(totals.values()) <= {carry, carry + 1} else None
    found = {total >> 1 for total in totals.values() if total != 1}
    return None if len(found) > 1 else max(found, default=0)


def _total(terms: Sequence[tuple[str, int]], inverted: Sequence[bool], order: _Order, ports: Sequence[int]) -> int:
    """The sum of the terms where the ports have these values."""
    values = {index: ports[port] ^ inverted[index] for port, index in enumerate(order) if index is not None}
    total, start = 0, 0
    for kind, size in terms:
        total += _added(kind, [values[index] for index in range(start, start + size)])
        start += size
    return total


def _added(kind: str, values: Sequence[int]) -> int:
    """What a term adds, 0 or 1."""
    if kind == _TRIO:
        # Of three bits with an odd number of ones all are, or only one is.
        parity, *two = values
        return int(all(two) if parity else any(two))
    return int(all(values)) if kind == _PAIR else sum(values) & 1
