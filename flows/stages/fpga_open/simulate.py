"""simulate: the Verilog against the integer network, every element of every layer, bit by bit."""

from __future__ import annotations

from flows.stages import files
from flows.stages.context import Context, Outcome
from flows.stages.core_check import check_core, spread
from flows.stages.fpga_open.chip_check import ChipCheck
from hls.simulate_chip import ChipSimulator
from hls.verilate import verilator_version

_CHIP_VECTORS = 64


def run(context: Context) -> Outcome:
    """Run the core on the whole test set, on a part of it with back-pressure, and the chip by its pins."""
    chip, network = files.chip(context), files.network(context)
    core = check_core(context, chip, network, context.work / "core")
    context.progress("chip: through its UART pins")
    x = spread(files.golden_inputs(context), _CHIP_VECTORS)
    check = ChipCheck(context, chip, network, x, files.bench_inputs(context))
    simulator = ChipSimulator(
        chip.source_paths,
        context.work / "chip",
        clock_hz=files.clock_hz(context),
        baud=context.open_board.host_link.baud,
    )
    checks = {**core.checks, **check.run(simulator)}
    return Outcome(core.summary, checks, core.facts, {"verilator": verilator_version()})
