"""Proving the graphs of a third-party model: each against the reference, with the optimiser passes it can bear."""

from __future__ import annotations

from collections.abc import Callable

from toolchain.runtime.compare import TOLERANCE, Proof
from toolchain.runtime.prove import prove, settle
from toolchain.runtime.third_party import INTEGER_VARIANTS, Imported


def prove_import(imported: Imported, progress: Callable[[str], None] = lambda text: None) -> dict[str, Proof]:
    """Proofs of all graphs by variant; counts are against the reference, options those to ship.

    Classes must keep their labels, values their values; each within `TOLERANCE`. Graphs that only approximate the
    reference are counted, not mended.
    """

    def one(name: str) -> Proof:
        return _prove(imported, name, lambda text: progress(f"{name}: {text}"))

    return {name: one(name) for name in imported.graphs}


def _prove(imported: Imported, name: str, progress: Callable[[str], None]) -> Proof:
    model, x = imported.graphs[name], imported.vectors.x
    whole = imported.integers is not None and name in INTEGER_VARIANTS
    answers = imported.integers if imported.integers is not None and whole else imported.reference
    # The integer network's own ties are exact.
    tie = 0.0 if whole else TOLERANCE
    exact = not imported.classifies
    settled = settle(model, x, answers, exact=exact, tie=tie, tolerance=TOLERANCE, progress=progress)
    if not whole:
        return settled
    return prove(model, x, imported.reference, settled.options, tie=TOLERANCE, tolerance=TOLERANCE)
