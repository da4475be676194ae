"""Nodes of a fabric whose LUTs have two outputs, as instances of `lut_pair` and `carry_places` (hls/rtl)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hls.unrolled.ir import Bit, Counter, Reached, Ternary

_ZERO = "1'b0"

# The value of a look-up table for its inputs' bits, the first lowest.
Function = Callable[[tuple[int, ...]], int]

# A bit, or one that does not change.
Value = Bit | int


@dataclass
class Pairs:
    """Lines that compute one node.

    Attributes:
        prefix: of the names of its wires and instances.
        bit: a bit as an expression, not inverted.
        inputs, outputs: of a look-up table.
    """

    prefix: str
    bit: Callable[[Bit], str]
    lines: list[str] = field(default_factory=list)
    inputs: int = 6
    outputs: int = 2
    _count: int = 0

    def lut(self, bits: Sequence[Bit | str], upper: Function, lower: Function | None = None) -> tuple[str, str]:
        """Wires of ``upper(bits)`` and, of five bits at most, ``lower(bits)``; strings are wires of this node."""
        assert len(bits) <= (self.inputs if lower is None else 5)
        assert lower is None or self.outputs == 2
        inverted = [isinstance(bit, Bit) and bit.inverted for bit in bits]
        wires = [self.bit(bit) if isinstance(bit, Bit) else bit for bit in bits]
        # Inputs that are not used are 0, but the last where there are two functions: it is 1, and chooses the upper.
        if lower is None:
            return self._instance(
                [*wires, *[_ZERO] * (self.inputs - len(wires))], _contents(upper, inverted), two=False
            )
        both = _contents(lower, inverted) | _contents(upper, inverted) << 32
        return self._instance([*wires, *[_ZERO] * (5 - len(wires)), "1'b1"], both, two=True)

    def direct(self, bit: Bit) -> str:
        """A bit without a look-up table; if it is inverted, synthesis has to make one."""
        return f"~{self.bit(bit)}" if bit.inverted else self.bit(bit)

    def chain(self, s: list[str], d: list[str], width: int) -> str:
        """Wire of the `width` lowest bits that places show."""
        total = f"{self.prefix}_t"
        s, d = ([*row, *[_ZERO] * width][:width] for row in (s, d))
        self.lines.append(f"wire [{width - 1}:0] {total};")
        places = f".s({_concatenated(s)}), .d({_concatenated(d)})"
        self.lines.append(f"carry_places #(.PLACES({width})) {self.prefix}_c ({places}, .sum({total}));")
        return total

    def _instance(self, inputs: list[str], table: int, *, two: bool) -> tuple[str, str]:
        name = f"{self.prefix}_l{self._count}"
        self._count += 1
        upper, lower = f"{name}u", f"{name}v"
        self.lines.append(f"wire {upper}, {lower};" if two else f"wire {upper};")
        ports = f".i({_concatenated(inputs)}), .o5({lower if two else ''}), .o6({upper})"
        self.lines.append(f"lut_pair #(.INIT(64'h{table:016X})) {name} ({ports});")
        return upper, lower


@dataclass
class Single(Pairs):
    """Lines for look-up tables of four inputs and one output, as instances of `lut_single`."""

    inputs: int = 4
    outputs: int = 1

    def _instance(self, inputs: list[str], table: int, *, two: bool) -> tuple[str, str]:
        name = f"{self.prefix}_l{self._count}"
        self._count += 1
        ports = f".i({_concatenated(inputs)}), .o({name})"
        self.lines.append(f"wire {name}; lut_single #(.INIT(16'h{table:04X})) {name}_t ({ports});")
        return name, ""


def _contents(function: Function, inverted: Sequence[bool]) -> int:
    """A look-up table's contents, bit i the function's value where the inputs are i before some are inverted."""
    codes = (tuple((code >> i & 1) ^ no for i, no in enumerate(inverted)) for code in range(1 << len(inverted)))
    return sum(function(values) << code for code, values in enumerate(codes))


def counted(pairs: Pairs, node: Counter, width: int) -> str:
    """The wire of a counter's value."""
    s, d = _front(pairs, node.carry)
    columns = [*node.columns, ()]
    for lower, upper in zip(columns[::2], columns[1::2], strict=False):
        for place in (_lower_place(pairs, lower), _upper_place(pairs, lower[:-1], upper)):
            s.append(place[0])
            d.append(place[1])
    return _behind_front(pairs.chain(s, d, width + (node.carry is not None)), node.carry, width)


