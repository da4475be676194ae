"""What a page says of single answers: the worst mistakes with their inputs, errors of values, and what was said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from toolchain.report.answers import Answers, errors_of
from toolchain.report.page.pictures import picture
from toolchain.report.page.values import Figure, count

WORST = 12
_OUTPUTS = 16

Row = tuple[str, ...]


@dataclass(frozen=True)
class Mistake:
    """One vector that was answered wrongly, or far off: its picture, and two lines of words."""

    picture: Markup
    words: str
    number: str


def mistakes(answers: Answers) -> list[Mistake]:
    """The worst of all, the worst first; none where all is right or nobody says what is."""
    worst = answers.worst(WORST)
    if not len(worst) or answers.x.dtype.names is not None:
        return []
    shown = _shown(answers)
    low, high = float(shown.min()), float(shown.max())
    return [
        Mistake(
            picture(shown[index], low, high, f"vector {index}"),
            _words(answers, int(index)),
            f"vector {count(float(index))}",
        )
        for index in worst
    ]


def _shown(answers: Answers) -> NDArray[Any]:
    """The vectors; of rows that are given back, the row and behind it what was made of it."""
    if answers.rebuilds and answers.truth is not None and answers.x.ndim == 2:
        return np.stack([answers.truth, answers.said], axis=-1)
    return answers.x


def _words(answers: Answers, index: int) -> str:
    if (misses := answers.misses) is not None:
        return f"off by {figure(float(np.sqrt(np.square(misses[index]).mean())))}"
    assert answers.truth is not None
    true, said = (answers.classes[int(label)] for label in (answers.truth[index], answers.labels[index]))
    return f"{true}, said {said}"


def headline_error(answers: Answers) -> Figure | None:
    """The error of values as one figure; None where there is none."""
    errors = errors_of(answers)
    return None if errors is None else Figure(figure(errors.rms), "simulated", "root mean square")


def error_rows(answers: Answers) -> list[Row]:
    """(what, value) of the errors of values; empty where there is nothing to hold them against."""
    errors = errors_of(answers)
    if errors is None:
        return []
    told: list[Row] = [("root mean square", figure(errors.rms)), ("mean amount", figure(errors.mean))]
    told.append(("greatest amount", figure(errors.greatest)))
    return told if errors.explained is None else [*told, ("explained (R²)", f"{errors.explained:.4f}")]


def said_rows(answers: Answers) -> list[Row]:
    """What was said where nobody says what is right: how often each class, or the range of each output."""
    if answers.classes:
        found = np.bincount(answers.labels, minlength=len(answers.classes))
        often = np.argsort(-found, kind="stable")[:_OUTPUTS]
        return [(answers.classes[index], count(float(found[index]))) for index in often if found[index]]
    return list(_ranges(answers))


def _ranges(answers: Answers) -> Iterator[Row]:
    outputs = answers.said.shape[1]
    if outputs > _OUTPUTS:
        yield f"all {outputs:,} outputs", *_range(answers.said)
        return
    for index in range(outputs):
        yield f"output {index}", *_range(answers.said[:, index])


def _range(said: NDArray[np.float64]) -> Row:
    return figure(float(said.min())), figure(float(said.mean())), figure(float(said.max()))


def figure(value: float) -> str:
    """Four digits, as a person reads them."""
    return f"{value:,.4g}"
