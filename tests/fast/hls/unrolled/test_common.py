"""Sums of what two neurons have in common keep every neuron, and save what the plans say."""

from __future__ import annotations

import numpy as np

from hls.unrolled.common import share_common
from hls.unrolled.cost import positions
from hls.unrolled.fabric import ECP5
from hls.unrolled.ir import Operand
from hls.unrolled.linear import LinearGraph


def columns_of(weights: np.ndarray) -> list[list[Operand]]:
    return [[Operand(row, int(column[row])) for row in np.flatnonzero(column)] for column in weights.T]


def test_columns_stay_the_same() -> None:
    weights = np.random.default_rng(3).choice([-1, 0, 1], size=(24, 10))
    linear = LinearGraph(np.zeros(24, np.int64), np.full(24, 3), ECP5)
    shared = share_common(linear, columns_of(weights), 2)
    assert sum(map(len, shared)) < np.count_nonzero(weights)
    for column, terms in zip(weights.T, shared, strict=True):
        total = sum(term.sign * (linear.coefficients[term.node] << term.shift) for term in terms)
        np.testing.assert_array_equal(total, column)


def test_opposite_terms_are_common_too() -> None:
    weights = np.zeros((20, 2), np.int64)
    weights[:17, 0], weights[1:, 1] = 1, -1
    linear = LinearGraph(np.zeros(20, np.int64), np.ones(20, np.int64), ECP5)
    first, second = share_common(linear, columns_of(weights), 0)
    (common,) = {term.node for term in first} & {term.node for term in second}
    np.testing.assert_array_equal(np.flatnonzero(linear.coefficients[common]), range(1, 17))
    assert sum(positions(linear.graph, node) for node in range(20, len(linear.graph.nodes))) < 24


def test_what_saves_nothing_stays_apart() -> None:
    weights = np.zeros((12, 2), np.int64)
    weights[:2], weights[2:7, 0], weights[7:, 1] = 1, 1, 1
    linear = LinearGraph(np.zeros(12, np.int64), np.ones(12, np.int64), ECP5)
    assert share_common(linear, columns_of(weights), 0) == columns_of(weights)
    assert len(linear.graph.nodes) == 12
