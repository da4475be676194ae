"""What is said of single answers."""

from __future__ import annotations

import numpy as np

from toolchain.report.answers import Answers
from toolchain.report.page.mistakes import WORST, error_rows, headline_error, mistakes, said_rows


def test_a_mistake_says_what_it_is_and_what_was_said() -> None:
    answers = Answers(np.zeros((2, 4)), np.array([[1.0, 0], [0, 1]]), ("cat", "dog"), np.array([0, 0]))
    (one,) = mistakes(answers)
    assert (one.words, one.number) == ("cat, said dog", "vector 1")


def test_there_are_twelve_at_most() -> None:
    answers = Answers(np.zeros((50, 4)), np.tile([1.0, 0], (50, 1)), ("a", "b"), np.ones(50, np.int64))
    assert len(mistakes(answers)) == WORST


def test_values_have_errors_and_classes_without_truth_are_counted() -> None:
    answers = Answers(np.zeros((2, 4)), np.array([[1.0], [3.0]]), truth=np.array([[1.0], [1.0]]))
    assert dict(error_rows(answers))["greatest amount"] == "2"
    assert mistakes(answers)[0].words == "off by 2"
    unlabelled = Answers(np.zeros((3, 4)), np.array([[1.0, 0], [0, 1], [0, 2]]), ("a", "b"))
    assert said_rows(unlabelled) == [("b", "2"), ("a", "1")]


def test_a_row_that_is_given_back_is_shown_with_what_was_made_of_it() -> None:
    x = np.arange(20.0).reshape(2, 10)
    answers = Answers(x, x + 1, truth=x, against="its own input, which it gives back")
    assert answers.rebuilds
    assert str(mistakes(answers)[0].picture).count("<polyline") == 2
    error = headline_error(answers)
    assert error is not None
    assert error.text == "1"


def test_many_outputs_share_a_row() -> None:
    assert said_rows(Answers(np.zeros((2, 4)), np.tile(np.arange(40.0), (2, 1)))) == [
        ("all 40 outputs", "0", "19.5", "39")
    ]
