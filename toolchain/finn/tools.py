"""Vivado and Vitis HLS as FINN gets to see them: supervised, with a note of how they ended.

FINN starts them from shell scripts that lose the exit status, and waits for nothing else that they leave behind.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from toolchain.errors import GateweaveError
from toolchain.vivado import supervise
from toolchain.vivado.faults import diagnose, first_fault

FOLDER_VARIABLE = "FINN_TOOL_DIR_OVERRIDE"
"""Environment variable with the folder that FINN takes the tools from."""

_LOGS = ("vitis_hls.log", "vivado.log", "runme.log")
_FAILED = "failed"


def write_wrappers(programs: dict[str, Path], folder: Path) -> None:
    """Scripts of the tools' own names that run them under `toolchain/vivado/supervise.py`.

    Args:
        programs: the real programs by name.
        folder: gets the scripts, and from them the file `failed` with the status of the last that failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, program in programs.items():
        words = [sys.executable, "-I", supervise.__file__]
        run = f'{shlex.join(words)} $$ {shlex.quote(str(program))} "$@"'
        note = f"[ $status -eq 0 ] || echo $status > {shlex.quote(str(folder / _FAILED))}"
        script = folder / name
        script.write_text(f"#!/bin/sh\n{run}\nstatus=$?\n{note}\nexit $status\n")
        script.chmod(0o755)


def fault(work_dir: Path, folder: Path) -> GateweaveError | None:
    """What went wrong, by the first of the logs below `work_dir` that names it; None if no tool failed."""
    found = [path for name in _LOGS for path in work_dir.rglob(name)]
    logs = sorted(found, key=lambda path: (path.stat().st_mtime_ns, str(path)))
    for log in logs:
        error = first_fault(_lines(log))
        if error is not None:
            return _with_log(error, log)
    note = folder / _FAILED
    if not note.is_file() or not logs:
        return None
    return _with_log(diagnose(int(note.read_text()), _lines(logs[-1])), logs[-1])


def _lines(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines()


def _with_log(error: GateweaveError, log: Path) -> GateweaveError:
    return type(error)(f"{error}; the whole log is {log}")
