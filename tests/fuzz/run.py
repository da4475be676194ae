"""Runs many cases of a fuzzer in a child process and collects what went wrong."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

FUZZERS = tuple(sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py") if path.stem != "run"))
HANG_SECONDS = 60.0
MOST_BYTES = 2 << 30

# Imports of torch, onnx and qonnx on a busy machine.
_START_SECONDS = 300.0


@dataclass
class Findings:
    """What a fuzzer found.

    Attributes:
        cases: played to an end, good or bad.
        peak: greatest resident memory of any process, bytes.
        faults: by case: a traceback, a hang, a crash.
    """

    fuzzer: str
    seed: int
    cases: int = 0
    peak: int = 0
    faults: dict[int, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """The faults, each with the command that plays it again."""
        again = f"python -m tests.fuzz {self.fuzzer} {self.seed}"
        return "\n".join(f"{again} {case}:\n{fault}" for case, fault in sorted(self.faults.items()))


def fuzz(fuzzer: str, seed: int, count: int) -> Findings:
    """Play `count` cases; one that hangs or crashes its process is a fault, and the rest goes on in a new one."""
    found = Findings(fuzzer, seed)
    while found.cases < count:
        _play(found, count)
    return found


def _play(found: Findings, count: int) -> None:
    first = found.cases
    command = [sys.executable, "-m", "tests.fuzz", found.fuzzer, str(found.seed), str(first), str(count - first)]
    with _child(command) as (child, lines):
        patience = _START_SECONDS
        while found.cases < count:
            try:
                line = lines.get(timeout=patience)
            except queue.Empty:
                return _bad(found, f"hangs: no end after {patience:.0f} s")
            if line is None:
                return _bad(found, f"its process ended with {child.wait()}")
            patience = HANG_SECONDS
            if "case" in line:
                _note(found, line)


def _note(found: Findings, line: dict[str, object]) -> None:
    fault, peak = line["fault"], int(str(line["peak"]))
    if fault:
        found.faults[found.cases] = str(fault)
    elif found.peak < MOST_BYTES <= peak:
        found.faults[found.cases] = f"takes {peak >> 20} MiB; {MOST_BYTES >> 20} MiB at most"
    found.peak = max(found.peak, peak)
    found.cases += 1


def _bad(found: Findings, fault: str) -> None:
    found.faults[found.cases] = fault
    found.cases += 1


@contextlib.contextmanager
def _child(command: list[str]) -> Iterator[tuple[subprocess.Popen[str], queue.Queue[dict[str, object] | None]]]:
    """The process, and the lines it says; None at its end. Its whole group ends with the block."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    child = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    lines: queue.Queue[dict[str, object] | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(child, lines), daemon=True)
    reader.start()
    try:
        yield child, lines
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        reader.join()


def _read(child: subprocess.Popen[str], lines: queue.Queue[dict[str, object] | None]) -> None:
    assert child.stderr is not None
    for line in child.stderr:
        if line.startswith("fuzz {"):
            lines.put(json.loads(line.removeprefix("fuzz ")))
    lines.put(None)
