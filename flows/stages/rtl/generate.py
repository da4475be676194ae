"""generate: the Verilog of the core and of the chip around it."""

from __future__ import annotations

from flows.stages import files
from flows.stages.context import Context, Outcome
from flows.stages.identity import build_id_of
from flows.stages.rtl.design import design_of
from flows.stages.rtl.shell import shell_of
from toolchain.files import write_json
from toolchain.results.facts import GenerateFacts
from toolchain.results.facts.hardware import Identity


def run(context: Context) -> Outcome:
    """Write `rtl/`, `core.json` and `chip.json`."""
    rtl = context.out / "rtl"
    core = design_of(context).generate(context, rtl)
    model_hash = files.model_hash(context)
    build_id = build_id_of([rtl / name for name in sorted((*core.sources, *core.roms))], context)
    sources = shell_of(context.board).generate(context, core, rtl, (model_hash, build_id))
    identity = {"model_hash": model_hash.hex(), "build_id": build_id.hex()}
    write_json(context.out / "core.json", core.to_json())
    write_json(context.out / "chip.json", {"sources": list(sources), **identity})
    summary = f"{len(sources)} Verilog files, model {identity['model_hash']}, build {identity['build_id']}"
    return Outcome(summary, facts=GenerateFacts(identity=Identity(**identity)))
