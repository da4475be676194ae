"""A board's program on an emulated processor, reached like a board, by a port."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolchain.board import McuBoard
from toolchain.device.link.patience import Patience
from toolchain.errors import ToolError
from toolchain.microcontroller.bridge import Bridge
from toolchain.microcontroller.cores import CORES, Machine
from toolchain.virtual_line import Virtual

PATIENCE = Patience(reply=60.0, quiet=0.4, write=120.0)
"""For a program that is emulated on a busy computer."""

_GRACE_SECONDS = 5.0


@contextmanager
def emulated(elf: Path, board: McuBoard) -> Iterator[Virtual]:
    """A program under qemu for the time of a `with`: one instruction takes one nanosecond of its clock.

    Raises:
        ToolError: qemu is missing, or ended by itself.
    """
    machine = CORES[board.chip.core].machine
    process = _started(machine, elf)
    assert process.stdin and process.stdout
    bridge = Bridge(process.stdin, process.stdout, board.host_link.baud)
    try:
        yield (running := Virtual(bridge.port))
        if process.poll() is not None:
            raise ToolError(f"{machine.program} ended with status {process.returncode}: {_said(process)}")
        running.done = {"breaks": bridge.breaks}
    finally:
        process.kill()
        process.wait(_GRACE_SECONDS)
        bridge.close()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def version(machine: Machine) -> str:
    """The emulator's version.

    Raises:
        ToolError: it is missing.
    """
    try:
        said = subprocess.run([machine.program, "--version"], capture_output=True, text=True).stdout
    except FileNotFoundError as error:
        raise _missing(machine) from error
    return said.split("version ")[-1].split()[0]


def _started(machine: Machine, elf: Path) -> subprocess.Popen[bytes]:
    command = [machine.program, *machine.options, "-display", "none", "-monitor", "none", "-serial", "stdio"]
    command += ["-icount", "shift=0", "-kernel", str(elf)]
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True)
    except FileNotFoundError as error:
        raise _missing(machine) from error


def _missing(machine: Machine) -> ToolError:
    return ToolError(
        f"{machine.program} is missing; install it with `make system-deps` (apt-get install {machine.package})"
    )


def _said(process: subprocess.Popen[bytes]) -> str:
    assert process.stderr
    return process.stderr.read().decode(errors="replace").strip()[:500] or "no message"
