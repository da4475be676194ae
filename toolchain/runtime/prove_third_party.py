"""Proving the graphs of a third-party model: each against the reference, with the session options it needs."""

from __future__ import annotations

from collections.abc import Callable

from toolchain.results.options import RunOptions
from toolchain.runtime.compare import TOLERANCE, Proof
from toolchain.runtime.imported import FILE, Imported
from toolchain.runtime.integer_kernels import choices
from toolchain.runtime.prove import prove, settle


def prove_import(imported: Imported, progress: Callable[[str], None] = lambda text: None) -> dict[str, Proof]:
    """Proofs of all graphs by variant; counts are against the reference, options those to ship.

    Classes must keep their labels, values their values; each within `TOLERANCE`. Of a reference that computes with
    integers every output counts. Graphs that only approximate the reference are counted, not mended.
    """

    def one(name: str) -> Proof:
        return _prove(imported, name, lambda text: progress(f"{name}: {text}"))

    return {name: one(name) for name in imported.graphs}


def _prove(imported: Imported, name: str, progress: Callable[[str], None]) -> Proof:
    model, x = imported.graphs[name], imported.vectors.x
    if imported.whole and name == FILE:
        return _prove_file(imported, progress)
    whole = imported.is_whole(name)
    answers = imported.integers if imported.integers is not None and whole else imported.reference
    # The integer network's own ties are exact.
    tie = 0.0 if whole else TOLERANCE
    exact = imported.whole or not imported.classifies
    settled = settle(model, x, answers, exact=exact, tie=tie, tolerance=TOLERANCE, progress=progress)
    if not whole:
        return settled
    return prove(model, x, imported.reference, settled.options, tie=TOLERANCE, tolerance=TOLERANCE)


def _prove_file(imported: Imported, progress: Callable[[str], None]) -> Proof:
    """A quantised file in ONNX Runtime itself, with the entries that make its kernels those of integers."""
    found = []
    for entries in choices(imported.graphs[FILE]):
        progress(f"with {' and '.join(entries)}")
        options = RunOptions(entries=entries)
        proof = settle(
            imported.graphs[FILE],
            imported.vectors.x,
            imported.reference,
            exact=True,
            tolerance=TOLERANCE,
            options=options,
            progress=progress,
        )
        found.append(proof)
        if proof.near == proof.compared:
            break
    return max(found, key=lambda proof: proof.near)
