"""simulate: FINN's Verilog against the integer network, every element of every layer; FINN's own execution too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flows.stages import files
from flows.stages.context import Context, Outcome
from flows.stages.finn.core import stitched, stream_core
from flows.stages.rtl.core_check import SEED, STALLED_VECTORS, CoreChecks, must_agree, spread
from hls.simulate import CoreSimulation
from hls.simulate_stream import simulate_stream
from hls.verilate import verilator_version
from toolchain.errors import VerificationError
from toolchain.finn.execute import run_python
from toolchain.graph.dense import DenseNetwork
from toolchain.listed import some
from toolchain.results.check import Check


def run(context: Context) -> Outcome:
    """Run the whole test set through the core and through FINN's model, and a part of it with back-pressure."""
    network, x = files.network(context), files.golden_inputs(context)
    context.progress(f"core: {len(x):,} vectors")
    whole = _simulate(context, network, x, None)
    must_agree("core", whole)
    context.progress("core: with back-pressure")
    stalled = _simulate(context, network, spread(x, STALLED_VECTORS), SEED)
    must_agree("core with back-pressure", stalled)
    core = CoreChecks(whole, stalled, len(x), files.vector_kind(context))
    checks = {**core.checks, "FINN's execution": _execution(context, network, x)}
    return Outcome(core.summary, checks, core.facts, {"verilator": verilator_version()})


def _simulate(
    context: Context, network: DenseNetwork, x: NDArray[np.uint8], backpressure_seed: int | None
) -> CoreSimulation:
    core, rtl = stream_core(stitched(context)), context.file("generate", "rtl")
    expected = network.run(x).layers
    work = context.work / "core"
    return simulate_stream(core, rtl, x, expected, work, backpressure_seed=backpressure_seed)


def _execution(context: Context, network: DenseNetwork, x: NDArray[np.uint8]) -> Check:
    """FINN's own execution of its hardware graph in Python."""
    context.progress("FINN's own execution")
    logits = run_python(context.file("map", "model.onnx"), x, context.work / "finn", context.progress)
    expected = network.run(x).logits
    wrong = np.flatnonzero((logits != expected).any(axis=1))
    if len(wrong):
        first = wrong[0]
        raise VerificationError(
            f"FINN's execution: input {first}: expected {some(expected[first])}, got {some(logits[first])} "
            f"({len(wrong)} of {len(x)} inputs differ)"
        )
    return Check(len(x), len(x), "outputs", files.vector_kind(context))
