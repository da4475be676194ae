"""Runs one program and lets nothing of it outlive its end: `python -I supervise.py <parent pid> <program> <arguments>`.

Vivado starts shells, helpers and one Vivado a run, which go on if only their parent is killed. This process adopts
all of them (Linux calls it a subreaper) and kills what is left when the program ends, when it is told to end, or
when the process that asked for it dies. It imports nothing of the toolchain.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True)


class _EndError(Exception):
    """A signal asked this process to end."""


def main(arguments: Sequence[str]) -> int:
    """Run the program; its exit status, 128 + n if signal n ended it."""
    parent, *command = arguments
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _end)
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    try:
        if os.getppid() != int(parent):  # it died before we asked
            return 128 + signal.SIGTERM
        return _run(command)
    except _EndError:
        return 128 + signal.SIGTERM
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        kill_descendants(os.getpid())


def _end(number: int, frame: object) -> None:
    raise _EndError


def _run(command: Sequence[str]) -> int:
    program = subprocess.Popen(command, start_new_session=True, preexec_fn=_die_with_supervisor)
    while True:
        ended, status = os.wait()  # also collects adopted processes
        if ended == program.pid:
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _die_with_supervisor() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def kill_descendants(ancestor: int) -> None:
    """Kill every process below `ancestor`, and those that come to be meanwhile, until there is none."""
    while True:
        below = descendants(ancestor)
        for process in below:
            _kill(process)
        if not _collect() and not below:
            return
        time.sleep(0.01)


def descendants(ancestor: int) -> list[int]:
    """Process numbers below `ancestor`, from /proc; those that have ended but are not collected do not count."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            parent = _parent(entry)
            if parent is not None:
                children.setdefault(parent, []).append(int(entry.name))
    found: list[int] = []
    frontier = [ancestor]
    while frontier:
        frontier = [child for process in frontier for child in children.get(process, [])]
        found += frontier
    return found


def _parent(process: Path) -> int | None:
    """Parent of a live process; None if it has ended."""
    try:
        state, parent = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state == "Z" else int(parent)


def _kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def _collect() -> bool:
    """Collect ended children; whether any child is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
