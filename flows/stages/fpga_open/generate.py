"""generate: the Verilog of the core and of the whole chip."""

from __future__ import annotations

from pathlib import Path

from flows.stages import files
from flows.stages.context import Context, Outcome
from flows.stages.generation import generate
from hls.chip import generate_chip
from hls.core import CoreDescription
from toolchain.graph.network import IntegerNetwork


def run(context: Context) -> Outcome:
    """Write `rtl/`, `core.json` and `chip.json`."""

    def make_chip(
        core: CoreDescription, network: IntegerNetwork, rtl: Path, model_hash: bytes, build_id: bytes
    ) -> list[str]:
        return generate_chip(
            core,
            network,
            rtl,
            clock_hz=files.clock_hz(context),
            baud=context.open_board.host_link.baud,
            model_hash=model_hash,
            build_id=build_id,
            bench=files.bench_inputs(context),
        )

    return generate(context, make_chip)
