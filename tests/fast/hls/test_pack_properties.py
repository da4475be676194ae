"""Packed vectors: one layout, whoever packs them."""

from __future__ import annotations

from typing import Any

import numpy as np

from hls.pack import pack, pack_inputs, unpack, words
from tests.properties import given, st
from toolchain.device.link.protocol import pack_vector
from toolchain.graph.types import IntType

TYPES = st.one_of(
    st.sampled_from(["BINARY", "BIPOLAR"]),
    st.builds(lambda sign, bits: f"{sign}INT{bits}", st.sampled_from(["", "U"]), st.integers(2, 16)),
)


@st.composite
def rows(draw: Any) -> tuple[int, list[list[int]]]:
    """Bits of a code, and rows of equal length."""
    bits, elements = draw(st.integers(1, 24)), draw(st.integers(1, 12))
    row = st.lists(st.integers(0, (1 << bits) - 1), min_size=elements, max_size=elements)
    return bits, draw(st.lists(row, min_size=1, max_size=4))


@st.composite
def vectors(draw: Any) -> tuple[str, list[int]]:
    """An element type, and values of it."""
    name = draw(TYPES)
    low, high = IntType.of(name).ends
    value = st.sampled_from([-1, 1]) if name == "BIPOLAR" else st.integers(low, high)
    return name, draw(st.lists(value, min_size=1, max_size=40))


@given(rows())
def test_what_is_packed_is_unpacked(made: tuple[int, list[list[int]]]) -> None:
    bits, codes = made
    packed = pack(np.array(codes), bits)
    assert packed.shape == (len(codes), (bits * len(codes[0]) + 7) // 8)
    assert unpack(packed, bits, len(codes[0])).tolist() == codes


@given(rows())
def test_a_word_is_its_elements_the_first_one_lowest(made: tuple[int, list[list[int]]]) -> None:
    bits, codes = made
    assert words(np.array(codes), bits) == [sum(code << bits * at for at, code in enumerate(row)) for row in codes]


@given(vectors())
def test_the_host_packs_a_vector_as_the_hardware_reads_it(made: tuple[str, list[int]]) -> None:
    name, values = made
    assert pack_vector(values, name) == pack_inputs(np.array([values]), name).tobytes()
