"""A list in a message is short, however long the list is."""

from __future__ import annotations

import pytest

from toolchain.listed import some


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], ""),
        ([3], "3"),
        ([1, 2, 3, 4], "1, 2, 3, 4"),
        (range(106, 1106), "106, 107, 108, ... 1105; 1,000 in all"),
        (("a", "b", "c", "d", "e"), "a, b, c, ... e; 5 in all"),
    ],
)
def test_few_values_are_shown(values: object, text: str) -> None:
    assert some(values) == text  # type: ignore[arg-type]


def test_more_are_shown_when_asked_for() -> None:
    assert some(range(9), 8) == "0, 1, 2, 3, 4, 5, 6, ... 8; 9 in all"
