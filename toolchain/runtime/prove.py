"""Proving a graph against the reference on ONNX Runtime, and finding the optimiser passes that change its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from toolchain.errors import VerificationError
from toolchain.runtime.passes import PASSES
from toolchain.runtime.session import RunOptions, open_session, run_session

# Inputs that went wrong, and as many others, on which passes are tried.
_WITNESSES = 128


@dataclass(frozen=True, eq=False)
class Proof:
    """How one graph compares with the reference, input by input.

    Attributes:
        equal_rows: which inputs' outputs are all equal, shape (N,).
        label_rows: which inputs' class is one of those that share the reference's greatest logit, shape (N,).
        largest: greatest difference of any output.
        options: what the session was opened with: ship the graph with these.
        tolerance: up to this difference, relative to the greatest magnitude, values counted as equal.
    """

    equal_rows: NDArray[np.bool_]
    label_rows: NDArray[np.bool_]
    largest: float
    options: RunOptions
    tolerance: float = 0.0

    @property
    def compared(self) -> int:
        """Inputs compared."""
        return len(self.equal_rows)

    @property
    def equal(self) -> int:
        """Inputs whose outputs are all equal."""
        return int(self.equal_rows.sum())

    @property
    def labels_equal(self) -> int:
        """Inputs whose labels agree, ties allowed for."""
        return int(self.label_rows.sum())

    @property
    def first(self) -> int | None:
        """Index of the first input that differs in its label, or, where labels agree, in a value; None: no input."""
        rows = self.equal_rows if self.label_rows.all() else self.label_rows
        return None if rows.all() else int(np.flatnonzero(~rows)[0])

    @property
    def differing(self) -> int:
        """Inputs whose labels differ."""
        return self.compared - self.labels_equal

    @property
    def exact(self) -> bool:
        """Whether every output of every input is equal."""
        return self.equal == self.compared

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, for facts and the manifest."""
        return {
            "compared": self.compared,
            "equal": self.equal,
            "labels_equal": self.labels_equal,
            "differing": self.differing,
            "largest_difference": self.largest,
            "first_difference": self.first,
            "tolerance": self.tolerance,
            "options": self.options.to_json(),
        }


def prove(
    model: onnx.ModelProto,
    x: NDArray[np.generic],
    reference: NDArray[Any],
    options: RunOptions | None = None,
    *,
    tie: float = 0.0,
    tolerance: float = 0.0,
) -> Proof:
    """Run a graph on all inputs and compare it with the reference's outputs.

    Args:
        x: inputs, shape (N, ...).
        reference: outputs of the reference, shape (N, ...).
        tie: logits of the reference this close to a row's greatest, relative to the greatest magnitude of all of the
            reference's values, count as equal to it.
        tolerance: values this close, relative to the same, count as equal.

    Raises:
        VerificationError: the outputs have another shape than the reference's.
        ModelError: ONNX Runtime cannot run it.
    """
    options = options or RunOptions()
    got = run_session(open_session(model, options), x)
    return compare(got, reference, options, tie=tie, tolerance=tolerance)


def compare(
    got: NDArray[Any], reference: NDArray[Any], options: RunOptions, *, tie: float = 0.0, tolerance: float = 0.0
) -> Proof:
    """Compare outputs with the reference's; see `prove`.

    Raises:
        VerificationError: the shapes differ.
    """
    if got.size != reference.size or len(got) != len(reference):
        raise VerificationError(f"the graph yields shape {got.shape} where the reference has {reference.shape}")
    ours, theirs = (values.reshape(len(values), -1).astype(np.float64) for values in (got, reference))
    # A value that is no number differs from everything, and so shows as infinitely far.
    apart = np.where(ours == theirs, 0.0, np.abs(ours - theirs))
    apart = np.where(np.isnan(apart), np.inf, apart)
    equal = (apart <= tolerance * np.abs(theirs).max(initial=0.0)).all(axis=1)
    return Proof(equal, _labels_agree(ours, theirs, tie), float(apart.max(initial=0.0)), options, tolerance)


def _labels_agree(ours: NDArray[Any], theirs: NDArray[Any], tie: float) -> NDArray[np.bool_]:
    chosen = theirs[np.arange(len(theirs)), ours.argmax(axis=1)]
    near = theirs.max(axis=1) - tie * np.abs(theirs).max(initial=0.0)
    agree: NDArray[np.bool_] = (chosen >= near) & ~np.isnan(ours).any(axis=1)
    return agree


def settle(
    model: onnx.ModelProto,
    x: NDArray[np.generic],
    reference: NDArray[Any],
    *,
    exact: bool,
    tie: float = 0.0,
    tolerance: float = 0.0,
    progress: Callable[[str], None] = lambda text: None,
) -> Proof:
    """Prove a graph with all optimisations on; where those change answers, find the passes and prove it without them.

    An optimisation is to blame where the graph is right without any; a graph that is only near the reference, such as
    a float16 twin, is proved as it is. Then the smallest set of passes is sought that must be off: on the inputs that
    went wrong, and proved on all.

    Args:
        exact: every value counts; otherwise only labels do.
        tie, tolerance: see `prove`.

    Returns:
        The proof on all inputs, with the options to ship.
    """

    def again(inputs: NDArray[np.generic], wanted: NDArray[Any], options: RunOptions) -> Proof:
        return prove(model, inputs, wanted, options, tie=tie, tolerance=tolerance)

    whole = again(x, reference, RunOptions())
    if not _wrong(whole, exact).any():
        return whole
    bare = again(x, reference, RunOptions("none"))
    if _wrong(bare, exact).any():
        return whole
    rows = np.union1d(np.flatnonzero(_wrong(whole, exact))[:_WITNESSES], np.arange(min(_WITNESSES, len(x))))

    def good(disabled: Sequence[str]) -> bool:
        progress(f"trying it without {len(disabled)} optimiser passes")
        tried = again(x[rows], reference[rows], RunOptions("all", tuple(disabled)))
        return not _wrong(tried, exact).any()

    if not good(PASSES):
        return bare
    settled = again(x, reference, RunOptions("all", tuple(smallest(PASSES, good))))
    return bare if _wrong(settled, exact).any() else settled


def _wrong(proof: Proof, exact: bool) -> NDArray[np.bool_]:
    return ~(proof.equal_rows if exact else proof.label_rows)


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


def facts(proofs: Mapping[str, Proof]) -> dict[str, Any]:
    """Proofs by variant, as plain JSON."""
    return {name: proof.to_json() for name, proof in proofs.items()}
