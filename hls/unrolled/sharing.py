"""Common sub-expressions of a constant matrix: the pair of signed terms that saves most, again and again.

The matrix is held as signed digits, shape (rows, columns, planes): digit d of row r, column c, plane p
stands for ``d * 2**p * row`` in column c. Each step makes one sum of a pair (a row, another row shifted up by
`lag`, a sign), puts it into a new row and takes it out of the two rows wherever both occur.

What a use of the pair saves is bits: two terms of A + 1 and B + 1 values carry ``log2(A + 1) + log2(B + 1)``
bits into a column's adders, their sum only ``log2(A + B + 1)``. What these are worth is the fabric's:
where a LUT of an adder saves two bits, a sum has to be used more often to pay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hls.unrolled.fabric import Fabric
from hls.unrolled.ir import Operand
from hls.unrolled.linear import LinearGraph

Floats = NDArray[np.float32]

# Saved bits that one level of depth of either term outweighs, and how large the noise is that decides ties.
_DEPTH, _NOISE = 0.2, 0.3
# Part of its worth that a saved bit has where what neurons have in common is shared behind (`hls.unrolled.common`):
# small sums with few uses are left to it. Tried on two networks from 0.25 to 1.3.
_BEFORE_COMMON = 0.5
# Score of a pair that can't be taken; any that can scores more than 0.
_NEVER = np.float32(-1e9)
# Bytes of pair scores after which sharing stops (their number is quadratic in the rows).
_MOST_BYTES = 200_000_000


def signed_digits(weights: NDArray[np.int64]) -> NDArray[np.int8]:
    """Canonical signed digits of weights, shape (rows, columns, planes): no two neighbours are non-zero."""
    rest, planes = weights.copy(), []
    while rest.any():
        digit = (rest & 1) * (2 - (rest & 3))
        planes.append(digit.astype(np.int8))
        rest = (rest - digit) >> 1
    return np.stack(planes or [np.zeros_like(weights, dtype=np.int8)], axis=2)


@dataclass(frozen=True)
class Sharing:
    """A way to share: a seed, and whether what neurons have in common is shared as well, where a fabric has that."""

    seed: int
    common: bool = True


@dataclass(frozen=True)
class _Pair:
    row: int
    other: int
    lag: int
    sign: int


class SharedTerms:
    """The digits of a matrix and the scores of all pairs, shrunk pair by pair."""

    def __init__(self, linear: LinearGraph, digits: NDArray[np.int8], seed: int) -> None:
        """Score all pairs of the matrix, whose row r belongs to the graph's node r; `seed` decides near ties."""
        self._linear, self._random = linear, np.random.default_rng(seed)
        rows, _, self._planes = digits.shape
        self._nodes = list(range(rows))
        self._digits = digits.astype(np.float32)
        # Score of the pair (row, other row shifted by lag, kind), kind 0 a sum and 1 a difference.
        self._scores = np.full((rows, self._planes, 2, rows), _NEVER, dtype=np.float32)
        # Upper bounds of each row's scores.
        self._best = np.full(rows, _NEVER, dtype=np.float32)
        self._spans = np.zeros(rows, dtype=np.float32)
        self._penalties = np.zeros(rows, dtype=np.float32)
        for row in range(rows):
            self._note(row)
        for row in range(rows):
            self._score_row(row)

    def reduce(self) -> None:
        """Take pairs while one is used at least twice and saves anything."""
        while (pair := self._most_saving()) is not None and self._scores.nbytes < _MOST_BYTES:
            self._take(pair)

    def columns(self) -> list[list[Operand]]:
        """What is left to add up in each column."""
        terms: list[list[Operand]] = [[] for _ in range(self._digits.shape[1])]
        for row, column, plane in np.argwhere(self._digits[: len(self._nodes)]).tolist():
            sign = int(self._digits[row, column, plane])
            terms[column].append(Operand(self._nodes[row], sign, plane))
        return terms

    def _note(self, row: int) -> None:
        node, graph = self._nodes[row], self._linear.graph
        self._spans[row] = graph.high[node] - graph.low[node]
        self._penalties[row] = _DEPTH * self._linear.depth[node] + _NOISE * self._random.random()

    def _most_saving(self) -> _Pair | None:
        # Scores only fall once a row is there, so a bound that proves true is the maximum.
        rows = len(self._nodes)
        while True:
            row = int(self._best[:rows].argmax())
            scores = self._scores[row, :, :, :rows]
            lag, kind, other = np.unravel_index(int(scores.argmax()), scores.shape)
            score = scores[lag, kind, other]
            if score == self._best[row]:
                break
            self._best[row] = score
        return _Pair(row, int(other), int(lag), -1 if kind else 1) if score > 0 else None

    def _take(self, pair: _Pair) -> None:
        new = len(self._nodes)
        if new == len(self._digits):
            self._grow(new + max(64, new // 2))
        a, b = Operand(self._nodes[pair.row]), Operand(self._nodes[pair.other], pair.sign, pair.lag)
        self._nodes.append(self._linear.combine(a, b).node)
        self._note(new)
        self._move_digits(pair, new)
        for row in {pair.row, pair.other, new}:
            self._score_row(row)

    def _move_digits(self, pair: _Pair, new: int) -> None:
        for plane in range(self._planes - pair.lag):
            first = self._digits[pair.row, :, plane]
            second = self._digits[pair.other, :, plane + pair.lag]
            uses = first * second == pair.sign
            self._digits[new, uses, plane] = first[uses]
            first[uses] = 0
            second[uses] = 0

    def _score_row(self, row: int) -> None:
        """Score all pairs in which a row whose digits changed takes part."""
        rows, planes = len(self._nodes), self._planes
        digits, own, scores = self._digits[:rows], self._digits[row], self._scores
        spans, span = self._spans[:rows], self._spans[row]
        for lag in range(planes):
            ahead = _uses(digits[:, :, lag:], own[:, : planes - lag])
            behind = _uses(digits[:, :, : planes - lag], own[:, lag:])
            scores[row, lag, :, :rows] = self._score(ahead, row, _Saving.of(span, spans, lag))
            scores[:rows, lag, :, row] = self._score(behind, row, _Saving.of(spans, span, lag)).T
        scores[row, 0, :, row] = _NEVER
        np.maximum(self._best[:rows], scores[:rows, :, :, row].max(axis=(1, 2)), out=self._best[:rows])
        self._best[row] = scores[row, :, :, :rows].max()

    def _score(self, uses: Floats, row: int, saving: _Saving) -> Floats:
        """Scores, shape (kinds, rows), of pairs of `row` with `uses`."""
        penalty = self._penalties[row] + self._penalties[: len(self._nodes)]
        fabric = self._linear.fabric
        if fabric.heaped:
            scores = _BEFORE_COMMON * fabric.saved_bit * (uses * saving.bits - penalty) - saving.cost(fabric)
        else:
            scores = (uses - 1) * saving.bits - penalty
        return np.where(uses >= 2, scores, _NEVER).astype(np.float32)

    def _grow(self, capacity: int) -> None:
        rows, columns, planes = self._digits.shape
        digits = np.zeros((capacity, columns, planes), dtype=np.float32)
        scores = np.full((capacity, planes, 2, capacity), _NEVER, dtype=np.float32)
        digits[:rows], scores[:rows, :, :, :rows] = self._digits, self._scores
        self._digits, self._scores = digits, scores
        more = np.zeros(capacity - rows, dtype=np.float32)
        self._best = np.append(self._best, more + _NEVER)
        self._spans, self._penalties = np.append(self._spans, more), np.append(self._penalties, more)


def _uses(digits: Floats, own: Floats) -> Floats:
    """How often each row's digits equal `own`'s, and how often they are opposite, shape (2, rows)."""
    flat, vector = digits.reshape(len(digits), -1), own.reshape(-1)
    signed, total = flat @ vector, np.abs(flat) @ np.abs(vector)
    return np.asarray([total + signed, total - signed], dtype=np.float32) / np.float32(2)


@dataclass(frozen=True)
class _Saving:
    """What the sum of a term and another shifted by a lag saves where both are used, by their spans.

    Attributes:
        bits: that the sum has less than both terms have; rounded, so that the last bits of a machine's logarithm don't
            decide which pair is taken.
        given, made: bits of both terms, and of their sum.
    """

    bits: Floats
    given: Floats
    made: Floats

    @classmethod
    def of(cls, first: Floats, second: Floats, lag: int) -> _Saving:
        """Of terms with these spans."""
        values = first + second * np.float32(1 << lag) + 1
        bits = np.asarray(np.round(np.log2((first + 1) * (second + 1) / values), 3), dtype=np.float32)
        return cls(bits, np.ceil(np.log2(first + 1)) + np.ceil(np.log2(second + 1)), np.ceil(np.log2(values)))

    def cost(self, fabric: Fabric) -> Floats:
        """LUTs of the sum: a table of two bits each, or a carry chain."""
        table = np.ceil(self.made / 2) if fabric.paired else self.made
        return np.where(self.given <= fabric.table_bits, table, self.made).astype(np.float32)
