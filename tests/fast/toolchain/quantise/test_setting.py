"""Bits are read from words such as W4A4, and layers may have their own."""

from __future__ import annotations

import pytest

from toolchain.errors import ConfigError
from toolchain.quantise.setting import Bits, Setting, read_bits


def test_bits_are_read() -> None:
    assert read_bits("W8A8") == Bits(8, 8)
    assert read_bits("w2a4") == Bits(2, 4)
    assert str(Bits(4, 6)) == "W4A6"


@pytest.mark.parametrize("word", ["4", "W4", "W1A4", "W4A9", "W16A16", "A4W4", ""])
def test_other_words_are_refused_with_what_is_taken(word: str) -> None:
    with pytest.raises(ConfigError, match=r"--bits: .* W and A with 2 to 8 bits each, such as W8A8"):
        read_bits(word)


def test_a_layer_may_have_bits_of_its_own() -> None:
    setting = Setting(Bits(4, 4)).but("first", Bits(8, 8))
    assert setting.of("first") == Bits(8, 8)
    assert setting.of("second") == Bits(4, 4)
