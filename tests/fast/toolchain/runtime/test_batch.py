"""As many vectors at once as memory is sure to hold, by the largest tensor between input and output."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from toolchain.runtime.batch import batches_of, throughput_batch
from toolchain.runtime.prove import prove

X = np.ones((3, 8), np.float32)


def _widened(times: int, name: str = "t") -> onnx.ModelProto:
    """The mean of an input that stands `times` times in one tensor: 32 bytes, each time."""
    nodes = [
        helper.make_node("Tile", ["x", "times"], [name]),
        helper.make_node("ReduceMean", ["t"], ["y"], axes=[1], keepdims=1),
    ]
    sides = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", s]) for n, s in (("x", 8), ("y", 1))]
    constants = [numpy_helper.from_array(np.array([1, times], np.int64), "times")]
    graph = helper.make_graph(nodes, "g", sides[:1], sides[1:], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize(("times", "batch"), [(1, 64), (2**16, 64), (2**16 + 1, 32), (2**17, 32), (2**18, 16)])
def test_the_largest_tensor_bounds_the_batch(times: int, batch: int) -> None:
    assert throughput_batch(_widened(times), X) == batch


def test_a_graph_is_proved_with_the_batches_that_it_may_be_given() -> None:
    assert prove(_widened(2**18), X, np.ones((3, 1), np.float32)).batches == (1, 16)


def test_a_model_that_does_not_run_is_given_one() -> None:
    assert batches_of(_widened(1, "nowhere"), X) == (1,)
