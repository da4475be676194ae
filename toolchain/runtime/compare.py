"""Outputs of a graph held against the reference's: equal, near, and with the same label, vector by vector.

The one rule of nearness. Integers are near where they are equal. A float is near within a share of its magnitude, which
is measured per element and per vector: neither one extreme vector nor one large element hides what goes wrong in the
others, and an element that cancels to almost 0 in one vector is not asked for digits that no float sum has. NaN equals
NaN, and infinity equals infinity of the same sign.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import VerificationError
from toolchain.results.options import RunOptions
from toolchain.runtime.rows import Rows, as_floats, sides

# What another order of float sums may come to, relative to the magnitude of an output; scores of a vector so near each
# other, relative to its greatest, are ties that only rounding set apart.
TOLERANCE = 1e-5

# Elements that are looked at at once: the float64 copies of large outputs would take a multiple of them.
_BLOCK = 1 << 21

Which = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Proof:
    """How one graph compares with the reference, vector by vector.

    Attributes:
        equal_rows: whose outputs are all equal, shape (N,).
        near_rows: whose outputs are all within `tolerance`, shape (N,).
        label_rows: whose class is one of those that share the reference's greatest output, shape (N,).
        largest: greatest difference of any output.
        relative: greatest difference relative to its output's magnitude; see `magnitudes`.
        options: what the session was opened with: ship the graph with these.
        labelled: whether there is a label at all: of several outputs the greatest, or an integer itself.
        tolerance: up to this relative difference values count as near.
        batches: how many vectors were given at once, one after the other.
    """

    equal_rows: Which
    near_rows: Which
    label_rows: Which
    largest: float
    relative: float
    options: RunOptions
    labelled: bool = True
    tolerance: float = 0.0
    batches: tuple[int, ...] = (1,)

    @property
    def compared(self) -> int:
        """Vectors compared."""
        return len(self.equal_rows)

    @property
    def equal(self) -> int:
        """Vectors whose outputs are all equal."""
        return int(self.equal_rows.sum())

    @property
    def near(self) -> int:
        """Vectors whose outputs are all within the tolerance."""
        return int(self.near_rows.sum())

    @property
    def labels_equal(self) -> int:
        """Vectors whose labels agree, ties allowed for."""
        return int(self.label_rows.sum())

    @property
    def first(self) -> int | None:
        """Index of the first vector that differs in its label, or, where labels agree, in a value; None: no vector."""
        rows = self.equal_rows if self.label_rows.all() else self.label_rows
        return None if rows.all() else int(np.flatnonzero(~rows)[0])

    @property
    def differing(self) -> int:
        """Vectors whose labels differ."""
        return self.compared - self.labels_equal

    @property
    def exact(self) -> bool:
        """Whether every output of every vector is equal."""
        return self.equal == self.compared

    def both(self, other: Proof) -> Proof:
        """The worse of two proofs of one graph, such as with other batches, vector by vector."""
        return replace(
            self,
            equal_rows=self.equal_rows & other.equal_rows,
            near_rows=self.near_rows & other.near_rows,
            label_rows=self.label_rows & other.label_rows,
            largest=max(self.largest, other.largest),
            relative=max(self.relative, other.relative),
            batches=self.batches + other.batches,
        )


def compare(got: Rows, reference: Rows, options: RunOptions, *, tie: float = 0.0, tolerance: float = 0.0) -> Proof:
    """Compare outputs with the reference's, shape (N, ...); of several outputs, each.

    Args:
        tie: outputs of the reference this close to a row's greatest, relative to the row's greatest magnitude, count
            as equal to it.
        tolerance: values this close, relative to their output's magnitude, count as near.

    Raises:
        VerificationError: the shapes differ.
    """
    pairs = list(zip(sides(got), sides(reference), strict=False))
    shapes = [[part.shape for part in sides(rows)] for rows in (got, reference)]
    if len(got) != len(reference) or [math.prod(s) for s in shapes[0]] != [math.prod(s) for s in shapes[1]]:
        told = [str(shape[0]) if len(shape) == 1 else str(shape) for shape in shapes]
        raise VerificationError(f"the graph yields shape {told[0]} where the reference has {told[1]}")
    return reduce(_of_both_outputs, (_compare(*pair, options, tie, tolerance) for pair in pairs))


def _of_both_outputs(first: Proof, other: Proof) -> Proof:
    """The worse of two outputs, vector by vector; there is no one label any more."""
    return replace(first.both(other), batches=first.batches, labelled=False)


def near(got: Rows, reference: Rows, tolerance: float) -> list[NDArray[np.bool_]]:
    """Which elements are near, for each output, of its shape (N, ...)."""
    found = []
    for ours, theirs in zip(sides(got), sides(reference), strict=True):
        shares = _relative(_apart(_flat(ours), _flat(theirs)), _flat(theirs), magnitudes(theirs))
        found.append((shares <= _tolerance(theirs, tolerance)).reshape(theirs.shape))
    return found


def first_difference(reference: Rows, got: Rows, names: Sequence[str], tolerance: float = TOLERANCE) -> str:
    """The first vector that is not near, its first output and element that is not, and both values, in words.

    Args:
        names: of the outputs.
    """
    close = near(got, reference, tolerance)
    row = min(int(np.argmin(_whole(part.reshape(len(part), -1)))) for part in close if not part.all())
    which = next(place for place, part in enumerate(close) if not part[row].all())
    place = np.unravel_index(int(np.argmin(close[which][row])), close[which][row].shape)
    wanted, found = (sides(rows)[which].reshape(close[which].shape)[row][place] for rows in (reference, got))
    where = f"[{', '.join(map(str, place))}]" if place else ""
    return f"vector {row}, output {names[which]}{where}: {wanted} expected, {found} found"


def _tolerance(reference: NDArray[Any], tolerance: float) -> float:
    return 0.0 if reference.dtype.kind in "iub" else tolerance


def _compare(got: NDArray[Any], reference: NDArray[Any], options: RunOptions, tie: float, tolerance: float) -> Proof:
    equal = _equal(got.reshape(len(got), -1), reference.reshape(len(reference), -1))
    close, labels, largest, relative = equal.copy(), equal.copy(), 0.0, 0.0
    # The rest costs more, and most rows are equal.
    measure = magnitudes(reference) if not equal.all() else np.ones(0)
    for rows in _blocks(np.flatnonzero(~equal), len(measure)):
        ours, theirs = _flat(got[rows]), _flat(reference[rows])
        apart = _apart(ours, theirs)
        shares = _relative(apart, theirs, measure)
        close[rows] = _whole(shares <= _tolerance(reference, tolerance))
        labels[rows] = _labels_agree(ours, theirs, tie)
        largest, relative = max(largest, float(apart.max())), max(relative, float(shares.max()))
    labelled = equal.size == 0 or reference[0].size > 1 or reference.dtype.kind in "iu"
    return Proof(equal, close, labels, largest, relative, options, labelled, tolerance)


def _blocks(which: NDArray[np.int64], each: int) -> Iterator[NDArray[np.int64]]:
    """Rows, or elements, as many at once as come to a block where each is so many numbers."""
    step = max(1, _BLOCK // max(1, each))
    return (which[start : start + step] for start in range(0, len(which), step))


def _equal(ours: NDArray[Any], theirs: NDArray[Any]) -> Which:
    return _whole((ours == theirs) | ((ours != ours) & (theirs != theirs)))


def finite_rows(values: Rows) -> Which:
    """Which rows of shape (N, ...) hold neither NaN nor infinity, shape (N,)."""
    return _whole(np.isfinite(as_floats(values)))


def magnitudes(reference: Rows) -> Floats:
    """Magnitude of each element: the (lower) median of its magnitudes that are not 0, shape (elements,).

    A value's own measure is that of its output, or as many times as much as its vector's outputs exceed theirs.
    An output that is always 0 takes the median of the others.
    """
    parts = sides(reference)
    if len(parts) > 1:
        return np.concatenate([magnitudes(part) for part in parts])
    flat = parts[0].reshape(len(parts[0]), -1)
    found, result = np.zeros(flat.shape[1], bool), np.ones(flat.shape[1])
    for elements in _blocks(np.arange(flat.shape[1]), len(flat)):
        found[elements], result[elements] = _medians(_flat(flat[:, elements]))
    if found.any():
        result[~found] = np.median(result[found])
    return result


def _medians(values: Floats) -> tuple[Which, Floats]:
    """Whether a column has magnitudes that are not 0, and the lower median of them; 1 where it has none."""
    sizes = np.abs(values).T
    counted = (sizes > 0) & (sizes < np.inf)
    ordered, counts = np.sort(np.where(counted, sizes, np.inf), axis=1), counted.sum(axis=1)
    found, result = counts > 0, np.ones(len(sizes))
    result[found] = ordered[found, (counts[found] - 1) // 2]
    return found, result


def _relative(apart: Floats, theirs: Floats, measure: Floats) -> Floats:
    sizes = np.abs(np.where(np.isfinite(theirs), theirs, 0.0)) / measure
    grown = np.maximum(1.0, sizes.max(axis=1, initial=0.0))
    relative: Floats = apart / measure / grown[:, None]
    return relative


def _apart(ours: Floats, theirs: Floats) -> Floats:
    """Differences; a value that is no number is infinitely far from every number."""
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    with np.errstate(invalid="ignore"):
        apart = np.where(same, 0.0, np.abs(ours - theirs))
    return np.where(np.isnan(apart), np.inf, apart)


def _labels_agree(ours: Floats, theirs: Floats, tie: float) -> Which:
    """Of rows that differ: a single output is a label itself, or has none; where one is NaN there is no greatest."""
    if theirs.shape[1] <= 1:
        return np.zeros(len(theirs), bool)
    ordered = ~(np.isnan(ours) | np.isnan(theirs)).any(axis=1)
    chosen = theirs[np.arange(len(theirs)), ours.argmax(axis=1)]
    size = np.abs(np.where(np.isfinite(theirs), theirs, 0.0)).max(axis=1)
    agree: Which = ordered & (chosen >= theirs.max(axis=1) - tie * size)
    return agree


def _whole(elements: NDArray[np.bool_]) -> Which:
    rows: Which = np.asarray(elements.all(axis=1))
    return rows


def _flat(values: NDArray[Any]) -> Floats:
    return values.reshape(len(values), -1).astype(np.float64)
