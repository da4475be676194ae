from __future__ import annotations

import pytest

from toolchain.report.page.values import ABSENT, Figure, dig, interval, number, numbers, percent, quantity, rate


@pytest.mark.parametrize(
    ("value", "shown"),
    [(2.3e-4, "230 µJ"), (0.0009999, "1.00 mJ"), (999.9e-6, "1.00 mJ"), (1.5, "1.50 J"), (0, "0 J"), (None, "-")],
)
def test_a_quantity_has_three_digits_and_a_prefix(value: float | None, shown: str) -> None:
    assert quantity(value, "J").replace("\N{NO-BREAK SPACE}", " ") == shown


def test_a_rate_is_written_out_while_that_is_readable() -> None:
    assert (rate(130208.33), rate(25e6), rate(1.25)) == ("130,208/s", "25.0\N{NO-BREAK SPACE}M/s", "1.25/s")


def test_nearly_all_is_not_all() -> None:
    assert (percent(0.9999999), percent(1.0), percent(0.5, 0)) == ("99.99 %", "100.00 %", "50 %")


@pytest.mark.parametrize("value", ["12", None, float("nan"), float("inf"), True, {}, []])
def test_what_is_no_number_is_none(value: object) -> None:
    assert number({"a": value}, "a") is None


def test_a_list_with_one_thing_that_is_no_number_is_empty() -> None:
    assert numbers([1, 2.5]) == [1, 2.5]
    assert numbers([1, "2"]) == numbers({"a": 1}) == numbers(None) == []


def test_a_path_that_ends_early_is_none() -> None:
    assert dig({"a": [{"b": 1}]}, "a", 0, "b") == 1
    assert dig({"a": [{"b": 1}]}, "a", 1, "b") is None
    assert dig({"a": "text"}, "a", "b") is None


def test_an_interval_is_the_note_of_its_median() -> None:
    spread = {"median": 2.3e-4, "low": 2.2e-4, "high": 2.4e-4}
    figure = Figure("230\N{NO-BREAK SPACE}µJ", "measured", "220\N{NO-BREAK SPACE}µJ to 240\N{NO-BREAK SPACE}µJ")
    assert interval(spread, "J", "measured") == figure
    assert interval({"low": 1}, "J", "measured") == ABSENT
