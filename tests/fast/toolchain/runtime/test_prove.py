"""Passes that change answers are found; graphs are proved as the package gives them vectors."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from pydantic import ValidationError

from tests.fast.toolchain.runtime.networks import graphs_of, inputs, network
from toolchain.errors import ModelError
from toolchain.results.options import RunOptions
from toolchain.runtime.prove import prove, settle, smallest
from toolchain.runtime.session import open_session, run_session

ON = RunOptions()


@pytest.fixture(scope="module")
def off_grid() -> tuple[onnx.ModelProto, NDArray[np.int64]]:
    """A QDQ graph with float biases between the steps that WeightBiasQuantization would round them to."""
    net = network("binary")
    model = graphs_of(net)["tensorrt"]
    rng = np.random.default_rng(0)
    for tensor in model.graph.initializer:
        if tensor.name.endswith("_bias"):
            bias = numpy_helper.to_array(tensor)
            moved = (bias + rng.uniform(-0.4, 0.4, bias.shape)).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(moved, tensor.name))
    return model, inputs(net, 2000)


@pytest.mark.parametrize("exact", [True, False])
def test_the_pass_that_changes_answers_is_found(
    off_grid: tuple[onnx.ModelProto, NDArray[np.int64]], exact: bool
) -> None:
    model, x = off_grid
    reference = run_session(open_session(model, RunOptions("none")), x)
    before = prove(model, x, reference)
    assert before.equal < before.compared and before.differing
    proof = settle(model, x, reference, exact=exact)
    assert proof.options == RunOptions("all", ("WeightBiasQuantization",))
    assert proof.labels_equal == proof.compared and (proof.exact or not exact)


def test_a_graph_that_is_wrong_by_itself_is_not_mended(off_grid: tuple[onnx.ModelProto, NDArray[np.int64]]) -> None:
    model, x = off_grid
    reference = -run_session(open_session(model, RunOptions("none")), x)
    assert settle(model, x, reference, exact=False).options == ON


@pytest.mark.parametrize("needed", [{"c"}, {"a", "h"}, {"d", "e", "f"}, set("abcdefgh"), set()])
def test_smallest_set(needed: set[str]) -> None:
    assert set(smallest("abcdefgh", lambda names: needed <= set(names))) == needed


def test_options_round_trip() -> None:
    options = RunOptions("extended", ("A", "B"), ("session.disable_quant_qdq=1",))
    assert RunOptions(**options.to_json()) == options
    with pytest.raises(ValidationError, match="should be 'all', 'extended', 'basic' or 'none'"):
        RunOptions("most")


def _running_sum(rows: int | str) -> onnx.ModelProto:
    """Each row's answer holds the rows before it."""
    axis = numpy_helper.from_array(np.zeros((), np.int64), "axis")
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [rows, 3]) for name in ("x", "y")]
    node = helper.make_node("CumSum", ["x", "axis"], ["y"])
    graph = helper.make_graph([node], "g", sides[:1], sides[1:], [axis])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_a_graph_is_proved_with_every_batch_that_the_package_gives() -> None:
    model, x = _running_sum("n"), np.random.default_rng(0).normal(size=(100, 3)).astype(np.float32)
    assert prove(model, x, x, batches=(1,)).exact
    proof = prove(model, x, x)
    # Only the first row of each 64 has nothing before it.
    assert (proof.equal, proof.batches) == (2, (1, 64))
    fixed = prove(_running_sum(1), x, x)
    assert fixed.exact and fixed.batches == (1,)


def test_the_pass_that_breaks_a_valid_graph_is_found() -> None:
    """A weight behind a Transpose that moves nothing: with every optimisation on, its session does not even open."""
    rng = np.random.default_rng(0)
    shapes = {"w0": (16, 8), "b0": (8,), "w1": (8, 5), "b1": (5,)}
    tensors = [numpy_helper.from_array(rng.normal(size=s).astype(np.float32), name) for name, s in shapes.items()]
    nodes = [
        helper.make_node("Transpose", ["w0"], ["w0t"], perm=[0, 1]),
        helper.make_node("Gemm", ["x", "w0t", "b0"], ["a"]),
        helper.make_node("Relu", ["a"], ["r"]),
        helper.make_node("Gemm", ["r", "w1", "b1"], ["y"]),
    ]
    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 16])
    sink = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 5])
    graph = helper.make_graph(nodes, "g", [source], [sink], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    x = rng.normal(size=(50, 16)).astype(np.float32)
    with pytest.raises(ModelError):
        run_session(open_session(model), x)
    reference = run_session(open_session(model, RunOptions("none")), x)
    proof = settle(model, x, reference, exact=True, tolerance=1e-5)
    assert proof.near == proof.compared
    assert proof.options.level == "all" and len(proof.options.disabled) == 1
