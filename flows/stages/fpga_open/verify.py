"""verify: the chip as placed and routed, or as read back from its bitstream, by its pins."""

from __future__ import annotations

from flows.stages import files
from flows.stages.clocking import clock_hz
from flows.stages.context import Context, Outcome
from flows.stages.rtl.design import reference_of
from flows.stages.rtl.serial_check import serial_check
from hls.simulate_chip import ChipSimulator
from hls.verilate import verilator_version
from toolchain.fpga import backend_for
from toolchain.results.facts import BitstreamFacts, VerifyFacts

# A netlist is one huge function: more optimisation takes minutes and gains nothing.
_FLAT_NETLIST = ("-MAKEFLAGS", "OPT_FAST=-O1")


def run(context: Context) -> Outcome:
    """Write the netlist and run it; on a family without a way back, say so and verify nothing."""
    board = context.open_board
    backend = backend_for(board.fpga, context.progress)
    bitstream = context.file("bitstream", context.facts("bitstream", BitstreamFacts).file)
    implementation = context.layout.stage("implement")
    sources = backend.read_back(board, implementation, bitstream, context.out / "netlist")
    if sources is None:
        reason = backend.why_no_read_back(implementation) or "no tool reads this family back"
        return Outcome(f"not possible: {reason}", facts=VerifyFacts(reason=reason))
    context.progress("compiling the netlist's simulator")
    simulator = ChipSimulator(
        sources,
        context.work / "chip",
        clock_hz=clock_hz(context),
        baud=board.host_link.baud,
        extra_flags=_FLAT_NETLIST,
    )
    chip = files.chip(context)
    check = serial_check(context, chip, reference_of(context), backend.read_back_vectors)
    context.progress(f"running {len(check.x)} vectors through the UART pins")
    checks = check.run(simulator).checks
    what = backend.read_back_is(implementation)
    summary = f"{what} = integer, answers to {len(check.x)} test vectors through the UART pins"
    return Outcome(summary, checks, VerifyFacts(what=what), {"verilator": verilator_version()})
