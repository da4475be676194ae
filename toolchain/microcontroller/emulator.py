"""A board's program on an emulated processor, reached like a board, by a port."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from toolchain.board import McuBoard, Memory
from toolchain.device.link.patience import Patience
from toolchain.errors import ToolError, VerificationError
from toolchain.microcontroller.bridge import Bridge
from toolchain.microcontroller.cores import CORES, Machine
from toolchain.virtual_line import Virtual

PATIENCE = Patience(reply=60.0, quiet=0.4, write=120.0)
"""For a program that is emulated on a busy computer."""

_GRACE_SECONDS = 5.0


# As `c/board.h` has it.
_PAINT = (0x57AC57AC).to_bytes(4, "little")


@dataclass
class Emulated(Virtual):
    """A running program; `monitor` is qemu's socket of its machine protocol."""

    monitor: Path = Path()

    def stack_used(self, stack: Memory) -> int:
        """How many bytes deep the stack has been, which start-up has painted.

        Raises:
            ToolError: the emulator does not tell.
            VerificationError: no paint is left: it may have gone deeper than its place.
        """
        found = self._memory(stack)
        painted = next((at for at in range(0, len(found), 4) if found[at : at + 4] != _PAINT), len(found))
        if not painted:
            raise VerificationError(f"the stack of {stack.bytes:,} bytes has been full to its end")
        return stack.bytes - painted

    def _memory(self, place: Memory) -> bytes:
        """What lies there, as the processor sees it."""
        copy = self.monitor.with_name("memory")
        told = {"val": place.start, "size": place.bytes, "filename": str(copy)}
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self.monitor))
            with line.makefile("rw") as lines:
                for command in ({"execute": "qmp_capabilities"}, {"execute": "memsave", "arguments": told}):
                    _execute(lines, command)
        return copy.read_bytes()


def _execute(lines: TextIO, command: Mapping[str, object]) -> None:
    """One command of qemu's machine protocol; events and its greeting come between."""
    lines.write(json.dumps(command) + "\n")
    lines.flush()
    for line in lines:
        reply = json.loads(line)
        if "error" in reply:
            raise ToolError(f"qemu refuses {command['execute']}: {reply['error'].get('desc')}")
        if "return" in reply:
            return
    raise ToolError(f"qemu ended before it answered {command['execute']}")


@contextmanager
def emulated(elf: Path, board: McuBoard) -> Iterator[Emulated]:
    """A program under qemu for the time of a `with`: one instruction takes one nanosecond of its clock.

    Raises:
        ToolError: qemu is missing, or ended by itself.
    """
    machine = CORES[board.chip.core].machine
    with TemporaryDirectory(prefix="gateweave-") as folder:
        yield from _running(machine, elf, board, Path(folder) / "monitor")


def _running(machine: Machine, elf: Path, board: McuBoard, monitor: Path) -> Iterator[Emulated]:
    process = _started(machine, elf, monitor)
    assert process.stdin and process.stdout
    bridge = Bridge(process.stdin, process.stdout, board.host_link.baud)
    try:
        yield (running := Emulated(bridge.port, monitor=monitor))
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


def _started(machine: Machine, elf: Path, monitor: Path) -> subprocess.Popen[bytes]:
    command = [machine.program, *machine.options, "-display", "none", "-monitor", "none", "-serial", "stdio"]
    command += ["-qmp", f"unix:{monitor},server=on,wait=off"]
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
