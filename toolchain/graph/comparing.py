"""Comparing two stages' answers on the whole test set, and naming the first difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import VerificationError
from toolchain.results.check import Check

Named = Sequence[tuple[str, NDArray[Any]]]
"""Values of one input at successive points of the network, by layer name."""


def compare(stage: str, expected: NDArray[Any], got: NDArray[Any]) -> tuple[Check, int | None]:
    """Compare results row by row, exactly.

    Returns:
        The counts, and the index of the first input that differs, or None.

    Raises:
        VerificationError: the two do not even have the same shape.
    """
    if expected.shape != got.shape:
        raise VerificationError(f"{stage}: results of shape {got.shape} where {expected.shape} were expected")
    equal = (expected == got).reshape(len(expected), -1).all(axis=1)
    differing = np.flatnonzero(~equal)
    return Check(len(equal), int(equal.sum()), "outputs", "test set"), int(differing[0]) if len(differing) else None


def fail(stage: str, check: Check, index: int, expected: Named, got: Named) -> None:
    """Raise the error that names the first input and the first layer where two stages part.

    Raises:
        VerificationError: always.
    """
    raise VerificationError(
        f"{stage}: {check.compared - check.equal} of {check.compared} answers differ; "
        f"the first is input {index}, {first_difference(expected, got)}"
    )


def first_difference(expected: Named, got: Named) -> str:
    """Where two runs of one input part: layer, element and both values."""
    sizes = [[np.size(values) for _, values in run] for run in (expected, got)]
    if sizes[0] != sizes[1]:
        return f"whose layers do not stand side by side: {len(sizes[0])} of one, {len(sizes[1])} of the other"
    for (name, want), (_, have) in zip(expected, got, strict=True):
        places = np.flatnonzero(np.ravel(want) != np.ravel(have))
        if len(places):
            place = int(places[0])
            return f"layer {name}, element {place}: {np.ravel(want)[place]} expected, {np.ravel(have)[place]} found"
    return "though every layer agrees: the results themselves were altered"
