"""What a file takes and yields at its ends is what the qonnx executor takes and yields."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto

from tests.fast.toolchain.graph.readers.qonnx.models import Model, same
from tests.fast.toolchain.graph.readers.qonnx.small import IMAGE, image, row
from toolchain.graph.ops import Add, ArgMax


def test_scores_of_an_image_at_every_position() -> None:
    model, x = image()
    same(model.made(str(model.apply("ArgMax", [model.conv(x, 4, 3, (2, 2))], axis=1)), kind=TensorProto.INT64))


def test_label_is_a_node_of_the_graph() -> None:
    model, x = row()
    y = model.apply("ArgMax", [str(model.apply("MatMul", [x, model.weights((6, 3))]))], axis=1, keepdims=0)
    source = same(model.made(str(y), kind=TensorProto.INT64))
    assert any(isinstance(n.op, ArgMax) for n in source.graph)


def test_top_one_is_a_label() -> None:
    model, x = row()
    _, y = model.apply("TopK", [str(model.apply("MatMul", [x, model.weights((6, 3))])), np.array([1])], outputs=2)
    source = same(model.made(y, kind=TensorProto.INT64))
    assert any(isinstance(n.op, ArgMax) for n in source.graph)


def test_label_of_scores_that_are_shifted_one_by_one_is_the_tails() -> None:
    model, x = row()
    inputs = [x, model.weights((6, 3)), model.rng.normal(0, 1, 3)]
    y = model.apply("ArgMax", [str(model.apply("Gemm", inputs))], axis=1)
    source = same(model.made(str(y), kind=TensorProto.INT64))
    assert not any(isinstance(n.op, ArgMax) for n in source.graph)


@pytest.mark.parametrize("operator", ["Softmax", "LogSoftmax", "Sigmoid", "Tanh"])
def test_functions_at_the_end(operator: str) -> None:
    model, x = row()
    same(model.made(str(model.apply(operator, [str(model.apply("MatMul", [x, model.weights((6, 3))]))]))))


def test_several_inputs_and_exits() -> None:
    model = Model()
    a = model.quant(model.input("a", IMAGE), 4, 0.25)
    b = model.quant(model.input("b", IMAGE), 3, 0.5)
    early = model.quant(model.conv(a, 3, 2, (3, 3)), 4, 0.5)
    joined = model.quant(str(model.apply("Add", [a, b])), 4, 0.25)
    late = model.apply("MatMul", [str(model.apply("Flatten", [joined])), model.weights((126, 4))])
    source = same(model.made(early, str(late)))
    assert len(source.graph.inputs) == 2
    assert any(isinstance(n.op, Add) for n in source.graph)


@pytest.mark.parametrize("datatype", ["UINT4", "INT3", "BIPOLAR", "BINARY"])
def test_input_of_integers_needs_no_front(datatype: str) -> None:
    model = Model()
    x = model.input("x", (6,), datatype)
    source = same(model.made(str(model.apply("MatMul", [x, model.weights((6, 3))]))))
    assert source.front is None
    assert source.graph.inputs == (source.inputs[0].name,)


def test_quantiser_that_leaves_integers_as_they_are_needs_no_front() -> None:
    model = Model()
    x = model.quant(model.input("x", (6,), "INT4"), 5, 1.0)
    source = same(model.made(str(model.apply("MatMul", [x, model.weights((6, 3))]))))
    assert source.front is None


def test_quantiser_that_changes_integers_is_the_fronts() -> None:
    model = Model()
    x = model.quant(model.input("x", (6,), "INT8"), 4, 3.0)
    source = same(model.made(str(model.apply("MatMul", [x, model.weights((6, 3))]))))
    assert source.front is not None


def test_integer_images_are_only_turned() -> None:
    model = Model()
    x = model.input("x", IMAGE, "UINT4")
    source = same(model.made(model.conv(x, 3, 4, (3, 3))))
    assert source.front is not None
    assert {n.op_type for n in source.front.graph.node} == {"Transpose"}
