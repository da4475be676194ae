"""Operators whose opsets differ in types only go down to an older one, with the same answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from toolchain.graph.lower import opset_of
from toolchain.graph.same_meaning import means_the_same, put_back, rewritten, with_stand_ins
from toolchain.results.options import RunOptions
from toolchain.runtime.convert import within
from toolchain.runtime.session import open_session, run_session

X = np.random.default_rng(1).normal(size=(40, 4, 4)).astype(np.float32)
TENSORS: dict[str, NDArray[Any]] = {
    "c": np.asarray(0.7, np.float32),
    "z": np.asarray(128, np.uint8),
    "shape": np.array([-1, 16]),
    "one": np.array([1]),
    "halves": np.array([2, 2]),
    "four": np.arange(1, 5, dtype=np.float32),
    "w": np.ones((16, 3), np.float32),
}


def node(operator: str, *inputs: str, output: str = "y", **attributes: Any) -> NodeProto:
    return helper.make_node(operator, inputs, output.split(), **attributes)


CASES = {
    **{name: [node(name, "x", "c")] for name in ("Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "PRelu")},
    **{name: [node(name, "x")] for name in ("Relu", "Identity", "LeakyRelu", "Abs", "Exp", "Tanh", "Softmax", "Neg")},
    "Reshape": [node("Reshape", "x", "shape", allowzero=0)],
    "BatchNormalization": [node("BatchNormalization", "x", "four", "four", "four", "four")],
    "Where": [node("GreaterOrEqual", "x", "c", output="q"), node("Where", "q", "x", "c")],
    "Cast": [node("Equal", "x", "c", output="q"), node("Cast", "q", to=TensorProto.FLOAT)],
    "Squeeze": [node("Unsqueeze", "x", "one", output="u"), node("Squeeze", "u", "one")],
    "Gemm": [node("Flatten", "x", output="f"), node("Gemm", "f", "w", output="g"), node("Sub", "g", "c")],
    "Split": [node("Split", "x", "halves", output="y rest", axis=1)],
    "QuantizeLinear": [node("QuantizeLinear", "x", "c", "z", output="q"), node("DequantizeLinear", "q", "c", "z")],
}


def _model(nodes: list[NodeProto], opset: int) -> onnx.ModelProto:
    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4, 4])
    taken = {name for each in nodes for name in each.input}
    tensors = [numpy_helper.from_array(array, name) for name, array in TENSORS.items() if name in taken]
    graph = helper.make_graph(
        nodes, "g", [source], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], tensors
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def _answers(model: onnx.ModelProto) -> NDArray[Any]:
    return run_session(open_session(model, RunOptions("none")), X)


@pytest.mark.parametrize("opset", [16, 18, 21])
@pytest.mark.parametrize("name", CASES)
def test_it_goes_down_to_opset_13(name: str, opset: int) -> None:
    model = _model(CASES[name], opset)
    if opset < 18 and name == "Split":
        pytest.skip("the same operator in both")
    brought = within(model, 13, 13, X, _answers(model))
    assert opset_of(brought) == 13
    assert np.array_equal(_answers(brought), _answers(model), equal_nan=True)


def test_the_rest_is_left_to_the_converter() -> None:
    nodes = [node("Sub", "x", "c", output="d"), node("Split", "d", output="y rest", num_outputs=2)]
    assert rewritten(_model(nodes, 18), 18, 13) is None
    stood_in, kept = with_stand_ins(_model(nodes, 18), 18, 13)
    assert [each.op_type for each in stood_in.graph.node] == ["Sum", "Split"] and list(kept) == ["d"]
    put_back(stood_in, kept)
    assert [each.op_type for each in stood_in.graph.node] == ["Sub", "Split"]


@pytest.mark.parametrize(
    "other",
    [
        node("ReduceMean", "x", "one"),
        node("Split", "x", output="y z", num_outputs=2),
        node("Reshape", "x", "shape", allowzero=1),
        node("Mish", "x"),
        node("LayerNormalization", "x", "four"),
        helper.make_node("Relu", ["x"], ["y"], domain="com.other"),
    ],
)
def test_another_operator_is_told_apart(other: NodeProto) -> None:
    assert not means_the_same(other, 18, 13)


def test_graphs_within_count() -> None:
    def branch(inner: NodeProto) -> NodeProto:
        graph = helper.make_graph([inner], "b", [], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
        return helper.make_node("If", ["q"], ["o"], then_branch=graph, else_branch=graph)

    assert means_the_same(branch(node("Relu", "x")), 18, 13)
    assert not means_the_same(branch(node("Mish", "x")), 18, 13)
