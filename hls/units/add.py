"""The sum of streams with factors; of one stream, a change of the values that its codes stand for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from hls.units.stream import Stream
from hls.units.tokens import Take, Tokens, every
from hls.units.unit import Needs, Unit
from toolchain.errors import ModelError
from toolchain.graph.types import IntType

Multiplier = Literal["lut", "dsp"]

# Operands of one multiplier, without a sign: those of ECP5 take 18 bits, Xilinx's 17 and Gowin's 18.
_DSP_BITS = 17
_MOST_INPUTS = 64
_MOST_BITS = 62


@dataclass(frozen=True)
class _Term:
    """Bits `low` to `low + bits` of an input's code, times factor * 2^shift, subtracted where `negative`."""

    source: int
    low: int
    bits: int
    factor: int
    shift: int
    negative: bool

    @property
    def word(self) -> int:
        """As `add.v` reads it."""
        fields = ((self.bits, 0), (self.source, 8), (self.low, 16), (self.shift, 24), (self.factor, 32))
        return sum(value << at for value, at in fields) | int(self.negative) << 63


@dataclass(frozen=True)
class _Sum:
    """The code of the result is ``((start + the terms) mod 2^bits) >> shift``."""

    terms: tuple[_Term, ...]
    bits: int
    start: int
    shift: int

    @property
    def products(self) -> int:
        return int(any(term.factor > 1 for term in self.terms))

    @property
    def addends(self) -> int:
        return len(self.terms) + self.has_start

    @property
    def has_start(self) -> int:
        return int(self.start != 0 or all(term.negative for term in self.terms))

    @property
    def latency(self) -> int:
        return 1 + self.products + (self.addends - 1).bit_length()


def build(
    name: str,
    inputs: Sequence[Stream],
    factors: Sequence[int],
    element: IntType,
    multiplier: Multiplier | None = None,
) -> Unit:
    """The unit of ``sum(factor * value)``, whose element is that of the graph's node.

    Args:
        multiplier: what multiplies by factors that are no powers of two: adders of shifted codes ("lut") or
            multipliers ("dsp"); None takes those where they save three adders or more.

    Raises:
        ModelError: the inputs differ in beats or lanes, or values need more than 62 bits.
    """
    if len({(s.lanes, s.beats) for s in inputs}) != 1 or len(inputs) != len(factors) or len(inputs) > _MOST_INPUTS:
        shapes = ", ".join(f"{s.beats} beats of {s.lanes}" for s in inputs)
        raise ModelError(f"{name}: adds {shapes} with factors {tuple(factors)}; equal streams are expected")
    total = _sum(inputs, factors, element, multiplier)
    if total.bits > _MOST_BITS:
        raise ModelError(f"{name}: sums need {total.bits} bits, {_MOST_BITS} at most")
    out = Stream(element, inputs[0].lanes, inputs[0].beats)
    return Unit(
        name=name,
        module="add",
        parameters={
            "INPUTS": len(inputs),
            "LANES": out.lanes,
            "INPUT_BITS": packed([s.bits for s in inputs], 8),
            "IN_WIDTH": sum(s.width for s in inputs),
            "TERMS": len(total.terms),
            "TERM": packed([term.word for term in total.terms], 64),
            "SUM_BITS": total.bits,
            "HAS_START": total.has_start,
            "START": total.start,
            "SHIFT": total.shift,
            "PRODUCTS": total.products,
        },
        inputs=tuple(inputs),
        outputs=(out,),
        cycles=out.beats,
        tokens=lambda: Tokens((Take(every(out.beats)),) * len(inputs), every(out.beats), total.latency),
        needs=_needs(inputs, total, out),
    )


def as_element(name: str, stream: Stream, element: IntType) -> Unit | None:
    """The unit that counts a stream's codes as `element` does, with the same values; None where they are so already.

    Elements that are `alike` differ in width only, and units that join or select take those as they are.
    """
    return None if alike(stream.element, element) else build(name, [stream], [1], element)


def alike(first: IntType, second: IntType) -> bool:
    """Whether a code stands for the same value in both, but for its width."""
    return (first.low, first.step) == (second.low, second.step)


