"""The integer network must be the model, but for what float32 rounding alone decides."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.results.options import RunOptions
from toolchain.runtime.double import double
from toolchain.runtime.integer_proof import must_be_the_model
from toolchain.runtime.session import open_session, run_session

# In float32 the sum of these three is 0.5 or a bit less by their order; exactly it is a bit more.
X = np.array([[1e8, 0.5000001, -1e8], [1.0, 2.0, 3.0]], np.float32)


def _rounding() -> onnx.ModelProto:
    """Sum, then round to whole steps, as a quantiser does."""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["sum"]), helper.make_node("Round", ["sum"], ["y"])]
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", s]) for name, s in (("x", 3), ("y", 1))]
    weights = numpy_helper.from_array(np.ones((3, 1), np.float32), "w")
    graph = helper.make_graph(nodes, "g", sides[:1], sides[1:], [weights])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_float64_keeps_what_float32_loses() -> None:
    assert run_session(open_session(double(_rounding()), RunOptions("none")), X).ravel().tolist() == [1.0, 6.0]


def test_equal_integers_need_no_word() -> None:
    assert must_be_the_model(np.array([[0.0], [6.0]]), np.array([[0.0], [6.0]]), _rounding(), X) == ""


def test_what_rounding_decides_is_told() -> None:
    told = must_be_the_model(np.array([[1.0], [6.0]]), np.array([[0.0], [6.0]]), _rounding(), X)
    assert told.startswith("1 of 2 vectors lie on the edge of a quantiser's step")


def test_any_other_difference_is_refused_with_the_first_vector() -> None:
    with pytest.raises(ModelError, match=r"answers 1 of 2 vectors otherwise than the model \(the first: vector 1\)"):
        must_be_the_model(np.array([[1.0], [5.0]]), np.array([[0.0], [6.0]]), _rounding(), X)
