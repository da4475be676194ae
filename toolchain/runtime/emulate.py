"""The proof on ARM without a board: both runners as real aarch64 programs, answer by answer. It yields no times."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from toolchain.runtime.answers import Answers, Comparison, Job, Values, answer, compare
from toolchain.runtime.binaries import SOURCES, find_library, runner_in
from toolchain.runtime.sysroot import Emulator

# Vectors that are timed.
_FEW = 8


def emulated_answers(emulator: Emulator, job: Job, work: Path, *, timeout: float = 1200) -> dict[str, Answers]:
    """Answers of the C and the Python runner on aarch64, by name.

    Raises:
        ToolError: the compiler or a runner failed.
    """
    binary = runner_in(work, "aarch64")
    library = ["--library", str(find_library(emulator.site))]
    commands = {
        "aarch64 C runner": [*emulator.command(binary), *library],
        "aarch64 Python runner": [*emulator.python, str(SOURCES / "runner.py")],
    }
    job = Job(job.model, job.vectors, (*job.words, "--emulated"))
    return {
        name: answer(command, job, work / name.replace(" ", "-"), env=emulator.environment, timeout=timeout)
        for name, command in commands.items()
    }


def vectors_within(seconds: float, emulator: Emulator, job: Job, work: Path) -> int:
    """Vectors that the C runner answers on aarch64 in so many seconds, by what a few of the job's take; 1 or more.

    Raises:
        ToolError: the compiler or the runner failed.
    """
    command = [*emulator.command(runner_in(work, "aarch64")), "--library"]
    command.append(str(find_library(emulator.site)))

    def taken(count: int) -> float:
        few = Job(job.model, job.vectors[:count], (*job.words, "--emulated"))
        started = time.monotonic()
        answer(command, few, work / "few", env=emulator.environment)
        return time.monotonic() - started

    # Starting it takes seconds, too, and in both runs.
    few = min(_FEW, len(job.vectors) - 1)
    each = (taken(1 + few) - taken(1)) / few if few else taken(1)
    return max(1, int(seconds / max(each, 1e-6)))


def host_answers(job: Job, work: Path) -> dict[str, Answers]:
    """Answers of both runners on this machine, by name.

    Raises:
        ToolError: the compiler or a runner failed.
    """
    machine = os.uname().machine
    binary = runner_in(work, machine)
    commands = {
        f"{machine} C runner": [str(binary), "--library", str(find_library())],
        f"{machine} Python runner": [sys.executable, str(SOURCES / "runner.py")],
    }
    return {name: answer(command, job, work / name.replace(" ", "-")) for name, command in commands.items()}


def prove_emulated(
    emulator: Emulator, job: Job, reference: Values, work: Path, *, tolerance: float = 0.0
) -> list[Comparison]:
    """Both aarch64 runners and both of this machine against the reference; then the aarch64 ones against this machine.

    Args:
        emulator: what plays the board.
        job: the graph and what it is to answer.
        reference: outputs of shape (N, elements).
        work: scratch folder.
        tolerance: see `toolchain.runtime.answers.compare`.

    Raises:
        ToolError: a tool is missing or a runner failed. Differences are in the result, not raised.
    """
    host, board = host_answers(job, work), emulated_answers(emulator, job, work)
    rows = [compare(name, answers, reference, tolerance=tolerance) for name, answers in {**host, **board}.items()]
    here = next(iter(host.values())).outputs
    machine = os.uname().machine
    return rows + [
        compare(f"{name} = {machine}", answers, here, tolerance=tolerance) for name, answers in board.items()
    ]
