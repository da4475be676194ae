"""What a graph promises: no more than it was seen to keep, and nothing where that would be no use."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from flows.stages.ort.package import _promise
from toolchain.results.device import Promise
from toolchain.results.options import RunOptions
from toolchain.runtime.compare import TOLERANCE, compare

REFERENCE = np.random.default_rng(0).uniform(1, 2, (100, 3)).astype(np.float32)


def _promised(answers: NDArray[Any], *, classes: bool = False) -> Promise:
    made: Any = SimpleNamespace(kind="onnx", integers=None, classifies=classes)
    return _promise(made, "int8", compare(answers, REFERENCE, RunOptions(), tie=TOLERANCE, tolerance=TOLERANCE))


def test_values_promise_the_distance_that_was_seen() -> None:
    promise = _promised(REFERENCE * np.float32(1.05))
    assert promise.kind == "values" and promise.differing == 0 and 0.02 < promise.tolerance < 0.1


@pytest.mark.parametrize("answers", [np.zeros_like(REFERENCE), -REFERENCE, REFERENCE * np.nan, REFERENCE * 1e6])
def test_values_that_are_of_no_use_promise_nothing(answers: NDArray[Any]) -> None:
    assert _promised(answers) == Promise("none")


@pytest.mark.parametrize("wrong", [1e6, np.inf, np.nan])
def test_a_few_vectors_that_are_far_off_are_counted(wrong: float) -> None:
    answers = REFERENCE.copy()
    answers[:3, 1] = wrong
    assert _promised(answers) == Promise("values", differing=1 - 97 / 100, tolerance=TOLERANCE)


def test_labels_of_which_most_differ_promise_nothing() -> None:
    others = np.roll(REFERENCE, 1, axis=1)
    assert _promised(others, classes=True) == Promise("none")
    some = REFERENCE.copy()
    some[:10] = others[:10]
    assert _promised(some, classes=True) == Promise("labels", differing=0.1, tie=TOLERANCE)