def added(pairs: Pairs, node: Ternary, width: int) -> str:
    """Expression of a ternary sum's value."""
    s, d = _front(pairs, node.carry)
    passed = [pairs.direct(column[0]) if column else _ZERO for column in node.columns[: node.start]]
    moved: str | None = None
    for place in range(node.start, width):
        column = node.columns[place] if place < len(node.columns) else ()
        if len(column) == 4:
            moved, column = pairs.direct(column[3]), column[:3]
        place_s, place_d, moved = _ternary_place(pairs, column, moved)
        s.append(place_s)
        d.append(place_d)
    size = width - node.start
    total = _behind_front(pairs.chain(s, d, size + (node.carry is not None)), node.carry, size)
    return f"{{{', '.join([total, *passed[::-1]])}}}" if passed else total


def reached(pairs: Pairs, node: Reached, width: int) -> list[str]:
    """The bits of how many cuts are reached, the highest first."""
    bits = [(bit, place) for place, column in enumerate(node.columns) for bit in column]
    if len(bits) > pairs.inputs:
        return _searched(pairs, [bit for bit, _ in bits], list(node.cuts), width)

    def result(output: int) -> Function:
        def function(values: tuple[int, ...]) -> int:
            total = sum(value << place for value, (_, place) in zip(values, bits, strict=True))
            return bisect_right(node.cuts, total) >> output & 1

        return function

    return tables(pairs, [bit for bit, _ in bits], [result(output) for output in range(width)])


def greater(pairs: Pairs, left: Sequence[Value], right: Sequence[Value]) -> str:
    """Wire of whether one number is greater than another of as many bits, the lowest first; two bits a place."""
    s, d = list[str](), list[str]()
    for place in range(0, len(left), 2):
        given = [*left[place : place + 2], *right[place : place + 2]]

        size = len(given) // 2
        signs = [_sign_of_difference(size, sign) for sign in (0, 1)]
        bits, (equal, more) = _of_bits(given, *signs)
        for row, wire in zip((s, d), pairs.lut(bits, equal, more), strict=True):
            row.append(wire)
    # The place behind the last shows the carry.
    return f"{pairs.chain(s, d, len(s) + 1)}[{len(s)}]"


def chosen(pairs: Pairs, select: Bit, one: Sequence[Value], zero: Sequence[Value]) -> list[str]:
    """Wires of the bits of one of two numbers, the highest first; two bits a look-up table."""
    wires: list[str] = []
    for place in range(0, len(one), 2):
        high = place + 1 < len(one)
        given = [select, one[place], zero[place], *((one[place + 1], zero[place + 1]) if high else ())]
        bits, functions = _of_bits(given, *(_choice(2 * index + 1) for index in range(1 + high)))
        wires += tables(pairs, bits, functions)[::-1]
    return wires[::-1]


def _choice(index: int) -> Function:
    """The first or the second of two values, as the very first of all is 1 or 0."""
    return lambda values: values[index] if values[0] else values[index + 1]


def _sign_of_difference(size: int, sign: int) -> Function:
    """Whether of two numbers of `size` bits, one behind the other, the first is equal (0) or greater (1)."""

    def function(values: tuple[int, ...]) -> int:
        first, second = (sum(value << i for i, value in enumerate(row)) for row in (values[:size], values[size:]))
        return int((first > second) - (first < second) == sign)

    return function


def _of_bits(given: Sequence[Value], *functions: Function) -> tuple[list[Bit], list[Function]]:
    """Those of the values that are bits, and functions of all as functions of these."""
    places = [index for index, value in enumerate(given) if isinstance(value, Bit)]

    def narrowed(function: Function) -> Function:
        def of_bits(values: tuple[int, ...]) -> int:
            known = dict(zip(places, values, strict=True))
            return int(function(tuple(v if isinstance(v, int) else known[i] for i, v in enumerate(given))))

        return of_bits

    return [value for value in given if isinstance(value, Bit)], [*map(narrowed, functions)]


def tables(pairs: Pairs, bits: list[Bit], functions: list[Function]) -> list[str]:
    """Wires of functions of the same bits, the last first; of five bits at most two share a look-up table."""
    wires: list[str] = []
    if len(bits) > 5 or pairs.outputs == 1:
        wires = [pairs.lut(bits, function)[0] for function in functions]
    else:
        for low, high in zip(functions[::2], [*functions[1::2], None], strict=False):
            wires += [pairs.lut(bits, low)[0]] if high is None else pairs.lut(bits, high, low)[::-1]
    return wires[::-1]


def _front(pairs: Pairs, carry: Bit | None) -> tuple[list[str], list[str]]:
    """The place that feeds a carry into a chain."""
    return ([_ZERO], [pairs.direct(carry)]) if carry else ([], [])


def _behind_front(total: str, carry: Bit | None, width: int) -> str:
    if carry is None:
        return total
    return f"{total}[{width}:1]" if width > 1 else f"{total}[1]"


