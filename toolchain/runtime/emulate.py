"""The proof on ARM without a board: both runners as real aarch64 programs, answer by answer. It yields no times."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from toolchain.runtime.answers import Answers, Comparison, Job, Values, answer, compare
from toolchain.runtime.binaries import SOURCES, build_runner, find_library
from toolchain.runtime.sysroot import Emulator


def emulated_answers(emulator: Emulator, job: Job, work: Path, *, timeout: float = 1200) -> dict[str, Answers]:
    """Answers of the C and the Python runner on aarch64, by name.

    Raises:
        ToolError: the compiler or a runner failed.
    """
    binary = build_runner("aarch64", work / "runner-aarch64")
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


def host_answers(job: Job, work: Path) -> dict[str, Answers]:
    """Answers of both runners on this machine, by name.

    Raises:
        ToolError: the compiler or a runner failed.
    """
    machine = os.uname().machine
    binary = build_runner(machine, work / f"runner-{machine}")
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
        job: at least 1,000 vectors make a proof.
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
