"""project: what FINN goes on from to a bitstream, whether here or elsewhere."""

from __future__ import annotations

import shutil

from flows.stages.context import Context, Outcome


def run(context: Context) -> Outcome:
    """Write FINN's model, the graph around it, its folding and its estimates."""
    mapped = context.layout.stage("map")
    for path in sorted(mapped.iterdir()):
        shutil.copyfile(path, context.out / path.name)
    return Outcome(f"FINN's model for {context.amd_board.fpga.part}, with its folding")
