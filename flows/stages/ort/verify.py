"""verify: the package run as the board would run it: on this computer, or on aarch64 under qemu."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from flows.stages.context import Context, Outcome
from flows.stages.ort.files import is_exact, load, proofs_of
from flows.stages.ort.time import words
from toolchain.errors import ToolError, VerificationError
from toolchain.report.comparisons import sentence
from toolchain.results.check import Check, VectorKind
from toolchain.results.facts import LibraryFacts, VerifyFacts
from toolchain.results.facts.runtime import GraphProof
from toolchain.results.model import read_file
from toolchain.results.packed import read_device
from toolchain.results.selftest import Comparison, RuntimeSelfTest
from toolchain.runtime.answers import Comparison as Answered
from toolchain.runtime.answers import Job
from toolchain.runtime.compare import TOLERANCE
from toolchain.runtime.emulate import prove_emulated, vectors_within
from toolchain.runtime.imported import Imported
from toolchain.runtime.package_golden import choose_vectors
from toolchain.runtime.rows import Rows
from toolchain.runtime.sysroot import Emulator, Pins, prepare_emulator
from toolchain.runtime.wheels import fetch_wheels

_VECTORS = 2000
# An emulator is some twenty times slower than what it plays. All it runs is to take about so long, but it answers some
# vectors of every graph however slow that is.
_SECONDS = 600
_LEAST = 32
# Each graph is run by two runners, and once more by both in the self-test.
_RUNS = 4
# How the library's Makefile is told to compile for aarch64 and to run there.
_CROSS = {
    "CC": "aarch64-linux-gnu-gcc",
    "CFLAGS": "-O3",
    "LDFLAGS": "-static",
    "RUN": "qemu-aarch64-static",
}
_NUMPY = re.compile(r"numpy-([\d.]+)-")


def run(context: Context) -> Outcome:
    """Run the self-test, and on aarch64 both runners against this computer's."""
    runtime, made = context.ort_board.runtime, load(context)
    vectors = made.vectors
    if runtime.machine == os.uname().machine:
        checks, what = _self_test(context, vectors.kind, []), f"self-test of the package on this {runtime.machine}"
        checks |= _library(context, vectors.kind, {})
    else:
        emulator = _emulator(context)
        count, packed = _affordable(context, made, emulator), len(vectors.x[:_VECTORS])
        checks = _both_runners(context, made, emulator, count)
        options = [*_emulated(context, emulator), "--vectors", str(count)]
        checks |= _self_test(context, vectors.kind, options, emulator.environment)
        checks |= _library(context, vectors.kind, _CROSS)
        what = f"package and both runners on aarch64 ({emulator.cpu}, emulated: no times)"
        if count < packed:
            what += f" on {count:,} of {packed:,} vectors, which is what {_SECONDS // 60} minutes allow for"
    return Outcome(f"{what}, as promised: {sentence(map(asdict, checks.values()))}", checks, VerifyFacts(what=what))


def _library(context: Context, vectors: VectorKind, options: Mapping[str, str]) -> dict[str, Check]:
    """The C library's own test, where the package has one: compiled as a person would, for the board's machine.

    Raises:
        VerificationError: it does not compile, or answers otherwise.
    """
    packed = context.layout.stage("package") / "library"
    if not packed.exists():
        return {}
    context.progress("the C library's own test")
    folder = context.work / "library"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(packed, folder)
    command = ["make", "--silent", "test", *(f"{name}={value}" for name, value in options.items())]
    # What a `make` around this one was told is not for it.
    own = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=own)
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines() or ["no message"]
        raise VerificationError(f"library: make test: {lines[0]}")
    count = context.facts("library", LibraryFacts).packed
    return {"library": Check(count, count, "outputs", vectors)}


def _emulator(context: Context) -> Emulator:
    board = context.ort_board
    if board.runtime.emulator is None:
        raise ToolError(
            f"verify: ONNX Runtime {board.runtime.onnxruntime} has no build that the emulator can run; run the "
            f"package's self-test on a {board.title}"
        )
    cache = context.layout.root / "cache"
    own = board.runtime.python == "3.11"
    wheels = fetch_wheels(board.name, board.runtime, cache / "wheels") if own else []
    numpy = next(match[1] for wheel in board.runtime.wheels if (match := _NUMPY.match(wheel.file)))
    pins = Pins(board.runtime.onnxruntime, numpy)
    return prepare_emulator(cache / "emulator", pins, board.runtime.emulator, wheels, context.progress)


