"""Outputs are values, unless the model or the person says that they are classes."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from toolchain.errors import DataError
from toolchain.layout import OutputKind
from toolchain.runtime.meaning import accuracy, meaning_of, remarks
from toolchain.runtime.proof_vectors import Vectors

SCORES = np.array([[0.1, 0.9, 0.0], [0.5, 0.2, 0.3]])
FITS = np.array([1, 2])


def _given(truth: np.ndarray | None, test: bool = True) -> Vectors:
    return Vectors(np.zeros((2, 3)), truth, "test set" if test else "calibration")


def _model(*nodes: onnx.NodeProto) -> onnx.ModelProto:
    """Nodes from x to y; `k` is 1."""
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3]) for name in ("x", "y")]
    one = numpy_helper.from_array(np.array([1], np.int64), "k")
    return helper.make_model(helper.make_graph(list(nodes), "g", sides[:1], sides[1:], [one]))


RELU = _model(helper.make_node("Relu", ["x"], ["y"]))
SOFTMAX = _model(helper.make_node("Softmax", ["x"], ["s"]), helper.make_node("Identity", ["s"], ["y"]))
ARGMAX = _model(helper.make_node("ArgMax", ["x"], ["y"], axis=1))
TOP = _model(helper.make_node("TopK", ["x", "k"], ["v", "y"]))
GREATEST = _model(helper.make_node("TopK", ["x", "k"], ["y", "i"]))
LABELS = np.array([[1], [0]])


@pytest.mark.parametrize(
    ("model", "reference", "truth", "asked", "kind"),
    [
        (RELU, SCORES, None, None, "values"),
        (RELU, SCORES, FITS, None, "classes"),
        (RELU, SCORES, None, "classes", "classes"),
        (RELU, SCORES, FITS, "values", "values"),
        (RELU, SCORES[:, :, None, None], FITS, None, "classes"),
        (RELU, np.zeros((2, 3, 3)), FITS, None, "values"),
        (RELU, SCORES[:, :1], FITS, None, "values"),
        (SOFTMAX, SCORES, None, None, "classes"),
        (SOFTMAX, np.zeros((2, 3, 3)), None, None, "values"),
        (ARGMAX, LABELS, None, None, "classes"),
        (TOP, LABELS, None, None, "classes"),
        (GREATEST, SCORES[:, :1], None, None, "values"),
    ],
)
def test_who_says_what(
    model: onnx.ModelProto,
    reference: np.ndarray,
    truth: np.ndarray | None,
    asked: OutputKind | None,
    kind: str,
) -> None:
    assert meaning_of(model, reference, _given(truth), asked).kind == kind


@pytest.mark.parametrize(("test", "option"), [(True, "TEST"), (False, "CALIBRATION")])
def test_classes_that_do_not_fit_are_refused_and_named(test: bool, option: str) -> None:
    for wrong in (-1, 3, 10**9):
        said = rf"{option}: y holds class {wrong} in row 1; the model has 3 outputs: should be 0 to 2"
        with pytest.raises(DataError, match=said):
            meaning_of(RELU, SCORES, _given(np.array([0, wrong]), test))


def test_who_gave_the_classes_is_told() -> None:
    assert meaning_of(RELU, SCORES, _given(FITS)).why == "by y of TEST"
    assert meaning_of(RELU, SCORES, _given(FITS, test=False)).why == "by y of CALIBRATION"


def test_classes_that_are_not_used_are_told() -> None:
    assert "y is not used" in meaning_of(RELU, SCORES[:, :1], _given(FITS)).notice
    assert "y is not used" in meaning_of(RELU, SCORES, _given(FITS), "values").notice
    assert meaning_of(RELU, SCORES, _given(FITS)).notice == ""


def test_an_operator_that_the_graphs_do_not_show_decides() -> None:
    made = meaning_of(RELU, SCORES, _given(None), last="Softmax")
    assert (made.kind, made.why) == ("classes", "the model ends in Softmax")


def test_classes_cannot_be_asked_for_where_there_is_one_value() -> None:
    with pytest.raises(DataError, match=r"OUTPUTS=classes: the outputs of one vector have shape \(1,\)"):
        meaning_of(RELU, SCORES[:, :1], _given(None), "classes")


def test_target_values_are_as_many_as_the_outputs() -> None:
    def given(width: int) -> Vectors:
        return Vectors(np.zeros((2, 3)), None, "test set", np.zeros((2, width)))

    assert meaning_of(RELU, SCORES, given(3)).kind == "values"
    with pytest.raises(DataError, match="y has 2 values a row; the network has 3 outputs"):
        meaning_of(RELU, SCORES, given(2))


def test_accuracy_of_scores_and_of_labels() -> None:
    assert accuracy(SCORES, np.array([1, 2])) == 0.5
    assert accuracy(LABELS, np.array([1, 0])) == 1.0


def test_answers_that_are_no_numbers_are_told() -> None:
    told = remarks(meaning_of(RELU, SCORES, _given(None)), np.array([[np.nan, 1], [1, 2], [np.inf, 0]]))
    assert told == ["the reference answers NaN or infinity to 2 of 3 vectors; so must the graphs"]
