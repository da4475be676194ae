from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from toolchain.told import Told, ToldError, parsed, shown

GOOD = {"a": {"b": [{"n": 3, "x": 0.5, "word": "one"}]}, "empty": None, "texts": ["t"]}


def test_what_is_right_is_read() -> None:
    told = Told(GOOD)
    [one] = told.part("a").parts("b")
    assert (one.whole("n", 0, 3), one.number("x", 0, 1), one.number("n", 0, 3)) == (3, 0.5, 3.0)
    assert one.text("word", {"one", "two"}) == "one"
    assert told.optional("empty") is None and told.optional("nowhere") is None
    assert told.texts("texts") == ["t"]


@pytest.mark.parametrize(
    ("value", "read", "words"),
    [
        ([], lambda told: told, "the whole: a list of 0, should be an object"),
        ({"a": 3}, lambda told: told.part("a"), "a: 3, should be an object"),
        ({"a": {}}, lambda told: told.part("a").number("b", 0, 1), "a.b: is missing"),
        ({"a": float("nan")}, lambda told: told.number("a", 0, 1), "a: nan, should be 0 to 1"),
        ({"a": 1e400}, lambda told: told.number("a", 0, 1e300), "a: inf, should be 0 to 1e"),
        ({"a": True}, lambda told: told.number("a", 0, 1), "a: True, should be 0 to 1"),
        ({"a": "1"}, lambda told: told.number("a", 0, 1), "a: '1', should be 0 to 1"),
        ({"a": -(10**400)}, lambda told: told.number("a", 0, 1), "a: a number of more than 40 digits, should"),
        ({"a": 2.0}, lambda told: told.whole("a", 0, 9), "a: 2.0, should be 0 to 9, whole"),
        ({"a": 4}, lambda told: told.whole("a", 5, 5), "a: 4, should be 5$"),
        ({"a": ["x", 1]}, lambda told: told.texts("a"), r"a\[1\]: 1, should be a text"),
        ({"a": {}}, lambda told: told.parts("a"), "a: an object of 0, should be a list"),
        ({"a": "up"}, lambda told: told.text("a", ("ok", "bad")), "a: 'up', should be bad or ok"),
        ({"b": 1}, lambda told: told.must_hold("b", "a"), "a: is missing"),
    ],
)
def test_what_cannot_be_is_named_with_its_value(value: Any, read: Callable[[Told], Any], words: str) -> None:
    with pytest.raises(ToldError, match=words):
        read(Told(value))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "NaN?", "9" * 5000])
def test_what_is_no_json_is_said_in_a_few_letters(text: str) -> None:
    with pytest.raises(ToldError, match="is no JSON") as caught:
        parsed(text)
    assert len(str(caught.value)) < 80


def test_a_value_is_shown_short_and_on_one_line() -> None:
    assert shown("x\n" * 500) == repr(("x\n" * 500)[:40]) + "..."
    assert shown(json.loads("[" * 900 + "]" * 900)) == "a list of 1"
    assert shown(None) == "null"
