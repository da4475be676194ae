"""generate: FINN's Verilog of each layer, stitched into one core between two AXI4-Streams."""

from __future__ import annotations

from flows.stages import files
from flows.stages.context import Context, Outcome
from flows.stages.finn.target import clock_ns
from flows.stages.identity import build_id_of
from toolchain.finn.generate import generate_rtl
from toolchain.finn.stitch import stitch
from toolchain.results.core import write_core
from toolchain.results.facts import GenerateFacts
from toolchain.results.facts.hardware import Identity


def run(context: Context) -> Outcome:
    """Write `rtl/` and `core.json`."""
    rtl, part = context.out / "rtl", context.amd_board.fpga.part
    model = context.file("map", "model.onnx")
    prepared = generate_rtl(model, part, clock_ns(context), context.work / "finn", context.progress)
    context.progress("stitching")
    core = stitch(prepared, rtl)
    write_core(context.out, core)
    model_hash = files.model_hash(context).hex()
    build_id = build_id_of([rtl / name for name in sorted((*core.sources, *core.data))], context).hex()
    identity = {"model_hash": model_hash, "build_id": build_id}
    summary = f"{len(core.sources)} SystemVerilog files, model {model_hash}, build {build_id}"
    return Outcome(summary, facts=GenerateFacts(identity=Identity(**identity)))
