"""Answers against the reference: exact, tied, wrong; and runners that fail."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from toolchain.errors import GateweaveError, ToolError
from toolchain.results.runner import RunnerReport
from toolchain.runtime.answers import Answers, Comparison, compare, run_runner

REPORT = RunnerReport.model_construct()
"""Nobody reads it here."""


def answers(outputs: list[list[float]], labels: list[int]) -> Answers:
    return Answers(np.array(outputs, np.float32), np.array(labels, np.int32), REPORT)


def test_equal() -> None:
    given = answers([[1, 2], [5, 5]], [1, 0])
    assert compare("c", given, given.outputs) == Comparison("c", 2, 2, 2, 2, 0.0, None)


def test_a_tie_may_fall_either_way_but_outputs_are_compared_exactly() -> None:
    found = compare("c", answers([[5, 5.5], [0, 1]], [1, 1]), np.array([[5, 5], [0, 1]], np.float32))
    assert (found.outputs_equal, found.labels_equal, found.largest_difference) == (1, 2, 0.5)
    assert found.first_difference == "vector 0: output 1 is 5.5 for 5.0"


def test_wrong_label_is_named_before_an_output_that_only_differs() -> None:
    found = compare("c", answers([[5, 6.5], [3, 1]], [1, 0]), np.array([[5, 6], [0, 1]], np.float32))
    assert (found.outputs_equal, found.labels_equal) == (0, 1)
    assert found.first_difference == "vector 1: label 0 for 1, output 0 is 3.0 for 0.0"


def test_nan_equals_nan() -> None:
    given = answers([[np.nan, 2], [5, np.inf]], [1, 1])
    assert compare("c", given, given.outputs) == Comparison("c", 2, 2, 2, 2, 0.0, None)


def test_a_label_must_be_that_of_the_runners_own_outputs() -> None:
    given = answers([[1, 2], [5, 3]], [1, 1])
    found = compare("c", given, given.outputs)
    assert (found.outputs_equal, found.labels_equal) == (2, 1)
    assert found.first_difference is not None and found.first_difference.startswith("vector 1: label 1 for 0")


def test_reference_of_any_rank() -> None:
    given = answers([[1, 2, 3, 4]], [3])
    assert compare("c", given, np.array([[[1, 2], [3, 4]]])).outputs_equal == 1


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("import sys; print('noise', file=sys.stderr); sys.exit('error: a plain word\\nmore noise')", "a plain word$"),
        ("import sys; sys.exit(3)", "exit 3 without a word"),
        ("import time; time.sleep(9)", "no answer after 0.5 s"),
    ],
)
def test_a_failing_runner_is_one_line(script: str, message: str) -> None:
    with pytest.raises(ToolError, match=message):
        run_runner([sys.executable, "-S", "-c", script], [], timeout=0.5 if "sleep" in script else 20)


@pytest.mark.parametrize(
    ("said", "words"),
    [("{}", "runner: is missing"), ("[]", "a list of 0, should be an object"), ("oops", "is no JSON")],
)
def test_what_is_no_report_is_named(said: str, words: str) -> None:
    with pytest.raises(GateweaveError, match=words):
        run_runner([sys.executable, "-S", "-c", f"print({said!r})"], [])


def test_a_missing_runner_is_named() -> None:
    with pytest.raises(ToolError, match="/no/runner: cannot be run"):
        run_runner(["/no/runner"], [])
