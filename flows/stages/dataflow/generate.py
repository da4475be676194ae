"""generate: the Verilog of the core and of the AXI chip around it."""

from __future__ import annotations

from pathlib import Path

from flows.stages import files
from flows.stages.context import Context, Outcome
from flows.stages.generation import generate
from hls.axi_chip import generate_axi_chip
from hls.core import CoreDescription
from toolchain.graph.network import IntegerNetwork


def run(context: Context) -> Outcome:
    """Write `rtl/`, `core.json` and `chip.json`."""

    def make_chip(
        core: CoreDescription, network: IntegerNetwork, rtl: Path, model_hash: bytes, build_id: bytes
    ) -> list[str]:
        return generate_axi_chip(
            core,
            network,
            rtl,
            clock_hz=files.clock_hz(context),
            model_hash=model_hash,
            build_id=build_id,
            bench=files.bench_inputs(context),
            data_bits=context.amd_board.host_link.data_bits,
        )

    return generate(context, make_chip)
