"""emulate: the board's program on an emulated processor, against the integer graph, over the host link."""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from flows.stages.mcu.emulating import ask_all
from flows.stages.mcu.program import FIRMWARE, board_of
from toolchain.microcontroller.cores import CORES
from toolchain.microcontroller.emulator import version
from toolchain.results.facts import CompileFacts, EmulateFacts


def run(context: Context) -> Outcome:
    """Run it: proves answers, and counts instructions; tells no time.

    Raises:
        VerificationError: an answer differs.
        ToolError: the emulator is missing.
    """
    made, machine = context.facts("compile", CompileFacts), CORES[board_of(context).chip.core].machine
    identity = made.identity
    found = ask_all(
        context,
        context.file("compile", FIRMWARE) / "emulated.elf",
        {"model_hash": identity.model_hash, "build_id": identity.build_id},
    )
    tools = {machine.program: version(machine)}
    facts = EmulateFacts(
        machine=f"{machine.options[1]} of {machine.program} {tools[machine.program]}",
        instructions=round(found.instructions),
        inferences=found.inferences,
        step=machine.step,
        stack=found.stack,
    )
    check = found.checks["emulated"]
    told = f"{check.equal:,} of {check.compared:,} answers equal ({check.vectors}) on {facts.machine}"
    return Outcome(
        f"{told}; {facts.instructions:,} instructions an inference (emulated: no time)", found.checks, facts, tools
    )
