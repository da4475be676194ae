"""The worst of a network's answers, as `gateweave show`, its JSON and the card tell them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np

from toolchain.report.answers import Answers, errors_of
from toolchain.report.comparisons import counted
from toolchain.results.check import VectorKind
from toolchain.results.report import AnswersReport, Confused, ValueErrors, WorstAnswer
from toolchain.training.metrics import confusion_matrix

_MOST, _TOLD = 12, 5


def answers_report(answers: Answers) -> AnswersReport:
    """The record of answers."""
    errors = errors_of(answers)
    return AnswersReport(
        kind="classes" if answers.classes else "values",
        count=len(answers.said),
        vectors=cast("VectorKind", answers.vectors),
        against=answers.against if errors else None,
        errors=ValueErrors(**vars(errors)) if errors else None,
        confused=tuple(_confused(answers)),
        worst=tuple(_worst(answers)),
    )


def lines(report: AnswersReport) -> Iterator[str]:
    """A line each of errors, of what is confused most and of the worst vectors; none where all is right or unknown."""
    if report.errors is not None:
        errors, on = report.errors, counted(report.count, report.vectors)
        explained = "" if errors.explained is None else f", R² {errors.explained:.4f}"
        yield (
            f"errors ({on}, against {report.against}): root mean square {errors.rms:.4g}, mean {errors.mean:.4g}, "
            f"greatest {errors.greatest:.4g}{explained}"
        )
    if report.confused:
        pairs = (f"{pair.true} said {pair.said} ({pair.count:,})" for pair in report.confused[:_TOLD])
        yield f"most frequent mistakes: {', '.join(pairs)}"
    if report.worst:
        yield f"worst vectors: {', '.join(map(_one, report.worst[:_TOLD]))}"


def _one(worst: WorstAnswer) -> str:
    if worst.off is None:
        return f"{worst.vector:,} ({worst.true} said {worst.said})"
    return f"{worst.vector:,} (off by {worst.off:.4g})"


def _confused(answers: Answers) -> Iterator[Confused]:
    if not answers.classes or answers.truth is None:
        return
    names = answers.classes
    matrix = confusion_matrix(answers.truth, answers.labels, len(names))
    np.fill_diagonal(matrix, 0)
    for place in np.argsort(-matrix, axis=None, kind="stable")[:_MOST].tolist():
        true, said = divmod(place, len(names))
        if matrix[true, said]:
            yield Confused(true=names[true], said=names[said], count=int(matrix[true, said]))


def _worst(answers: Answers) -> Iterator[WorstAnswer]:
    misses, truth = answers.misses, answers.truth
    for index in answers.worst(_MOST).tolist():
        if misses is not None:
            off = float(np.sqrt(np.square(misses[index]).mean()))
            yield WorstAnswer(vector=index, true=None, said=None, off=off)
        elif truth is not None:
            true, said = answers.classes[int(truth[index])], answers.classes[int(answers.labels[index])]
            yield WorstAnswer(vector=index, true=true, said=said, off=None)
