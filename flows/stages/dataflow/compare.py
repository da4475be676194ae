"""compare: FINN's core and both of ours side by side."""

from __future__ import annotations

from flows.stages import files
from flows.stages.comparing import (
    VECTORS,
    built_rows,
    own_rows,
    rows_or_reason,
    side_by_side,
    synthesised,
    too_large,
    work_of,
)
from flows.stages.context import Context, Outcome
from flows.stages.finn.core import expected, stream_core
from flows.stages.finn.estimate import estimated
from flows.stages.finn.target import clock_ns, map_target
from flows.stages.rtl.core_check import cycles_of, must_agree, spread
from hls.simulate_stream import simulate_stream
from toolchain.finn.generate import generate_rtl
from toolchain.finn.mapping import map_network
from toolchain.finn.stitch import stitch
from toolchain.fpga.xilinx import synthesise
from toolchain.layout import COMPARED
from toolchain.results.facts import CoreRow


def run(context: Context) -> Outcome:
    """Write `comparison.json`."""
    rows = built_rows(context)
    for strategy in COMPARED:
        rows += own_rows(context, strategy) if strategy != context.request.strategy else []
    rows += rows_or_reason("finn", lambda: _finn_rows(context))
    return side_by_side(context, rows)


def _finn_rows(context: Context) -> list[CoreRow]:
    context.progress("FINN's core")
    target, graph, folder = map_target(context), files.graph(context), work_of(context, "finn")
    mapped = map_network(graph, target, folder / "map", folder / "mapping", context.progress)
    if note := too_large(context, "FINN's core", mapped.facts.estimate.lut):
        return estimated(mapped.facts, note)
    prepared = generate_rtl(mapped.model, target.part, clock_ns(context), folder / "generation", context.progress)
    rtl = folder / "rtl"
    core = stitch(prepared, rtl)
    x = spread(files.golden_inputs(context), VECTORS)
    simulated = simulate_stream(stream_core(core), rtl, x, expected(graph, x), folder / "simulation", optimise=False)
    must_agree("FINN's core", simulated)
    sources = [rtl / name for name in core.sources]
    family, out = context.amd_board.fpga.family, folder / "synthesis"
    synthesis = synthesise(family, core.top, sources, rtl, out, system_verilog=True, progress=context.progress)
    return [*estimated(mapped.facts), synthesised("finn", synthesis, cycles_of(simulated))]
