"""simulate: the Verilog against the integer network, every element of every layer, and the chip by its AXI ports."""

from __future__ import annotations

from flows.stages import files
from flows.stages.context import Context, Outcome
from flows.stages.core_check import check_core, spread
from flows.stages.dataflow.axi_check import AxiCheck
from hls.chip import vector_bytes
from hls.simulate_axi import AxiChipSimulator
from hls.verilate import verilator_version

_CHIP_VECTORS = 256


def run(context: Context) -> Outcome:
    """Run the core on the whole test set, on a part of it with back-pressure, and the chip by its ports."""
    chip, network = files.chip(context), files.network(context)
    core = check_core(context, chip, network, context.work / "core")
    context.progress("chip: through its AXI ports")
    x = spread(files.golden_inputs(context), _CHIP_VECTORS)
    check = AxiCheck(context, chip, network, x, files.bench_inputs(context))
    simulator = AxiChipSimulator(
        chip.source_paths,
        context.work / "chip",
        vector_bytes=vector_bytes(chip.core),
        data_bits=context.amd_board.host_link.data_bits,
    )
    checks = {**core.checks, **check.run(simulator)}
    return Outcome(core.summary, checks, core.facts, {"verilator": verilator_version()})
