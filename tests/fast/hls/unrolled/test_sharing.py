"""Sharing keeps the matrix it starts from, and makes it cheaper."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from hls.unrolled.linear import LinearGraph
from hls.unrolled.sharing import SharedTerms, signed_digits
from hls.unrolled.trees import add_up


def linear_graph(inputs: int, high: int) -> LinearGraph:
    return LinearGraph(np.zeros(inputs, np.int64), np.full(inputs, high))


def test_signed_digits_are_canonical() -> None:
    weights = np.arange(-128, 128).reshape(4, 64)
    digits = signed_digits(weights).astype(np.int64)
    np.testing.assert_array_equal((digits << np.arange(digits.shape[2])).sum(axis=2), weights)
    assert not (digits[:, :, 1:] * digits[:, :, :-1]).any()


@pytest.mark.parametrize(("low", "high"), [(-1, 1), (-8, 7), (0, 15)])
def test_columns_add_up_to_the_matrix(low: int, high: int) -> None:
    weights = np.random.default_rng(5).integers(low, high + 1, (14, 12))
    linear = linear_graph(14, 3)
    shared = SharedTerms(linear, signed_digits(weights), seed=0)
    shared.reduce()
    for column, terms in enumerate(shared.columns()):
        total = sum(term.sign * (linear.coefficients[term.node] << term.shift) for term in terms)
        np.testing.assert_array_equal(total, weights[:, column])
        whole = add_up(linear, terms)
        coefficients: NDArray[np.int64] = whole.sign * (linear.coefficients[whole.node] << whole.shift)
        np.testing.assert_array_equal(coefficients, weights[:, column])


def test_a_common_pair_is_made_once() -> None:
    weights = np.ones((2, 9), np.int64)
    weights[1] = [1, 1, 1, 1, 1, -1, -1, -1, -1]
    linear = linear_graph(2, 255)
    shared = SharedTerms(linear, signed_digits(weights), seed=0)
    shared.reduce()
    assert len(linear.graph.nodes) == 4
    assert [len(terms) for terms in shared.columns()] == [1] * 9


def test_a_pair_within_one_weight_is_found() -> None:
    # 5 x and 20 x share x + 4 x.
    linear = linear_graph(1, 15)
    shared = SharedTerms(linear, signed_digits(np.array([[5, 20]])), seed=0)
    shared.reduce()
    assert [(term.shift, len(terms)) for terms in shared.columns() for term in terms] == [(0, 1), (2, 1)]
    assert len(linear.graph.nodes) == 2
