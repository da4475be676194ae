"""verify: the chip as placed and routed, or as read back from its bitstream, by its pins."""

from __future__ import annotations

import shutil
from pathlib import Path

from flows.stages import files
from flows.stages.clocking import clock_hz
from flows.stages.context import Context, Outcome
from flows.stages.rtl.design import reference_of
from flows.stages.rtl.serial_check import serial_check
from hls.loading import FILES
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
    chip = files.chip(context)
    simulator = ChipSimulator(
        [*sources, *_flash(chip, sources[0].parent)],
        context.work / "chip",
        clock_hz=clock_hz(context),
        baud=board.host_link.baud,
        extra_flags=_FLAT_NETLIST,
        top=chip.simulated,
        start_clocks=chip.start_clocks,
    )
    check = serial_check(context, chip, reference_of(context), backend.read_back_vectors)
    context.progress(f"running {len(check.x)} vectors through the UART pins")
    checks = check.run(simulator).checks
    what = backend.read_back_is(implementation)
    summary = f"{what} = integer, answers to {len(check.x)} test vectors through the UART pins"
    return Outcome(summary, checks, VerifyFacts(what=what), {"verilator": verilator_version()})


def _flash(chip: files.Chip, folder: Path) -> list[Path]:
    """The model of the flash beside a netlist, and the board around both, where weights are loaded from it."""
    if chip.core.loaded is None:
        return []
    copies = [Path(shutil.copy(chip.rtl / name, folder)) for name in FILES]
    return [path for path in copies if path.suffix == ".v"]
