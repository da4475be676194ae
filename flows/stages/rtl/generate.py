"""generate: the Verilog of the core and of the chip around it."""

from __future__ import annotations

from pathlib import Path

from flows.stages import files
from flows.stages.clocking import clock_hz
from flows.stages.context import Context, Outcome
from flows.stages.identity import build_id_of
from flows.stages.rtl.design import design_of
from flows.stages.rtl.shell import shell_of
from hls.loading import BOARD, CHIP, start_clocks
from toolchain.results.core import ChipFile, write_chip, write_core
from toolchain.results.facts import GenerateFacts
from toolchain.results.facts.hardware import Identity


def run(context: Context) -> Outcome:
    """Write `rtl/`, `core.json` and `chip.json`."""
    return generate(context, clock_hz(context), context.out)


def generate(context: Context, hz: int, out: Path) -> Outcome:
    """The same of a chip with a clock in Hz, into a folder."""
    rtl, shell = out / "rtl", shell_of(context.board)
    core = design_of(context).generate(context, rtl, hz)
    model_hash = files.model_hash(context)
    build_id = build_id_of([rtl / name for name in sorted((*core.sources, *core.roms))], context, hz)
    made = shell.generate(context, core, rtl, (model_hash, build_id), hz)
    identity = Identity(model_hash=model_hash.hex(), build_id=build_id.hex())
    write_core(out, core)
    sources, models = tuple(made.sources), tuple(made.models)
    chip = ChipFile(
        sources=sources,
        models=models,
        clock_hz=hz,
        streamed=made.streamed,
        simulated=BOARD if core.loaded else CHIP,
        start_clocks=start_clocks(core.loaded, hz),
        **identity.to_json(),
    )
    write_chip(out, chip)
    summary = f"{len(made.sources)} Verilog files, model {identity.model_hash}, build {identity.build_id}"
    return Outcome(summary, facts=GenerateFacts(identity=identity))
