from __future__ import annotations

import random

import pytest

from toolchain.device.link.axi.elements import element, repacker, unpack, words
from toolchain.device.link.protocol import pack_vector
from toolchain.errors import ToolError

TYPES = {"BINARY": (0, 1), "UINT2": (0, 3), "UINT3": (0, 7), "INT2": (-2, 1), "INT7": (-64, 63), "UINT12": (0, 4095)}


def values(name: str, count: int) -> list[int]:
    low, high = TYPES[name]
    generator = random.Random(name)
    return [generator.randint(low, high) for _ in range(count)]


@pytest.mark.parametrize("name", TYPES)
def test_unpack_reverses_what_the_protocol_packs(name: str) -> None:
    wanted = values(name, 37)
    assert unpack(pack_vector(wanted, name), 37, element(name)) == wanted


def test_bipolar_and_ternary_stand_for_signs() -> None:
    assert unpack(pack_vector([-1, 1, 1, -1], "BIPOLAR"), 4, element("BIPOLAR")) == [-1, 1, 1, -1]
    assert unpack(bytes([0b00_11_01]), 3, element("TERNARY")) == [1, -1, 0]


@pytest.mark.parametrize("name", ["FLOAT32", "UINT", "INT0", "", "FIXED<8,4>"])
def test_types_that_are_no_integers_are_refused(name: str) -> None:
    with pytest.raises(ToolError, match="is no type of integers"):
        element(name)


def test_each_word_is_padded_to_whole_bytes_first_element_lowest() -> None:
    stream = words("UINT2", (1, 2, 5))
    assert (stream.word_bytes, stream.size) == (2, 4)
    sent = repacker(element("BINARY"), stream)(pack_vector([1, 0, 1, 0, 1, 0, 0, 0, 0, 1], "BINARY"))
    assert sent == bytes([0b00_01_00_01, 0b01, 0, 0b01])
    assert stream.unpack(sent) == [1, 0, 1, 0, 1, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("folded", [(1, 61, 3), (1, 1, 183), (1, 183, 1), (1, 3, 61)])
def test_every_folding_carries_the_same_integers(folded: tuple[int, ...]) -> None:
    wanted, stream = values("INT7", 183), words("INT12", folded)
    assert stream.unpack(repacker(element("INT7"), stream)(pack_vector(wanted, "INT7"))) == wanted


def test_a_value_outside_the_stream_is_refused() -> None:
    with pytest.raises(ToolError, match="7 does not fit 2 bits"):
        repacker(element("UINT3"), words("UINT2", (1, 1, 1)))(bytes([7]))
