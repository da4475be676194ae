"""verify: the package's program made again by its own Makefile, and the packed one on an emulated processor."""

from __future__ import annotations

import shutil
from pathlib import Path

from flows.stages.context import Context, Outcome
from flows.stages.mcu.emulating import ask_all
from flows.stages.mcu.program import FIRMWARE
from toolchain.errors import VerificationError
from toolchain.microcontroller.make import make, must_be_made
from toolchain.results.check import Check
from toolchain.results.facts import VerifyFacts
from toolchain.results.packed import read_package

_PROGRAMS = ("firmware.elf", "emulated.elf")


def run(context: Context) -> Outcome:
    """Make and run it.

    Raises:
        VerificationError: the sources make another program, or an answer differs.
    """
    package = context.layout.stage("package")
    identity = read_package(package).packed["identity"]
    _must_be_made_again(package / FIRMWARE, context.work / FIRMWARE)
    found = ask_all(context, package / FIRMWARE / "emulated.elf", identity)
    same = Check(len(_PROGRAMS), len(_PROGRAMS), "replies", "")
    what = "the packed program under qemu (emulated: no time), and made again by its own Makefile, byte for byte"
    return Outcome(what, {**found.checks, "made again": same}, VerifyFacts(what=what))


def _must_be_made_again(packed: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(packed, folder)
    must_be_made(make(folder, "clean"))
    must_be_made(make(folder, "all", "emulated.elf"))
    for name in _PROGRAMS:
        if (folder / name).read_bytes() != (packed / name).read_bytes():
            raise VerificationError(f"{name}: the package's sources make another program; is the compiler another one?")
