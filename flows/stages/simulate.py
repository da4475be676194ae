"""simulate: the Verilog against the integer network, every element of every layer, bit by bit."""

from __future__ import annotations

from flows.stages import files
from flows.stages.chip_check import ChipCheck, spread
from flows.stages.context import Context, Outcome
from hls.simulate import CoreSimulation, simulate_core
from hls.simulate_chip import ChipSimulator
from hls.verilate import verilator_version
from toolchain.errors import VerificationError
from toolchain.record import Check

_STALLED_VECTORS = 1000
_CHIP_VECTORS = 64
_SEED = 1


def run(context: Context) -> Outcome:
    """Run the core on the whole test set, on a part of it with back-pressure, and the chip by its pins."""
    chip, network = files.chip(context), files.network(context)
    x = files.golden_inputs(context)
    work = context.work
    context.progress(f"core: {len(x):,} vectors")
    whole = simulate_core(chip.core, network, chip.rtl, x, work / "core")
    _must_agree("core", whole)
    context.progress("core: with back-pressure")
    some = spread(x, _STALLED_VECTORS)
    stalled = simulate_core(chip.core, network, chip.rtl, some, work / "core", backpressure_seed=_SEED)
    _must_agree("core with back-pressure", stalled)
    context.progress("chip: through its UART pins")
    check = ChipCheck(context, chip, network, spread(x, _CHIP_VECTORS), files.bench_inputs(context))
    simulator = ChipSimulator(
        chip.source_paths,
        work / "chip",
        clock_hz=files.clock_hz(context),
        baud=context.board.host_link.baud,
    )
    checks = {"test set": _check(whole), "back-pressure": _check(stalled), **check.run(simulator)}
    facts = {
        "latency_cycles": whole.latency_cycles,
        "initiation_interval": whole.initiation_interval,
    }
    return Outcome(_summary(whole), checks, facts, {"verilator": verilator_version()})


def _must_agree(what: str, simulation: CoreSimulation) -> None:
    if simulation.first_difference:
        count = f"{simulation.compared - simulation.equal} of {simulation.compared} inputs differ"
        raise VerificationError(f"{what}: {simulation.first_difference} ({count})")


def _check(simulation: CoreSimulation) -> Check:
    return Check(simulation.compared, simulation.equal)


def _summary(whole: CoreSimulation) -> str:
    rate = whole.compared / max(whole.seconds, 1e-6)
    cycles = f"{whole.latency_cycles} cycles latency, one every {whole.initiation_interval}"
    return f"RTL = integer on {whole.equal:,} of {whole.compared:,} vectors ({rate:,.0f}/s); {cycles}"
