"""What a package says of its network's classes, and the golden answers that it holds."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flows.stages.packing import class_names, write_golden
from toolchain.device.link.golden import read_golden
from toolchain.device.link.protocol import AnswerLayout
from toolchain.results.core import CoreOutput

SCORES = AnswerLayout(3, 9, True, 0)


def records(accuracy: float | None) -> Any:
    facts = SimpleNamespace(accuracy=accuracy, outputs=3)
    return {"integers": SimpleNamespace(facts_as=lambda kind: facts)}


@pytest.mark.parametrize(
    ("answer", "accuracy", "names"),
    [
        (AnswerLayout.of_class(3), None, ["0", "1", "2"]),
        (SCORES, 0.9, ["0", "1", "2"]),
        (SCORES, None, None),
    ],
)
def test_a_vector_tells_a_class_only_where_the_test_set_has_classes(
    answer: AnswerLayout, accuracy: float | None, names: list[str] | None
) -> None:
    assert class_names(records(accuracy), answer) == names


def test_golden_answers_are_whole_vectors(tmp_path: Path) -> None:
    x = np.arange(6).reshape(2, 3)
    reference: Any = SimpleNamespace(
        input_type="UINT4",
        output=CoreOutput(3, 9, True, 1, None),
        scaling=(0.5, -1.0),
        run=lambda vectors: 7 - 50 * vectors,
    )
    write_golden(tmp_path, reference, x, None)
    golden = read_golden(tmp_path)
    assert golden.answers(2) == [(7, -43, -93), (-143, -193, -243)]
    assert (golden.layout, golden.classes) == (SCORES, None)
    assert (golden.described["scale"], golden.described["offset"]) == (0.5, -1.0)
