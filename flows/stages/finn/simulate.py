"""simulate: FINN's Verilog against the integer network, every element of every layer; FINN's own execution too."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.stages import files
from flows.stages.context import Context, Outcome
from flows.stages.finn.core import expected, stitched, stream_core
from flows.stages.rtl.core_check import SEED, STALLED_VECTORS, CoreChecks, must_agree, spread
from flows.stages.rtl.graph_design import FIVE_MINUTES, STALLED_SHARE, vectors_within
from hls.simulate_stream import CoreSimulation, simulate_stream
from hls.verilate import verilator_version
from toolchain.errors import VerificationError
from toolchain.finn.execute import run_python
from toolchain.graph.graph import Graph
from toolchain.listed import some
from toolchain.results.check import Check
from toolchain.results.facts import MapFacts


def run(context: Context) -> Outcome:
    """Run the test set through the core and through FINN's model, and a part of it with back-pressure.

    Of a network with images, as many vectors of the test set as fit five minutes, or as many as were asked for.
    """
    graph, x = files.graph(context), files.golden_inputs(context)
    few, stalled = _vectors(context, x)
    context.progress(f"core: {len(few):,} of {len(x):,} vectors")
    whole = _simulate(context, graph, few, None)
    must_agree("core", whole)
    context.progress("core: with back-pressure")
    paused = _simulate(context, graph, spread(few, stalled), SEED)
    must_agree("core with back-pressure", paused)
    core = CoreChecks(whole, paused, len(x), files.vector_kind(context))
    checks = {**core.checks, "FINN's execution": _execution(context, graph, few)}
    return Outcome(core.summary, checks, core.facts, {"verilator": verilator_version()})


def _vectors(context: Context, x: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """The vectors to run, and how many of them with back-pressure."""
    mapped = context.facts("map", MapFacts)
    if not mapped.has_windows:
        return x, STALLED_VECTORS
    cost = mapped.initiation_interval * mapped.estimate.lut
    few = spread(x, context.request.vectors or vectors_within(cost, FIVE_MINUTES))
    return few, vectors_within(cost, FIVE_MINUTES * STALLED_SHARE)


def _simulate(context: Context, graph: Graph, x: NDArray[Any], backpressure_seed: int | None) -> CoreSimulation:
    core, rtl = stream_core(stitched(context)), context.file("generate", "rtl")
    work = context.work / "core"
    return simulate_stream(core, rtl, x, expected(graph, x), work, backpressure_seed=backpressure_seed)


def _execution(context: Context, graph: Graph, x: NDArray[Any]) -> Check:
    """FINN's own execution of its hardware graph in Python."""
    context.progress("FINN's own execution")
    found = run_python(context.file("map", "model.onnx"), x, context.work / "finn", context.progress)
    *_, right = expected(graph, x)
    wrong = np.flatnonzero((found != right).any(axis=1))
    if len(wrong):
        first = wrong[0]
        raise VerificationError(
            f"FINN's execution: input {first}: expected {some(right[first])}, got {some(found[first])} "
            f"({len(wrong)} of {len(x)} inputs differ)"
        )
    return Check(len(x), len(x), "outputs", files.vector_kind(context))