def _affordable(context: Context, made: Imported, emulator: Emulator) -> int:
    """Vectors of each graph that the emulator is given: all that are packed, or what `_SECONDS` allow for."""
    graphs = _packed(context)
    x, share = made.vectors.x[:_VECTORS], _SECONDS / (_RUNS * max(1, len(graphs)))
    context.progress("how long a vector takes in the emulator")
    counts = [vectors_within(share, emulator, _job(context, made, name, x), context.work) for name in graphs]
    return min(len(x), max(_LEAST, min(counts, default=_VECTORS)))


def _job(context: Context, made: Imported, name: str, x: Rows) -> Job:
    return Job(context.layout.stage("graphs") / f"{name}.onnx", x, words(proofs_of(context)[name].options))


def _both_runners(context: Context, made: Imported, emulator: Emulator, count: int) -> dict[str, Check]:
    """Every graph by both runners on aarch64 and here, against the reference and against each other."""
    checks: dict[str, Check] = {}
    rows = choose_vectors(len(made.vectors.x), count)
    for name in _packed(context):
        context.progress(f"{name}: {len(rows):,} vectors through four runners")
        proved = proofs_of(context)[name]
        job = _job(context, made, name, made.vectors.x[rows])
        exact = proved.exact and is_exact(made, name)
        tolerance = _tolerance(made, proved)
        for row in prove_emulated(emulator, job, made.reference[rows], context.work, tolerance=tolerance):
            # A graph that only approximates the reference must still answer here and there alike.
            if proved.exact or "=" in row.name:
                check = _check(row, made, tolerance, exact=exact)
                if not check.kept:
                    raise VerificationError(
                        f"{name}: {row.name}: {row.first_difference} ({check.differing} {check.what} differ)"
                    )
                checks[f"{name}: {row.name}"] = check
    return checks


def _tolerance(made: Imported, proved: GraphProof) -> float:
    """What a graph's values may differ by: as they do here."""
    return TOLERANCE if made.classifies else max(TOLERANCE, proved.largest_relative_difference or 0.0)


def _check(row: Answered, made: Imported, tolerance: float, *, exact: bool) -> Check:
    """An exact graph must answer exactly, another one with the same labels, or with values as near."""
    vectors = made.vectors.kind
    if exact:
        return Check(row.compared, row.outputs_equal, "outputs", vectors)
    if made.classifies:
        return Check(row.compared, row.labels_equal, "labels", vectors)
    return Check(row.compared, row.outputs_near, "outputs", vectors, tolerance)


def _packed(context: Context) -> list[str]:
    """Graphs of the package that promise something of their answers."""
    device = read_device(context.layout.stage("package"))
    return [name for name, graph in device.graphs.items() if graph.promise.kind != "none"]


def _emulated(context: Context, emulator: Emulator) -> list[str]:
    runner = context.layout.stage("package") / "runner" / "runner-aarch64"
    python, c = " ".join(emulator.python), " ".join(emulator.command(runner.absolute()))
    options = ["--emulated", "--no-timing", "--python", python, "--c-runner", c, "--site", str(emulator.site)]
    board = context.ort_board
    return [*options, *(["--fallback"] if board.jetson else [])]


def _self_test(
    context: Context, vectors: VectorKind, options: list[str], environment: dict[str, str] | None = None
) -> dict[str, Check]:
    """The package's own self-test, in a copy: it unpacks and writes."""
    context.progress("the package's own self-test")
    package = context.work / "package"
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(context.layout.stage("package"), package)
    command = [sys.executable, "-B", str(package / "selftest.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True, env=environment and {**os.environ, **environment})
    (context.out / "selftest.log").write_text(done.stdout + done.stderr)
    report = _report(package / "work" / "selftest.json")
    if done.returncode or report is None or not report.passed:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise VerificationError(f"self-test of the package: {lines[-1].removeprefix('error: ')}")
    compared = {f"self-test: {run.run}, {run.runner}": run.verdict for run in report.runs}
    return {
        name: _passed(found, vectors) for name, found in compared.items() if found and found.promised.kind != "none"
    }


def _passed(found: Comparison, vectors: VectorKind) -> Check:
    """What a run of the self-test compared: the answers kept the graph's promise, or it would have failed."""
    promised, compared = found.promised, found.compared
    if promised.kind == "labels":
        return Check(compared, compared - found.labels_differing, "labels", vectors, allowed=promised.differing)
    if promised.kind == "values":
        equal = compared - found.beyond
        return Check(compared, equal, "outputs", vectors, promised.tolerance, promised.differing)
    return Check(compared, found.equal, "outputs", vectors)


def _report(path: Path) -> RuntimeSelfTest | None:
    """What the self-test wrote; None where it ended before."""
    return read_file(path, RuntimeSelfTest, "make verify") if path.exists() else None
