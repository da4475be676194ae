"""Small ONNX models for the runners, weights from a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

INPUTS, CLASSES = 12, 5


def save_mlp(path: Path, *, kind: int = TensorProto.UINT8, batch: int | str = "rows") -> Path:
    """Two matrix products on whole numbers, so that every machine computes the same; many outputs tie."""
    rng = np.random.default_rng(7)
    arrays = {"w0": rng.integers(-1, 2, (INPUTS, 16)), "b0": rng.integers(-3, 4, 16)}
    arrays["w1"] = rng.integers(-1, 2, (16, CLASSES))
    arrays["w1"][:, 3] = arrays["w1"][:, 1]  # classes 1 and 3 always tie
    nodes = [
        helper.make_node("Cast", ["input"], ["x"], to=TensorProto.FLOAT),
        helper.make_node("Gemm", ["x", "w0", "b0"], ["h"]),
        helper.make_node("Relu", ["h"], ["a"]),
        helper.make_node("MatMul", ["a", "w1"], ["logits"]),
    ]
    weights = {name: array.astype(np.float32) for name, array in arrays.items()}
    return save(path, nodes, weights, kind, [batch, INPUTS], [batch, CLASSES])


def save(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    weights: Mapping[str, NDArray[Any]],
    kind: int,
    taken: Sequence[int | str],
    given: Sequence[int | str],
) -> Path:
    """A model of these nodes from `input` to `logits`."""
    source = helper.make_tensor_value_info("input", kind, taken)
    sink = helper.make_tensor_value_info("logits", TensorProto.FLOAT, given)
    initial = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "small", [source], [sink], initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def save_two(path: Path) -> Path:
    """Inputs `a`, float32 of (2, 3), and `b`, int8 of (4,); outputs `total` and `sums`, int64 of `b` alone."""
    nodes = [
        helper.make_node("ReduceSum", ["a", "rows"], ["flat"], keepdims=0),
        helper.make_node("Cast", ["b"], ["wide"], to=TensorProto.INT64),
        helper.make_node("ReduceSum", ["wide", "columns"], ["sums"], keepdims=1),
        helper.make_node("Cast", ["sums"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["flat", "real"], ["total"]),
    ]
    sides = [
        helper.make_tensor_value_info("a", TensorProto.FLOAT, ["rows", 2, 3]),
        helper.make_tensor_value_info("b", TensorProto.INT8, ["rows", 4]),
        helper.make_tensor_value_info("total", TensorProto.FLOAT, ["rows", 3]),
        helper.make_tensor_value_info("sums", TensorProto.INT64, ["rows", 1]),
    ]
    initial = [numpy_helper.from_array(np.array([1], np.int64), name) for name in ("rows", "columns")]
    graph = helper.make_graph(nodes, "two", sides[:2], sides[2:], initial)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def save_rounded_bias(path: Path) -> Path:
    """A model whose bias of 0.4 the pass `WeightBiasQuantization` rounds to 0: to [1, 2] it then says 5.0, not 5.5."""
    values: dict[str, Any] = {"one": np.float32(1), "quarter": np.float32(0.25), "zero": np.uint8(0)}
    values |= {"zero8": np.int8(0), "w": np.array([[1], [2]], np.int8), "b": np.array([0.4], np.float32)}
    nodes = [
        helper.make_node("QuantizeLinear", ["input", "one", "zero"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "one", "zero"], ["x"]),
        helper.make_node("DequantizeLinear", ["w", "one", "zero8"], ["weights"]),
        helper.make_node("Gemm", ["x", "weights", "b"], ["sum"]),
        helper.make_node("QuantizeLinear", ["sum", "quarter", "zero"], ["codes"]),
        helper.make_node("DequantizeLinear", ["codes", "quarter", "zero"], ["logits"]),
    ]
    arrays = {name: np.asarray(value) for name, value in values.items()}
    return save(path, nodes, arrays, TensorProto.FLOAT, ["rows", 2], ["rows", 1])


def some_vectors(count: int) -> NDArray[np.uint8]:
    """Inputs of the MLP, shape (count, INPUTS)."""
    return np.random.default_rng(8).integers(0, 4, (count, INPUTS)).astype(np.uint8)
