"""compile: the board's program, cross-compiled, and what it takes of the board's flash and RAM."""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from flows.stages.mcu.program import FIRMWARE, board_of, program_of
from toolchain.microcontroller.cores import CORES
from toolchain.microcontroller.firmware import images_of, write_firmware
from toolchain.microcontroller.make import compiler_version, make_programs
from toolchain.microcontroller.sizes import sizes_of
from toolchain.results.facts import CompileFacts
from toolchain.results.facts.hardware import Identity


def run(context: Context) -> Outcome:
    """Write `firmware/` with sources and programs.

    Raises:
        FitError: it is larger than the board's memories; says by how much.
        ToolError: the compiler is missing or fails.
    """
    board, program = board_of(context), program_of(context)
    folder, core = context.out / FIRMWARE, CORES[board.chip.core]
    write_firmware(program, board, folder)
    make_programs(program, board, folder, context.work)
    facts = CompileFacts(
        identity=Identity(model_hash=program.model_hash.hex(), build_id=program.build_id.hex()),
        sizes=sizes_of(folder / "firmware.elf", core.prefix, board.chip),
        images=images_of(board),
    )
    told = ", ".join(
        f"{use.used:,} of {use.of:,} bytes of {name}"
        for name, use in (("flash", facts.sizes.flash), ("RAM", facts.sizes.ram))
    )
    return Outcome(told, facts=facts, tools={f"{core.prefix}gcc": compiler_version(core)})
