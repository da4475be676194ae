"""The order of nodes by levels, for chains as long as anybody writes."""

from __future__ import annotations

from toolchain.graph.levels import by_levels


def test_levels_come_one_after_the_other_each_in_order() -> None:
    assert by_levels({0: {3}, 1: set(), 2: {0, 1}, 3: set(), 4: {1}}) == [1, 3, 0, 4, 2]


def test_a_circle_and_what_lies_behind_it_are_left_out() -> None:
    assert by_levels({0: set(), 1: {2}, 2: {1, 0}, 3: {2}}) == [0]


def test_a_chain_of_100000_is_no_matter() -> None:
    last = 100_000
    assert by_levels({place: {place + 1} if place < last else set() for place in range(last + 1)})[0] == last
