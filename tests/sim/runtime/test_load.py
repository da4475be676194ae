"""The child process that tries a file first: what would eat memory or time ends in one line."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.fast.toolchain.runtime.networks import graphs_of, network
from toolchain.errors import ModelError
from toolchain.graph.qonnx_nodes import normalised
from toolchain.runtime.load import Limits, load_untrusted

SMALL = Limits(memory_bytes=1 << 30, seconds=5)


def _save(path: Path, nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray], sink: list[int | str]) -> Path:
    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, sink)
    tensors = [numpy_helper.from_array(values, name) for name, values in constants.items()]
    graph = helper.make_graph(nodes, "g", [source], [output], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    model = graphs_of(network("binary"))["qcdq"]
    onnx.save(model, str(tmp_path / "good.onnx"))
    assert load_untrusted(tmp_path / "good.onnx", SMALL) == normalised(model)


def test_a_few_bytes_that_ask_for_terabytes(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["huge"]),
        helper.make_node("ReduceSum", ["huge"], ["sum"], keepdims=0),
        helper.make_node("Add", ["x", "sum"], ["y"]),
    ]
    path = _save(tmp_path / "bomb.onnx", nodes, {"shape": np.array([1 << 20, 1 << 20], np.int64)}, [1])
    with pytest.raises(ModelError, match=r"bomb.onnx: tensor 'huge': shape .* is beyond"):
        load_untrusted(path, SMALL)


def test_memory_that_no_shape_tells(tmp_path: Path) -> None:
    """The size comes from a value, so that shape inference cannot see it."""
    nodes = [
        helper.make_node("Cast", ["count"], ["whole"], to=TensorProto.INT64),
        helper.make_node("NonZero", ["whole"], ["places"]),
        helper.make_node("Shape", ["places"], ["size"]),
        helper.make_node("ReduceSum", ["size"], ["two"], keepdims=1),
        helper.make_node("Mul", ["two", "factor"], ["many"]),
        helper.make_node("ConstantOfShape", ["many"], ["huge"]),
        helper.make_node("ReduceSum", ["huge"], ["sum"], keepdims=0),
        helper.make_node("Add", ["x", "sum"], ["y"]),
    ]
    constants = {"count": np.ones(1, np.float32), "factor": np.array([1 << 36], np.int64)}
    started = time.monotonic()
    with pytest.raises(ModelError, match=r"bomb\.onnx: ") as caught:
        load_untrusted(_save(tmp_path / "bomb.onnx", nodes, constants, [1]), SMALL)
    assert time.monotonic() - started < 2 * SMALL.seconds
    assert "\n" not in str(caught.value)


def _loop(counted: bool) -> tuple[list[onnx.NodeProto], dict[str, np.ndarray]]:
    """A Loop that goes round too often: always, or as often as its input says."""
    value = helper.make_tensor_value_info
    inner = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", ["v"], ["w"])],
        "body",
        [value("i", TensorProto.INT64, []), value("go", TensorProto.BOOL, []), value("v", TensorProto.FLOAT, [1])],
        [value("on", TensorProto.BOOL, []), value("w", TensorProto.FLOAT, [1])],
    )
    often = [
        helper.make_node("Mul", ["x", "far"], ["large"]),
        helper.make_node("Cast", ["large"], ["trips"], to=TensorProto.INT64),
    ]
    nodes = [helper.make_node("Loop", ["trips", "always", "x"], ["y"], body=inner)]
    constants = {"always": np.array(True)}
    if counted:
        return often + nodes, {**constants, "far": np.array([1e12], np.float32)}
    return nodes, {**constants, "trips": np.array(1 << 60, np.int64)}


@pytest.mark.parametrize("counted", [False, True])
def test_a_loop_without_end(counted: bool, tmp_path: Path) -> None:
    limits = Limits(memory_bytes=1 << 30, seconds=2)
    started = time.monotonic()
    with pytest.raises(ModelError, match=r"loop\.onnx: trying it takes more than 2 s"):
        load_untrusted(_save(tmp_path / "loop.onnx", *_loop(counted), [1]), limits)
    assert time.monotonic() - started < 2 * limits.seconds


def _with_function(path: Path, body: list[onnx.NodeProto]) -> Path:
    domain, opset = "somebody.elses", helper.make_opsetid("", 17)
    function = helper.make_function(domain, "f", ["a"], ["o"], body, [opset, helper.make_opsetid(domain, 1)])
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3]) for name in ("x", "y")]
    nodes = [helper.make_node("f", ["x"], ["m"], domain=domain), helper.make_node("Neg", ["m"], ["y"])]
    graph = helper.make_graph(nodes, "g", sides[:1], sides[1:])
    opsets = [helper.make_opsetid(domain, 1), opset]
    onnx.save(helper.make_model(graph, opset_imports=opsets, functions=[function], ir_version=8), str(path))
    return path


def test_functions_are_inlined(tmp_path: Path) -> None:
    path = _with_function(tmp_path / "f.onnx", [helper.make_node("Relu", ["a"], ["o"])])
    model = load_untrusted(path, SMALL)
    assert [node.op_type for node in model.graph.node] == ["Relu", "Neg"]
    assert not model.functions and [entry.domain for entry in model.opset_import] == [""]


def test_a_function_that_calls_itself(tmp_path: Path) -> None:
    body = [helper.make_node("f", ["a"], ["o"], domain="somebody.elses")]
    with pytest.raises(ModelError, match=r"f\.onnx: ") as caught:
        load_untrusted(_with_function(tmp_path / "f.onnx", body), SMALL)
    assert "\n" not in str(caught.value)


def test_several_outputs_and_an_answer_without_a_batch(tmp_path: Path) -> None:
    path = _save(tmp_path / "two.onnx", [helper.make_node("Neg", ["x"], ["y"])], {}, [1])
    model = onnx.load(str(path))
    model.graph.output.append(helper.make_tensor_value_info("x", TensorProto.FLOAT, [1]))
    onnx.save(model, str(path))
    assert len(load_untrusted(path, SMALL).graph.output) == 2
    nodes = [helper.make_node("Expand", ["x", "five"], ["y"])]
    wide = _save(tmp_path / "wide.onnx", nodes, {"five": np.array([5], np.int64)}, [5])
    with pytest.raises(ModelError, match=r"answers one vector with shape \(5,\)"):
        load_untrusted(wide, SMALL)


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx: no such file"):
        load_untrusted(tmp_path / "none.onnx", SMALL)
    with pytest.raises(ModelError, match="not a file"):
        load_untrusted(tmp_path, SMALL)
    (tmp_path / "large.onnx").write_bytes(bytes(2 << 20))
    with pytest.raises(ModelError, match="2 MiB; 1 MiB at most"):
        load_untrusted(tmp_path / "large.onnx", Limits(file_bytes=1 << 20))
