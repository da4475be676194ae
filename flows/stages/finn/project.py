"""project: what FINN goes on from to a bitstream, whether here or elsewhere."""

from __future__ import annotations

import shutil

from flows.stages.context import Context, Outcome
from flows.stages.finn.target import finish_spec
from toolchain.files import write_json
from toolchain.finn.finish import build_settings


def run(context: Context) -> Outcome:
    """Write FINN's model, the graph around it, its folding, its estimates and its build configuration."""
    mapped = context.layout.stage("map")
    for path in sorted(mapped.iterdir()):
        shutil.copyfile(path, context.out / path.name)
    write_json(context.out / "build.json", build_settings(finish_spec(context)))
    return Outcome(f"FINN's model for {context.amd_board.fpga.part}, with its folding and build configuration")
