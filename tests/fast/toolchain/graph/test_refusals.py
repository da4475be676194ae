"""What ONNX Runtime refuses is told by operator, node and type; its own codes and places in C++ are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.graph.refusals import in_our_words
from toolchain.results.options import RunOptions
from toolchain.runtime.session import open_session, run_session

X = np.ones((2, 4), np.float32)


def _model(node: NodeProto, constants: dict[str, Any], kind: int = TensorProto.FLOAT) -> onnx.ModelProto:
    tensors = [numpy_helper.from_array(np.asarray(values), name) for name, values in constants.items()]
    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])
    graph = helper.make_graph([node], "g", [source], [helper.make_tensor_value_info("y", kind, None)], tensors)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def _gemm(kind: Any, name: str = "/a/Gemm") -> onnx.ModelProto:
    return _model(helper.make_node("Gemm", ["x", "w"], ["y"], name=name), {"w": np.ones((4, 2), kind)})


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (_gemm(np.int8), "operator Gemm takes no int8 (node /a/Gemm)"),
        (_gemm(np.int8, ""), "operator Gemm takes no int8"),
        (_gemm(np.float16), "operator Gemm is given float and float16 at once (node /a/Gemm)"),
        (
            _model(helper.make_node("Relu", ["x"], ["y"], name="r"), {}, TensorProto.FLOAT16),
            "an output is declared as float16, and is float (node r)",
        ),
        (_model(helper.make_node("Foo", ["x"], ["y"]), {}), "operator Foo is unknown in opset 17"),
        (_model(helper.make_node("Foo", ["x"], ["y"], domain="com.microsoft"), {}), "operator Foo is unknown to it"),
        (
            _model(helper.make_node("MatMul", ["x", "w"], ["y"], name="m"), {"w": np.ones((5, 2), np.float32)}),
            "operator MatMul: Incompatible dimensions for matrix multiplication (node m)",
        ),
        (
            _model(helper.make_node("Reshape", ["x", "s"], ["y"], name="s"), {"s": [7, 3]}),
            "operator Reshape fails: ",
        ),
    ],
)
def test_the_operator_is_named(model: onnx.ModelProto, words: str) -> None:
    with pytest.raises(ModelError) as caught:
        run_session(open_session(model, RunOptions("none")), X)
    text = str(caught.value)
    assert words in text and not any(raw in text for raw in ("ONNXRuntimeError", ".cc:", ".h:", "()"))
    # The log has its own text, as the cause.
    assert "ONNXRuntimeError" in str(caught.value.__cause__)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (
            "[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : Could not find an implementation for Elu(6) node with name 's'",
            "operator Elu of opset 6 is not implemented for its types on the CPU provider (node s)",
        ),
        ("[ONNXRuntimeError] : 1 : FAIL : something new", "something new"),
        ("/build/core/graph.cc:42 void Graph::f(int) const something", "something"),
        ("not from there", "not from there"),
        ("", "RuntimeError"),
    ],
)
def test_what_is_not_known_is_told_as_it_is(raw: str, words: str) -> None:
    assert in_our_words(RuntimeError(raw)) == words
