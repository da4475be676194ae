"""The worst of a network's answers in words."""

from __future__ import annotations

import numpy as np

from toolchain.report.answer_lines import answers_report, lines
from toolchain.report.answers import Answers

SCORES = np.array([[5.0, 1, 0], [0, 3, 4], [9, 0, 1], [1, 2, 2]])


def test_classes_are_told_by_their_mistakes() -> None:
    answers = Answers(np.zeros((4, 2)), SCORES, ("a", "b", "c"), np.array([1, 1, 1, 1]))
    assert list(lines(answers_report(answers))) == [
        "most frequent mistakes: b said a (2), b said c (1)",
        "worst vectors: 2 (b said a), 0 (b said a), 1 (b said c)",
    ]


def test_values_are_told_by_their_errors() -> None:
    answers = Answers(np.zeros((2, 1)), np.array([[1.0], [4.0]]), (), np.array([[0.0], [2.0]]), "test set", "y")
    assert list(lines(answers_report(answers))) == [
        "errors (2 vectors of the test set, against y): root mean square 1.581, mean 1.5, greatest 2, R² -1.5000",
        "worst vectors: 1 (off by 2), 0 (off by 1)",
    ]


def test_there_is_nothing_to_say_where_all_is_right_or_nobody_says_what_is() -> None:
    right = Answers(np.zeros((2, 1)), np.eye(2), ("a", "b"), np.array([0, 1]))
    unlabelled = Answers(np.zeros((2, 1)), np.eye(2), ("a", "b"), None, "random")
    assert list(lines(answers_report(right))) == list(lines(answers_report(unlabelled))) == []
