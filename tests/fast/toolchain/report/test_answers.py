"""What is worst of the answers, and how far values are off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolchain.layout import Layout, Request
from toolchain.report.answers import Answers, answers_of, errors_of

SCORES = np.array([[5.0, 1, 0], [0, 3, 4], [9, 0, 1], [1, 2, 2]])


def classified(truth: list[int]) -> Answers:
    return Answers(np.zeros((4, 2)), SCORES, ("a", "b", "c"), np.array(truth))


def test_the_worst_mistake_is_the_one_that_was_surest() -> None:
    assert classified([1, 1, 1, 1]).worst(9).tolist() == [2, 0, 1]
    assert classified([1, 1, 1, 1]).worst(1).tolist() == [2]
    assert classified([0, 2, 0, 1]).worst(9).tolist() == []


def test_of_values_the_worst_is_the_farthest() -> None:
    answers = Answers(np.zeros((3, 2)), np.array([[1.0, 1], [5, 1], [1, 2]]), truth=np.ones((3, 2)))
    assert answers.worst(2).tolist() == [1, 2]
    errors = errors_of(answers)
    assert errors is not None
    assert (errors.greatest, errors.mean, errors.explained) == (4, pytest.approx(5 / 6), None)


def test_what_nobody_labels_has_no_mistakes() -> None:
    answers = Answers(np.zeros((4, 2)), SCORES, ("a", "b", "c"))
    assert (answers.scores(), errors_of(answers), answers.worst(3).tolist()) == (None, None, [])


def golden(layout: Layout, stage: str, **arrays: Any) -> None:
    layout.stage(stage).mkdir(parents=True)
    name = "test.npz" if stage == "load" else "golden.npz"
    np.savez(layout.stage(stage) / name, **arrays)


def test_a_network_of_ours_has_the_shape_and_classes_of_its_data(tmp_path: Path) -> None:
    layout = Layout(Request("host", "cqmlp", flow="ort"), tmp_path)
    golden(layout, "export", x=np.zeros((4, 6), np.uint8), logits=SCORES, truth=np.array([0, 2, 1, 1], np.uint8))
    manifest = {"data": {"shape": [1, 2, 3], "classes": ["a", "b", "c"]}}
    answers = answers_of(layout, manifest, {"export"})
    assert answers is not None
    assert answers.x.shape == (4, 1, 2, 3)
    scores = answers.scores()
    assert scores is not None
    assert scores.confusion.matrix[1] == (1, 1, 0)
    assert answers_of(layout, manifest, set()) is None


def of_file(tmp_path: Path, kind: str, y: Any, **arrays: Any) -> Answers | None:
    layout = Layout(Request("host", "net", flow="ort", file="/net.onnx", test="/test.npz"), tmp_path)
    golden(layout, "graphs", reference=SCORES, **arrays)
    golden(layout, "load", x=arrays["x"], **({} if y is None else {"y": y}))
    facts = {"outputs": {"kind": kind}, "vectors": {"kind": "test set", "count": 4}}
    return answers_of(layout, {"graphs": facts}, {"graphs", "load"})


def test_floats_of_y_are_what_values_are_held_against(tmp_path: Path) -> None:
    answers = of_file(tmp_path, "values", SCORES + 1, x=np.zeros((4, 8)))
    assert answers is not None
    assert answers.misses is not None
    assert (answers.misses == -1).all()


def test_outputs_of_the_size_of_the_inputs_are_held_against_these(tmp_path: Path) -> None:
    answers = of_file(tmp_path, "values", None, x=SCORES.astype(np.float32) - 2)
    assert answers is not None
    assert answers.misses is not None
    assert (answers.misses == 2).all()
    assert "input" in answers.against


def test_labels_of_a_file_make_its_confusion(tmp_path: Path) -> None:
    answers = of_file(tmp_path, "classes", None, x=np.zeros((4, 8)), truth=np.array([0, 2, 0, 0]))
    assert answers is not None
    assert answers.classes == ("0", "1", "2")
    assert answers.worst(5).tolist() == [3]


def test_damaged_vectors_are_none(tmp_path: Path) -> None:
    layout = Layout(Request("host", "cqmlp", flow="ort"), tmp_path)
    layout.stage("export").mkdir(parents=True)
    (layout.stage("export") / "golden.npz").write_bytes(b"PK")
    assert answers_of(layout, {"data": {"classes": ["a"]}}, {"export"}) is None
