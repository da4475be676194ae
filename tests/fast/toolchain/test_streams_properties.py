"""Any text can be said on any terminal, and stays itself where the terminal knows it."""

from __future__ import annotations

import pytest

from tests.properties import given, st
from toolchain.streams import make_sturdy

ENCODINGS = st.sampled_from(["ascii", "latin-1", "cp437", "utf-8", "utf-16"])


@pytest.fixture(autouse=True, scope="module")
def _sturdy() -> None:
    make_sturdy()


@given(st.text(st.characters()), ENCODINGS)
def test_any_text_can_be_said(text: str, encoding: str) -> None:
    said = text.encode(encoding, "gateweave").decode(encoding)
    try:
        assert said == text.encode(encoding).decode(encoding)
    except UnicodeEncodeError:
        assert said.encode(encoding)


@given(st.text(st.characters(categories=["Cs"]), min_size=1), ENCODINGS)
def test_bytes_of_a_path_that_are_no_text_can_be_told_apart(text: str, encoding: str) -> None:
    said = text.encode(encoding, "gateweave").decode(encoding)
    assert said == "".join(f"\\u{ord(sign):04x}" for sign in text)
