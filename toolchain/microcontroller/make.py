"""Compiles a program's folder by its own Makefile, as a person would."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from toolchain.board import McuBoard
from toolchain.errors import ToolError
from toolchain.microcontroller.cores import CORES, Core
from toolchain.microcontroller.firmware import Program, write_firmware
from toolchain.microcontroller.sizes import must_fit, sizes_of

_TARGETS = ("all", "emulated.elf")
# What a linker is given to find out how much too large a program is.
_WIDE = 1 << 27


def make_programs(program: Program, board: McuBoard, folder: Path, work: Path) -> None:
    """Compile a folder that `write_firmware` wrote.

    Args:
        work: scratch folder.

    Raises:
        FitError: the program is larger than the board's memories; says by how many bytes.
        ToolError: the compiler is missing or fails.
    """
    done = make(folder, *_TARGETS)
    if done.returncode and "overflowed" in done.stderr:
        _must_fit(program, board, work)
    must_be_made(done)


def make(folder: Path, *targets: str) -> subprocess.CompletedProcess[str]:
    """Run `make` in a folder."""
    # What a `make` around this one was told is not for it.
    own = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    command = ["make", "--silent", *targets]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**own, "LC_ALL": "C"})


def must_be_made(done: subprocess.CompletedProcess[str]) -> None:
    """Refuse to go on where `make` failed.

    Raises:
        ToolError: the message is the compiler's first.
    """
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line.lower()] or ["no message"]
        raise ToolError(f"cross-compiling: {lines[0]}")


def compiler_version(core: Core) -> str:
    """Version of the cross compiler.

    Raises:
        ToolError: it is missing.
    """
    try:
        done = subprocess.run([f"{core.prefix}gcc", "-dumpfullversion"], capture_output=True, text=True)
    except FileNotFoundError as error:
        raise ToolError(
            f"{core.prefix}gcc is missing; install it with `make system-deps` (apt-get install {core.package})"
        ) from error
    return done.stdout.strip()


def _must_fit(program: Program, board: McuBoard, work: Path) -> None:
    """Refuse a program that does not fit, with what it takes of memories that are large enough."""
    chip, folder = board.chip, work / "wide"
    wide = {name: getattr(chip, name).model_copy(update={"bytes": _WIDE}) for name in ("flash", "ram")}
    shutil.rmtree(folder, ignore_errors=True)
    write_firmware(program, board.model_copy(update={"chip": chip.model_copy(update=wide)}), folder)
    must_be_made(make(folder, "firmware.elf"))
    must_fit(sizes_of(folder / "firmware.elf", CORES[chip.core].prefix, chip), board.title)
