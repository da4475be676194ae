"""Proving a graph against the reference on ONNX Runtime, and finding the optimiser passes that change its answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.results.options import RunOptions
from toolchain.runtime.batch import batches_of
from toolchain.runtime.compare import Proof, compare
from toolchain.runtime.passes import PASSES
from toolchain.runtime.session import fixed_batch, open_session, run_session

# Inputs that went wrong, and as many others, on which passes are tried.
_WITNESSES = 128


def prove(
    model: onnx.ModelProto,
    x: NDArray[np.generic],
    reference: NDArray[Any],
    options: RunOptions | None = None,
    *,
    tie: float = 0.0,
    tolerance: float = 0.0,
    batches: Sequence[int] = (),
) -> Proof:
    """Run a graph on all inputs, as the package's runners do, and compare it with the reference's outputs.

    Args:
        x: inputs, shape (N, ...).
        reference: outputs of the reference, shape (N, ...).
        tie, tolerance: see `toolchain.runtime.compare.compare`.
        batches: vectors given at once, one way after the other; a row counts as equal where it is in each. None given:
            those that the package may give. A graph of a fixed batch has one way only.

    Raises:
        VerificationError: the outputs have another shape than the reference's.
        ModelError: ONNX Runtime cannot run it.
    """
    options = options or RunOptions()
    session = open_session(model, options)
    fixed = fixed_batch(session)
    ways = (fixed,) if fixed else batches or batches_of(model, x)

    def at(batch: int) -> Proof:
        found = compare(run_session(session, x, batch), reference, options, tie=tie, tolerance=tolerance)
        return replace(found, batches=(batch,))

    return reduce(Proof.both, map(at, ways))


def settle(
    model: onnx.ModelProto,
    x: NDArray[np.generic],
    reference: NDArray[Any],
    *,
    exact: bool,
    tie: float = 0.0,
    tolerance: float = 0.0,
    options: RunOptions = RunOptions(),  # noqa: B008
    progress: Callable[[str], None] = lambda text: None,
) -> Proof:
    """Prove a graph with all optimisations on; where those change answers or break it, find the passes to do without.

    An optimisation is to blame where the graph is right without any; a graph that is only near the reference, such as
    a float16 version, is proved as it is. Then the smallest set of passes is sought that must be off: on the inputs
    that went wrong, and proved on all.

    Args:
        exact: every value counts, within the tolerance; otherwise only labels do.
        tie, tolerance: see `prove`.
        options: where to begin.

    Returns:
        The proof on all inputs, with the options to ship.

    Raises:
        VerificationError: the outputs have another shape than the reference's.
        ModelError: ONNX Runtime cannot run it, even without optimisations.
    """
    batches = batches_of(model, x)

    def again(inputs: NDArray[np.generic], wanted: NDArray[Any], options: RunOptions) -> Proof:
        return prove(model, inputs, wanted, options, tie=tie, tolerance=tolerance, batches=batches)

    def attempt(inputs: NDArray[np.generic], wanted: NDArray[Any], options: RunOptions) -> Proof | None:
        """None where it does not even run."""
        try:
            return again(inputs, wanted, options)
        except ModelError:
            return None

    whole = attempt(x, reference, options)
    if whole and not _wrong(whole, exact).any():
        return whole
    bare = again(x, reference, replace(options, level="none"))
    if _wrong(bare, exact).any():
        return whole or bare
    rows = np.arange(min(_WITNESSES, len(x)))
    if whole:
        rows = np.union1d(np.flatnonzero(_wrong(whole, exact))[:_WITNESSES], rows)

    def good(disabled: Sequence[str]) -> bool:
        progress(f"trying it without {len(disabled)} optimiser passes")
        tried = attempt(x[rows], reference[rows], replace(options, disabled=tuple(disabled)))
        return tried is not None and not _wrong(tried, exact).any()

    if not good(PASSES):
        return bare
    settled = attempt(x, reference, replace(options, disabled=tuple(smallest(PASSES, good))))
    return settled if settled and not _wrong(settled, exact).any() else bare


def _wrong(proof: Proof, exact: bool) -> NDArray[np.bool_]:
    return ~(proof.near_rows if exact else proof.label_rows)


def smallest(names: Sequence[str], good: Callable[[Sequence[str]], bool]) -> list[str]:
    """A subset of `names` that is good and is no longer so without any one of its members.

    Halves are left out while the rest stays good, then smaller and smaller parts (delta debugging).

    Args:
        good: whether a subset will do; `names` as a whole must.
    """
    kept, parts = list(names), 2
    while len(kept) >= 1:
        size = max(1, -(-len(kept) // parts))
        chunks = [kept[i : i + size] for i in range(0, len(kept), size)]
        alone = next((chunk for chunk in chunks if len(chunk) < len(kept) and good(chunk)), None)
        if alone is not None:
            kept, parts = alone, 2
            continue
        rest = next((r for chunk in chunks if good(r := [n for n in kept if n not in chunk])), None)
        if rest is not None:
            kept, parts = rest, max(parts - 1, 2)
        elif size == 1:
            return kept
        else:
            parts = min(parts * 2, len(kept))
    return kept