def _parity(values: tuple[int, ...]) -> int:
    return sum(values) & 1


def _lower_place(pairs: Pairs, bits: tuple[Bit, ...]) -> tuple[str, str]:
    """A pair's lower place: shows the parity; where that is 0 the last bit is the carry."""
    if len(bits) <= 1:
        return (pairs.direct(bits[0]) if bits else _ZERO), _ZERO
    if len(bits) == 6:
        return pairs.lut(bits, _parity)[0], pairs.direct(bits[5])
    return pairs.lut(bits, _parity, lambda values: values[-1])


def _upper_place(pairs: Pairs, lower: tuple[Bit, ...], upper: tuple[Bit, ...]) -> tuple[str, str]:
    """A pair's upper place: twos among the lower place's other bits, and its own bits; two at most."""
    bits, own = (*lower, *upper), len(lower)
    if len(lower) <= 1 and len(upper) <= 1:
        return (pairs.direct(upper[0]) if upper else _ZERO), _ZERO

    def total(values: tuple[int, ...]) -> int:
        return sum(values[:own]) // 2 + sum(values[own:])

    return pairs.lut(bits, lambda values: total(values) & 1, lambda values: total(values) >> 1)


def _ternary_place(pairs: Pairs, bits: tuple[Bit, ...], moved: str | None) -> tuple[str, str, str | None]:
    """Sum and carry of a place that adds three bits and one moved up from the place below, and what it moves up."""
    direct = moved or _ZERO
    if not bits:
        return direct, _ZERO, None
    if len(bits) == 1 and moved is None:
        return pairs.direct(bits[0]), _ZERO, None
    wires: list[Bit | str] = [*bits, *([moved] if moved else [])]
    if len(wires) == 2 and moved is None:
        s, d = pairs.lut(wires, _parity, lambda values: values[0])
        return s, d, None
    if len(bits) == 1:
        return pairs.lut(wires, _parity)[0], direct, None
    count = len(bits)
    s, up = pairs.lut(wires, _parity, lambda values: sum(values[:count]) >> 1)
    return s, direct, up


def _searched(pairs: Pairs, bits: list[Bit], cuts: list[int], width: int) -> list[str]:
    """How many cuts a number reaches: each bit of the count, the highest first, decides which cut is next."""
    never = 1 << len(bits)
    cuts = [min(max(cut, 0), never) for cut in cuts] + [never] * ((1 << width) - 1 - len(cuts))
    known: list[str] = []
    for output in reversed(range(width)):
        # With the bits above known as a number k, the next is whether cut (2 * k + 1) << output is reached.
        chosen = [cuts[((2 * k + 1) << output) - 1] for k in range(1 << len(known))]
        known.append(_compared(pairs, bits, known, chosen))
    return known


def _compared(pairs: Pairs, bits: list[Bit], known: list[str], cuts: list[int]) -> str:
    """Whether a number reaches the cut that the known bits choose, its bits from the lowest up, some a LUT."""
    # A bit that no cut has, and none below it, makes no difference.
    idle = min(((cut & -cut).bit_length() - 1 for cut in cuts if cut), default=0)
    idle = min(idle, len(bits) - 1)
    bits, cuts = bits[idle:], [cut >> idle for cut in cuts]
    below: str | None = None
    while bits:
        size, choosing = _reach(pairs.inputs - (below is not None), len(bits), known, cuts)
        below = _chunk(pairs, bits[:size], choosing, below, cuts, last=size == len(bits))
        bits, cuts = bits[size:], [cut >> size for cut in cuts]
    assert below is not None
    return below


def _reach(inputs: int, bits: int, known: list[str], cuts: list[int]) -> tuple[int, list[str]]:
    """How many bits a LUT of so many inputs takes, and the known bits, if the cuts differ in these."""
    for size in range(min(inputs, bits), 0, -1):
        differ = len({cut if size == bits else cut & ((1 << size) - 1) for cut in cuts}) > 1
        if size + differ * len(known) <= inputs:
            break
    return size, known if differ else []


def _chunk(pairs: Pairs, bits: list[Bit], known: list[str], below: str | None, cuts: list[int], *, last: bool) -> str:
    size = len(bits)

    def function(values: tuple[int, ...]) -> int:
        number = sum(value << i for i, value in enumerate(values[:size]))
        index = sum(value << i for i, value in enumerate(reversed(values[size : size + len(known)])))
        own = cuts[index] if last else cuts[index] & ((1 << size) - 1)
        return int(number > own or (number == own and (below is None or values[-1] == 1)))

    return pairs.lut([*bits, *known, *([below] if below else [])], function)[0]


def _concatenated(bits: list[str]) -> str:
    return f"{{{', '.join(reversed(bits))}}}"
