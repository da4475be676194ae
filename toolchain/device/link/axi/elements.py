"""Integers of a qonnx type in packed bytes: the package's golden vectors, and the words of FINN's streams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from toolchain.errors import ToolError

_TABLE_BITS = 12


class Element(NamedTuple):
    """A type of integers: bits of its code, and whether the code is two's complement or -1/+1 as 0/1."""

    bits: int
    signed: bool
    bipolar: bool

    def decode(self, code: int) -> int:
        """The integer a code stands for."""
        if self.bipolar:
            return 2 * code - 1
        return code - (1 << self.bits) if self.signed and code >> (self.bits - 1) else code

    def encode(self, value: int) -> int:
        """The code of an integer.

        Raises:
            ToolError: it is outside the type.
        """
        code = (value + 1) // 2 if self.bipolar else value & ((1 << self.bits) - 1)
        if not 0 <= code < 1 << self.bits or self.decode(code) != value:
            raise ToolError(f"{value} does not fit {self.bits} bits{' with a sign' if self.signed else ''}")
        return code


def element(type_name: str) -> Element:
    """The type of a qonnx name: BINARY, BIPOLAR, TERNARY, UINT<n> or INT<n>.

    Raises:
        ToolError: another name.
    """
    named = {"BINARY": Element(1, False, False), "BIPOLAR": Element(1, False, True), "TERNARY": Element(2, True, False)}
    if type_name in named:
        return named[type_name]
    letters = type_name.rstrip("0123456789")
    digits = type_name[len(letters) :]
    if letters not in ("UINT", "INT") or not digits or not int(digits):
        raise ToolError(f"{type_name} is no type of integers; it should be BINARY, BIPOLAR, TERNARY, UINT<n> or INT<n>")
    return Element(int(digits), letters == "INT", False)


def unpack(data: bytes, count: int, kind: Element) -> list[int]:
    """Integers of packed bytes, element 0 in the lowest bits of byte 0."""
    packed, mask = int.from_bytes(data, "little"), (1 << kind.bits) - 1
    return [kind.decode(packed >> (index * kind.bits) & mask) for index in range(count)]


def pack(values: Sequence[int], kind: Element) -> bytes:
    """Packed bytes of integers, element 0 in the lowest bits of byte 0.

    Raises:
        ToolError: a value is outside the type.
    """
    packed = sum(kind.encode(value) << (index * kind.bits) for index, value in enumerate(values))
    return packed.to_bytes((len(values) * kind.bits + 7) // 8, "little")


class Words(NamedTuple):
    """How a stream carries integers: words of some elements each, every word padded to whole bytes.

    FINN packs its streams so: the elements of one word lie in the innermost dimension of the folded shape,
    the first in the lowest bits.
    """

    number: int
    elements: int
    kind: Element

    @property
    def word_bytes(self) -> int:
        """Bytes of one word."""
        return (self.elements * self.kind.bits + 7) // 8

    @property
    def size(self) -> int:
        """Bytes of one whole vector."""
        return self.number * self.word_bytes

    def unpack(self, data: bytes) -> list[int]:
        """The integers of one vector."""
        words = (data[at : at + self.word_bytes] for at in range(0, self.size, self.word_bytes))
        return [value for word in words for value in unpack(word, self.elements, self.kind)]


def words(type_name: str, folded: Sequence[int]) -> Words:
    """Words of a folded shape, such as `(1, 61, 3)`: 61 words of 3 elements."""
    count = 1
    for size in folded[:-1]:
        count *= size
    return Words(count, folded[-1], element(type_name))


def repacker(source: Element, target: Words) -> Callable[[bytes], bytes]:
    """Turns one packed vector (elements without gaps) into the words of a stream.

    Tables of a few elements at a time make it fast enough for a whole test set in plain Python.
    """
    spread = _spreader(source, target.kind)
    word_bits = target.elements * source.bits
    together = max(1, _TABLE_BITS // word_bits)

    def convert(codes: int, count: int) -> bytes:
        words_of = (codes >> (index * word_bits) & ((1 << word_bits) - 1) for index in range(count))
        return b"".join(spread(word, target.elements).to_bytes(target.word_bytes, "little") for word in words_of)

    # Long words have too many values for a table; `spread` has tables of parts of them.
    looked_up = lru_cache(maxsize=1 << 16)(convert) if word_bits <= _TABLE_BITS else convert

    def repack(vector: bytes) -> bytes:
        packed, parts = int.from_bytes(vector, "little"), []
        for at in range(0, target.number, together):
            count = min(together, target.number - at)
            parts.append(looked_up(packed >> (at * word_bits) & ((1 << count * word_bits) - 1), count))
        return b"".join(parts)

    return repack


def _spreader(source: Element, target: Element) -> Callable[[int, int], int]:
    """Maps packed codes of one type to packed codes of another."""
    step = max(1, _TABLE_BITS // source.bits)
    step_mask = (1 << step * source.bits) - 1

    @lru_cache(maxsize=1 << 16)
    def chunk(codes: int, count: int) -> int:
        values = unpack(codes.to_bytes((count * source.bits + 7) // 8, "little"), count, source)
        return int.from_bytes(pack(values, target), "little")

    def spread(codes: int, count: int) -> int:
        result = 0
        for at in range(0, count, step):
            part = codes >> (at * source.bits) & step_mask
            result |= chunk(part, min(step, count - at)) << (at * target.bits)
        return result

    return spread
