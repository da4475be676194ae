"""library: the network's C on the building computer, held against the integer graph on all vectors."""

from __future__ import annotations

import numpy as np

from flows.stages import files
from flows.stages.context import Context, Outcome
from flows.stages.mcu.program import reference
from toolchain.errors import VerificationError
from toolchain.kernels.compiled import CompiledNetwork
from toolchain.results.check import Check
from toolchain.results.facts import LibraryFacts


def run(context: Context) -> Outcome:
    """Compile the C here and run it.

    Raises:
        VerificationError: its answers are others than the integer graph's; names the first vector.
    """
    known, x = reference(context), files.golden_inputs(context)
    compiled, graph = CompiledNetwork(known.graph, context.work), known.graph
    context.progress(f"the compiled C on {len(x):,} vectors")
    given = x.reshape(len(x), *graph.types[graph.sole_input].shape)
    (answers,) = compiled.run({graph.sole_input: given}).values()
    same = (answers.reshape(len(x), -1) == known.run(x)).all(axis=1)
    if not same.all():
        raise VerificationError(f"library: vector {int(np.argmin(same))}: the C answers otherwise than the graph")
    check = Check(len(x), int(same.sum()), "outputs", files.vector_kind(context))
    facts = LibraryFacts(work_bytes=compiled.source.memory.size)
    told = f"C = integer graph on {check.equal:,} of {check.compared:,} vectors ({check.vectors})"
    return Outcome(told, {"library": check}, facts)