def packed(values: Sequence[int], bits: int) -> int:
    """A parameter of several numbers of so many bits, the first lowest."""
    return sum(value << (bits * i) for i, value in enumerate(values))


def _sum(inputs: Sequence[Stream], factors: Sequence[int], element: IntType, multiplier: Multiplier | None) -> _Sum:
    """Exact for all codes that can come together.

    The sum of the codes with whole factors is the result's code times a divisor. The divisor's odd part goes by its
    inverse modulo a power of two, the rest by a shift.
    """
    start = sum(f * s.element.low for f, s in zip(factors, inputs, strict=True)) - element.low
    scaled = [f * s.element.step for f, s in zip(factors, inputs, strict=True)]
    common = math.gcd(start, element.step, *scaled)
    divisor = element.step // common
    shift = (divisor & -divisor).bit_length() - 1
    bits = element.bits + shift
    inverse = pow(divisor >> shift, -1, 1 << bits)
    near = [_centred(k // common * inverse, bits) for k in scaled]
    terms = [term for i, k in enumerate(near) for term in _terms(i, inputs[i].bits, k, bits, multiplier)]
    # Where all inputs are constant, nothing of them is left, and their codes' lowest bits are 0.
    terms = terms or [_Term(0, 0, 1, 1, 0, False)]
    return _Sum(tuple(terms), bits, start // common * inverse % (1 << bits), shift)


def _centred(value: int, bits: int) -> int:
    return (value + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))


def _terms(source: int, code_bits: int, factor: int, bits: int, multiplier: Multiplier | None) -> Iterator[_Term]:
    digits = list(_signed_digits(factor))
    if not digits:
        return
    lowest = digits[0][0]
    parts = list(_products(source, code_bits, abs(factor) >> lowest, lowest, factor < 0))
    if len(digits) == 1 or multiplier == "lut" or (multiplier is None and len(digits) < len(parts) + 3):
        parts = [_Term(source, 0, code_bits, 1, shift, negative) for shift, negative in digits]
    yield from (term for term in parts if term.shift < bits)


def _signed_digits(value: int) -> Iterator[tuple[int, bool]]:
    """The fewest powers of two whose sum and difference is the value: each one's exponent, and whether it is less."""
    exponent = 0
    while value:
        if value & 1:
            negative = value & 3 == 3
            yield exponent, negative
            value += 1 if negative else -1
        value >>= 1
        exponent += 1


def _products(source: int, code_bits: int, factor: int, shift: int, negative: bool) -> Iterator[_Term]:
    for at in range(0, factor.bit_length(), _DSP_BITS):
        part = factor >> at & ((1 << _DSP_BITS) - 1)
        for low in range(0, code_bits, _DSP_BITS):
            if part:
                yield _Term(source, low, min(_DSP_BITS, code_bits - low), part, shift + at + low, negative)


def _needs(inputs: Sequence[Stream], total: _Sum, out: Stream) -> Needs:
    """A carry chain of each adder, as wide as its operands overlap or grow."""
    ends = [
        (term.shift, min(total.bits, term.shift + term.bits + term.factor.bit_length() - 1)) for term in total.terms
    ]
    lut, ff = 0, sum(high - low for low, high in ends) if total.products else 0
    ends += [(0, total.bits)] * total.has_start
    while len(ends) > 1:
        pairs = list(zip(ends[::2], ends[1::2], strict=False))
        lut += sum(min(total.bits, max(a[1], b[1]) + 1) - max(a[0], b[0]) + 2 for a, b in pairs)
        sums = [(min(a[0], b[0]), min(total.bits, max(a[1], b[1]) + 1)) for a, b in pairs]
        ends = sums + ends[len(ends) & ~1 :]
        ff += sum(high - low for low, high in ends)
    dsp = sum(term.factor & (term.factor - 1) != 0 for term in total.terms)
    return Needs(
        lut=1 + len(inputs) / 2 + out.lanes * lut,
        ff=sum(s.width for s in inputs) + out.lanes * ff + total.latency,
        dsp=out.lanes * dsp,
    )
