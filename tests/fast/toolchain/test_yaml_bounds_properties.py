"""What lies within the bounds is read as any reader reads it; all else is one kind of error."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.properties import given, hypothesis, st
from toolchain.yaml_bounds import MAX_DEPTH, MAX_NUMBER, MAX_VALUES, BoundsError, parse_bounded

LINE = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), max_size=20)
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**38), 10**38),
    st.floats(allow_nan=False, allow_infinity=False),
    LINE,
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(LINE, inner, max_size=4)
        | st.dictionaries(st.integers(-99, 99), inner, max_size=3)
    ),
    max_leaves=8,
)
SIGNS = st.text("[]{}:-,&*!<>|'\"#%@?~ \n\tab019._=", max_size=25)


def _around(bound: int) -> Any:
    """Counts near a bound, and far from it."""
    return st.integers(bound - 1, bound + 1) | st.integers(1, 3 * bound)


@hypothesis.settings(max_examples=30)
@given(VALUES)
def test_plain_values_are_read_as_any_reader_reads_them(value: Any) -> None:
    text = yaml.safe_dump(value)
    assert parse_bounded(text) == yaml.safe_load(text) == value


@hypothesis.settings(max_examples=80)
@given(SIGNS | st.text(max_size=25))
def test_any_text_is_a_value_or_one_kind_of_error(text: str) -> None:
    try:
        value = parse_bounded(text)
    except yaml.YAMLError as error:
        assert str(error)
    else:
        # What is read can be written again: plain values only.
        assert parse_bounded(yaml.safe_dump(value)) == value


@given(_around(MAX_DEPTH), st.sampled_from(["[]", "{}"]))
def test_depth_has_one_bound(depth: int, kind: str) -> None:
    opening = "[" if kind == "[]" else "{a: "
    text = opening * depth + kind[1] * depth
    if depth <= MAX_DEPTH:
        assert parse_bounded(text) == yaml.safe_load(text)
    else:
        with pytest.raises(BoundsError, match=f"nested more than {MAX_DEPTH} deep"):
            parse_bounded(text)


@given(_around(MAX_NUMBER), st.sampled_from("0123456789"))
def test_digits_have_one_bound(count: int, digit: str) -> None:
    text = "1" + digit * (count - 1)
    if count <= MAX_NUMBER:
        assert parse_bounded(text) == int(text)
    else:
        with pytest.raises(BoundsError, match=f"a number of more than {MAX_NUMBER} characters"):
            parse_bounded(text)


@hypothesis.settings(max_examples=10)
@given(st.integers(2, 200), st.integers(2, 200))
def test_an_alias_counts_as_what_it_stands_for(elements: int, uses: int) -> None:
    text = f"a: &a [{', '.join('x' * elements)}]\nb: [{', '.join(['*a'] * uses)}]\n"
    # Two keys, two lists and the mapping itself; an alias is one more than its list, whose elements count again.
    if (elements + 1) * (uses + 1) + uses + 5 > 2 * MAX_VALUES:
        with pytest.raises(BoundsError, match="more than 10,000 values"):
            parse_bounded(text)
    elif (elements + 2) * (uses + 1) + 5 < MAX_VALUES:
        assert parse_bounded(text)["b"] == [["x"] * elements] * uses
