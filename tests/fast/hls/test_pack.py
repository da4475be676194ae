from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hls.pack import encode, pack, pack_inputs, unpack, words, write_rom
from toolchain.errors import ModelError


def test_element_0_lies_in_the_lowest_bits_of_byte_0() -> None:
    assert pack(np.array([[1, 2, 3]]), 3).tolist() == [[0b11_010_001, 0b0]]
    assert pack(np.array([[0] * 8 + [1]]), 1).tolist() == [[0, 1]]


@pytest.mark.parametrize("bits", [1, 2, 3, 8, 13])
def test_unpack_inverts_pack(bits: int) -> None:
    codes = np.random.default_rng(bits).integers(0, 1 << bits, (5, 7))
    assert (unpack(pack(codes, bits), bits, 7) == codes).all()


def test_signed_and_bipolar_codes() -> None:
    assert encode(np.array([-8, -1, 7]), "INT4").tolist() == [8, 15, 7]
    assert encode(np.array([-1, 1]), "BIPOLAR").tolist() == [0, 1]


def test_value_outside_its_type_is_named() -> None:
    with pytest.raises(ModelError, match="value 2 is outside BINARY"):
        pack_inputs(np.array([[0, 2]]), "BINARY")


def test_rom_words_and_file(tmp_path: Path) -> None:
    rows = words(np.array([[1, 2], [3, 0]]), 5)
    assert rows == [0b00010_00001, 3]
    write_rom(tmp_path / "rom.hex", rows, 10)
    assert (tmp_path / "rom.hex").read_text() == "041\n003\n"
