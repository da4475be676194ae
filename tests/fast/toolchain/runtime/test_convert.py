"""A model stays in its own opset where it may; a conversion that breaks it or changes its answers is refused."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.graph.lower import opset_of
from toolchain.results.options import RunOptions
from toolchain.runtime import convert
from toolchain.runtime.session import open_session, run_session

X = np.random.default_rng(1).normal(size=(100, 16)).astype(np.float32)


def _mean(opset: int, noop: int = 0) -> onnx.ModelProto:
    """From opset 18 on, a ReduceMean without axes may reduce nothing; the converter down from there forgets it."""
    node = helper.make_node("ReduceMean", ["x"], ["y"], keepdims=1, noop_with_empty_axes=noop)
    return _model([node], [], opset, 16 if noop else 1)


def _model(nodes: list[onnx.NodeProto], tensors: list[onnx.TensorProto], opset: int, wide: int) -> onnx.ModelProto:
    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 16])
    sink = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", wide])
    graph = helper.make_graph(nodes, "g", [source], [sink], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def _answers(model: onnx.ModelProto) -> NDArray[np.float32]:
    answers: NDArray[np.float32] = run_session(open_session(model, RunOptions("none")), X)
    return answers


def test_the_opset_stays_where_it_is_in_range() -> None:
    model = _mean(20)
    assert opset_of(convert.within(model, 13, 21, X, _answers(model))) == 20


def test_it_is_brought_to_the_nearest_opset_in_range() -> None:
    model = _model([helper.make_node("Relu", ["x"], ["y"])], [], 19, 16)
    for least, most, expected in ((13, 16, 16), (20, 21, 20)):
        brought = convert.within(model, least, most, X, _answers(model))
        assert opset_of(brought) == expected
        assert np.array_equal(_answers(brought), _answers(model))


def test_a_conversion_that_breaks_the_model_is_refused() -> None:
    model = _mean(18, noop=1)
    with pytest.raises(ModelError, match=r"from opset 18 to 17 breaks it: .*export it with opset 17"):
        convert.within(model, 13, 17, X, _answers(model))


def test_a_conversion_that_changes_answers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = _model([helper.make_node("Relu", ["x"], ["y"])], [], 18, 16)
    other = _model([helper.make_node("Abs", ["x"], ["y"])], [], 17, 16)
    monkeypatch.setattr(convert, "to_opset", lambda given, opset: other)
    with pytest.raises(ModelError, match="100 of 100 vectors are answered otherwise; export it with opset 17"):
        convert.within(model, 13, 17, X, _answers(model))


def test_an_operator_without_a_way_down_is_named_without_the_converters_own_files() -> None:
    tensors = {"pads": np.array([0, 2], np.int64), "axes": np.array([1], np.int64)}
    node = helper.make_node("Pad", ["x", "pads", "", "axes"], ["y"])
    model = _model([node], [numpy_helper.from_array(array, name) for name, array in tensors.items()], 18, 18)
    with pytest.raises(ModelError) as caught:
        convert.within(model, 13, 13, X, _answers(model))
    words = "cannot be brought from opset 18 to 13: Pad cannot be converted; export it with opset 13"
    assert str(caught.value) == words


def test_an_operator_that_is_too_new_is_named() -> None:
    model = _model([helper.make_node("Mish", ["x"], ["y"])], [], 18, 16)
    with pytest.raises(ModelError, match="Mish is unknown in opset 13; export it with opset 13"):
        convert.within(model, 13, 13, X, _answers(model))
