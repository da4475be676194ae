"""Runs Vivado in batch with live progress; what goes wrong becomes one typed error."""

from __future__ import annotations

import os
import re
import selectors
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from toolchain.errors import BuildError, GateweaveError, ToolError
from toolchain.progress import Progress
from toolchain.vivado.faults import diagnose
from toolchain.vivado.find import Vivado

LOG = "vivado.log"
"""Everything that Vivado and its launcher print, in the folder it ran in."""

_SUPERVISOR = Path(__file__).with_name("supervise.py")
# Routing a full device may be silent for long; nothing is for two hours.
_PATIENCE_S = 2 * 3600.0
_STEPS = (
    (re.compile(r"^Gateweave: (.+)"), "{}"),
    (re.compile(r"^Command: synth_design"), "synthesis"),
    (re.compile(r"^Command: opt_design"), "optimising"),
    (re.compile(r"^Command: place_design"), "placing"),
    (re.compile(r"^Command: (?:phys_opt_design)"), "optimising the placement"),
    (re.compile(r"^Command: route_design"), "routing"),
    (re.compile(r"^Command: write_bitstream"), "writing the bitstream"),
)
_PHASE = re.compile(r"^Phase (\d+) ([A-Z][^|(]*?)\s*$")


def run_batch(
    vivado: Vivado,
    script: Path,
    folder: Path,
    progress: Progress | None = None,
    *,
    arguments: Sequence[str] = (),
    patience_s: float = _PATIENCE_S,
) -> None:
    """Run a Tcl script in `folder`; ``vivado.log`` there takes all that is printed.

    Nothing that Vivado started is left when this returns, raises, or dies with its process.

    Args:
        vivado: from `find_vivado`.
        script: the Tcl script.
        folder: working folder, which is made.
        progress: hears of each step.
        arguments: the script's ``$argv``.
        patience_s: seconds without a line after which Vivado counts as hung.

    Raises:
        ToolError: Vivado failed: no licence, part or board files, a fault in the script, a crash, killed, hung.
        FitError: the design is larger than the device.
        BuildError: the log cannot be written.
    """
    if not sys.platform.startswith("linux"):
        raise ToolError(f"Vivado is run on Linux only, this is {sys.platform}; build on a Linux machine")
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / LOG
    command = _command(vivado, script, arguments)
    try:
        with log.open("w", buffering=1, errors="replace") as sink:
            status = _supervised(command, folder, sink, _Steps(progress), patience_s)
    except OSError as error:
        raise BuildError(f"{log}: cannot be written: {error.strerror}; free disk space or mend the rights") from error
    if status != 0:
        raise _failure(status, folder)


def _command(vivado: Vivado, script: Path, arguments: Sequence[str]) -> list[str]:
    batch = ["-mode", "batch", "-notrace", "-nolog", "-nojournal", "-source", str(script.resolve())]
    words = ["-tclargs", *arguments] if arguments else []
    supervisor = [sys.executable, "-I", str(_SUPERVISOR), str(os.getpid())]
    return [*supervisor, str(vivado.path), *batch, *words]


class _Steps:
    """Turns log lines into phrases, each step and phase once in a row."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._step = ""

    def see(self, line: str) -> None:
        if self._progress is None:
            return
        for pattern, phrase in _STEPS:
            found = pattern.match(line)
            if found is not None:
                self._step = phrase.format(*found.groups())
                self._progress(f"Vivado: {self._step}")
        phase = _PHASE.match(line)
        if phase is not None:
            self._progress(f"Vivado: {self._step}, phase {phase.group(1)}: {phase.group(2)}")


def _supervised(command: Sequence[str], folder: Path, log: IO[str], steps: _Steps, patience_s: float) -> int:
    """Exit status of the command; it and all it started have ended when this returns or raises."""
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        _follow(process, log, steps, patience_s)
        return process.wait()
    finally:
        _end(process)


def _follow(process: subprocess.Popen[bytes], log: IO[str], steps: _Steps, patience_s: float) -> None:
    """Copy what is printed to the log, line by line, until the end of the output."""
    assert process.stdout is not None
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(patience_s):
                raise ToolError(f"Vivado hung: no word from it for {patience_s:.0f} s; it was ended; see {log.name}")
            block = os.read(process.stdout.fileno(), 1 << 16)
            *lines, rest = (rest + block).split(b"\n")
            for line in [*lines, rest] if not block else lines:
                text = line.decode(errors="replace").rstrip("\r")
                log.write(f"{text}\n")
                steps.see(text)
            if not block:
                return


def _end(process: subprocess.Popen[bytes]) -> None:
    """Have the supervisor kill what is left, and wait for it."""
    if process.stdout is not None:
        process.stdout.close()
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _failure(status: int, folder: Path) -> GateweaveError:
    """The error of a failed run. Vivado's runs have logs of their own, oldest first."""
    runs = sorted(folder.rglob("*.runs/*/runme.log"), key=lambda path: (path.stat().st_mtime_ns, str(path)))
    texts = [path.read_text(errors="replace").splitlines() for path in [folder / LOG, *runs]]
    error = diagnose(status, *texts)
    return type(error)(f"{error}; the whole log is {folder / LOG}")
