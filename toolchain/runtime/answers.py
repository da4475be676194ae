"""Runs a runner on vectors, reads its answers, and compares them with the reference and with each other."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toolchain.bounded import die_with_parent
from toolchain.device.ort.runners import ASKING
from toolchain.errors import ToolError
from toolchain.results.model import parse
from toolchain.results.options import RunOptions
from toolchain.results.runner import RunnerReport
from toolchain.runtime import compare as outputs
from toolchain.runtime.rows import Rows, as_floats, sides
from toolchain.told import parsed

Values = Rows


@dataclass(frozen=True)
class Job:
    """What a runner is to answer.

    Attributes:
        model: ONNX file.
        vectors: shape (N, ...), of the input's type; of several inputs see `toolchain.runtime.rows`.
        words: session options as the runners take them, such as ``("--disable", "WeightBiasQuantization")``.
    """

    model: Path
    vectors: Values
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answers:
    """What a runner answered: outputs of shape (N, ...), labels of shape (N,), and its report."""

    outputs: Values
    labels: NDArray[np.int32]
    report: RunnerReport


@dataclass(frozen=True)
class Comparison:
    """Answers against others, row by row.

    Attributes:
        name: who answered, such as ``"aarch64 C runner"``.
        outputs_equal: rows whose outputs are all equal; NaN equals NaN.
        outputs_near: rows whose outputs are all within the tolerance.
        labels_equal: rows whose label is one of the greatest outputs of the other side.
        largest_difference: of any output from the other side's.
        first_difference: the first row with another label, else with other outputs; None where all are equal.
    """

    name: str
    compared: int
    outputs_equal: int
    outputs_near: int
    labels_equal: int
    largest_difference: float
    first_difference: str | None


def run_runner(
    command: Sequence[str], words: Sequence[str], *, env: Mapping[str, str] | None = None, timeout: float = 600
) -> RunnerReport:
    """Run a runner and return its report.

    Args:
        command: the program, such as ``["./runner-x86_64"]``.
        words: its options.
        env: the whole environment of the process, or None for this one's.
        timeout: seconds after which it counts as stuck.

    Raises:
        ToolError: it failed; the message is the runner's own line.
        BuildError: what it printed is no report; names the key and its value.
    """
    try:
        result = subprocess.run(
            [*command, *words], capture_output=True, text=True, env=env, timeout=timeout, preexec_fn=die_with_parent
        )
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"{Path(command[0]).name}: no answer after {timeout:g} s; it was ended") from error
    except OSError as error:
        raise ToolError(f"{command[0]}: cannot be run: {error.strerror}") from error
    if result.returncode != 0:
        lines = result.stderr.strip().splitlines() or [f"exit {result.returncode} without a word"]
        own = [line for line in lines if line.startswith("error: ")]
        raise ToolError(f"{Path(command[0]).name}: {(own or lines)[-1].removeprefix('error: ')}")
    return parse(parsed(result.stdout), RunnerReport, Path(command[0]).name, "make build")


def answer(
    command: Sequence[str], job: Job, folder: Path, *, env: Mapping[str, str] | None = None, timeout: float = 600
) -> Answers:
    """Answers of a runner to all vectors of a job; files go to `folder`.

    Raises:
        ToolError: the runner failed or wrote too few answers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.bin" for name in ("inputs", "answers", "labels")}
    np.ascontiguousarray(job.vectors).tofile(paths["inputs"])
    files = [word for name, path in paths.items() for word in (f"--{name}", str(path))]
    report = run_runner(command, ["--model", str(job.model), *files, *ASKING, *job.words], env=env, timeout=timeout)
    count = len(job.vectors)
    outputs = np.fromfile(paths["answers"], dtype=[(s.name, s.type, s.row) for s in report.outputs])
    labels = np.fromfile(paths["labels"], dtype=np.int32)
    if labels.size != count or outputs.size != count:
        raise ToolError(f"{Path(command[0]).name}: {labels.size} answers to {count} vectors")
    only = report.outputs[0].name if len(report.outputs) == 1 else None
    return Answers(outputs if only is None else outputs[only].reshape(count, -1), labels, report)


def compare(name: str, answers: Answers, reference: Values, *, tolerance: float = 0.0) -> Comparison:
    """Answers against reference outputs of shape (N, elements), or of a shape that flattens to it, or of several.

    A label is right where its reference output is one of the greatest: a tie may fall either way, and so may scores
    within the tolerance of each other. See `toolchain.runtime.compare`.
    """
    found = outputs.compare(answers.outputs, reference, RunOptions(), tie=tolerance, tolerance=tolerance)
    right = found.label_rows & _own_label(answers)
    first = _first(answers, reference, found.equal_rows, right)
    return Comparison(name, found.compared, found.equal, found.near, int(right.sum()), found.largest, first)


def _own_label(answers: Answers) -> NDArray[np.bool_]:
    """Rows whose label is that of the runner's own first output: the first greatest; with NaN there is none."""
    own = as_floats(sides(answers.outputs)[0])
    rows: NDArray[np.bool_] = (own.argmax(axis=1) == answers.labels) | np.isnan(own).any(axis=1)
    return rows


def _first(answers: Answers, expected: Rows, same: NDArray[np.bool_], right: NDArray[np.bool_]) -> str | None:
    if same.all() and right.all():
        return None
    row = int(np.argmin(same) if right.all() else np.argmin(right))
    got, wanted = (as_floats(rows[row : row + 1])[0] for rows in (answers.outputs, expected))
    element = int(np.argmax(got != wanted))
    first = sides(expected)[0][row]
    label = f"label {answers.labels[row]} for {int(first.argmax())}, " if not right[row] else ""
    return f"vector {row}: {label}output {element} is {got[element]} for {wanted[element]}"
