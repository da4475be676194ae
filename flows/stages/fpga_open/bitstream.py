"""bitstream: the file that is flashed."""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from toolchain.fpga import backend_for
from toolchain.results.facts import BitstreamFacts, ImplementFacts


def run(context: Context) -> Outcome:
    """Write `<board>-<model>` with the suffix of the family."""
    board, request = context.open_board, context.request
    backend = backend_for(board.fpga, context.progress)
    config = context.file("implement", context.facts("implement", ImplementFacts).config)
    name = f"{request.board}-{request.model}{backend.suffix}"
    path = backend.bitstream(board, config, context.out / name)
    packer = backend.packer
    summary = f"{path.name}, {path.stat().st_size:,} bytes"
    return Outcome(summary, facts=BitstreamFacts(file=path.name), tools={packer.name: packer.version()})
