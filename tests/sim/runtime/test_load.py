"""The child process that tries a file first: what would eat memory or time ends in one line."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.fast.toolchain.runtime.networks import network
from toolchain.errors import ModelError
from toolchain.runtime.graphs import graphs_of
from toolchain.runtime.load import Limits, load_untrusted

SMALL = Limits(memory_bytes=2 << 30, seconds=5)


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
    assert load_untrusted(tmp_path / "good.onnx", SMALL) == model


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


def test_a_loop_without_end(tmp_path: Path) -> None:
    inner = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", ["v"], ["w"])],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v", TensorProto.FLOAT, [1]),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("w", TensorProto.FLOAT, [1]),
        ],
    )
    nodes = [helper.make_node("Loop", ["trips", "always", "x"], ["y"], body=inner)]
    constants = {"trips": np.array(1 << 60, np.int64), "always": np.array(True)}
    limits = Limits(memory_bytes=2 << 30, seconds=2)
    started = time.monotonic()
    with pytest.raises(ModelError, match=r"trying it (ended by|took more than)"):
        load_untrusted(_save(tmp_path / "loop.onnx", nodes, constants, [1]), limits)
    assert time.monotonic() - started < 3 * limits.seconds


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx: no such file"):
        load_untrusted(tmp_path / "none.onnx", SMALL)
    with pytest.raises(ModelError, match="not a file"):
        load_untrusted(tmp_path, SMALL)
    (tmp_path / "large.onnx").write_bytes(bytes(2 << 20))
    with pytest.raises(ModelError, match="2 MiB; 1 MiB at most"):
        load_untrusted(tmp_path / "large.onnx", Limits(file_bytes=1 << 20))
