"""Reductions and Splits of opset 18 and newer go down to an older one, with the same answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from toolchain.graph.lower import opset_of
from toolchain.graph.older_forms import OlderForms
from toolchain.graph.same_meaning import put_back, with_stand_ins
from toolchain.results.options import RunOptions
from toolchain.runtime.convert import within
from toolchain.runtime.session import open_session, run_session

X = np.random.default_rng(1).uniform(0.1, 2, size=(40, 4, 5)).astype(np.float32)
TENSORS: dict[str, NDArray[Any]] = {"one": np.array([1]), "both": np.array([1, -1]), "none": np.zeros(0, np.int64)}
KINDS = ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare")


def node(operator: str, *inputs: str, output: str = "y", **attributes: Any) -> NodeProto:
    return helper.make_node(operator, inputs, output.split(), **attributes)


CASES = {
    **{kind: [node("Relu", "x", output="r"), node(f"Reduce{kind}", "r", "one")] for kind in KINDS},
    "two axes, not kept": [node("ReduceMean", "x", "both", keepdims=0)],
    "axes of a Constant": [node("Constant", output="c", value_ints=[-1]), node("ReduceMax", "x", "c")],
    "axes of a tensor": [
        node("Constant", output="c", value=numpy_helper.from_array(np.array([2]))),
        node("ReduceMax", "x", "c"),
    ],
    "no axes are all of them": [node("ReduceMean", "x", noop_with_empty_axes=0, output="m"), node("Sub", "x", "m")],
    "empty axes, too": [node("ReduceMean", "x", "none", output="m"), node("Sub", "x", "m")],
    "equal parts": [node("Split", "x", output="y rest", num_outputs=2, axis=1)],
    "unequal parts": [node("Split", "x", output="a b y", num_outputs=3, axis=-1)],
    "parts of an inner tensor": [
        node("Tanh", "x", output="t"),
        node("Split", "t", output="a y", axis=2, num_outputs=2),
    ],
}


def _model(nodes: list[NodeProto], opset: int) -> onnx.ModelProto:
    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4, 5])
    taken = {name for each in nodes for name in each.input}
    tensors = [numpy_helper.from_array(array, name) for name, array in TENSORS.items() if name in taken]
    sink = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", [source], [sink], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def _answers(model: onnx.ModelProto) -> NDArray[Any]:
    # One after the other: without axes a reduction goes over the batch as well.
    return run_session(open_session(model, RunOptions("none")), X, 1)


@pytest.mark.parametrize("opset", [18, 21])
@pytest.mark.parametrize("name", CASES)
def test_it_goes_down_to_opset_13(name: str, opset: int) -> None:
    model = _model(CASES[name], opset)
    brought = within(model, 13, 13, X[:1], _answers(model)[:1])
    assert opset_of(brought) == 13
    assert np.array_equal(_answers(brought), _answers(model))


@pytest.mark.parametrize(
    "other",
    [
        node("ReduceMean", "x", "x"),
        node("ReduceMean", "x", noop_with_empty_axes=1),
        node("Split", "x", output="y z", num_outputs=2),
        node("Split", "x", output="y z", num_outputs=3, axis=1),
        node("Split", "x", output="a b c d e f", num_outputs=6, axis=1),
        helper.make_node("ReduceMean", ["x"], ["y"], domain="com.other"),
    ],
    ids=["axes of the input", "nothing is reduced", "open axis", "more parts than outputs", "no length", "foreign"],
)
def test_what_has_no_older_form(other: NodeProto) -> None:
    assert OlderForms(_model([other], 18), 13).of(other) is None


def test_an_older_form_is_that_of_opset_13_to_17_only() -> None:
    mean = node("ReduceMean", "x", "one")
    assert [OlderForms(_model([mean], 21), opset).of(mean) is None for opset in (12, 13, 17, 18)] == [
        True,
        False,
        False,
        True,
    ]


def test_a_split_stands_in_for_each_of_its_parts() -> None:
    nodes = [node("Split", "x", output="a b", num_outputs=2, axis=1), node("Mish", "a", output="y")]
    stood_in, kept = with_stand_ins(_model(nodes, 18), 18, 13)
    assert [list(each.output) for each in stood_in.graph.node] == [["a"], ["b"], ["y"]]
    put_back(stood_in, kept)
    split, mish = stood_in.graph.node
    assert (split.op_type, list(split.output), mish.op_type) == ("Split", ["a", "b"], "Mish")
    sizes = {tensor.name: numpy_helper.to_array(tensor).tolist() for tensor in stood_in.graph.initializer}
    assert sizes[split.input[1]] == [2, 2]
