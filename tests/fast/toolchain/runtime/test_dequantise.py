"""Float versions of quantised files, integers of fewer bits than a byte among them; and what has none."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.results.options import RunOptions
from toolchain.runtime.dequantise import dequantise
from toolchain.runtime.half import half
from toolchain.runtime.session import open_session, run_session

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(200, 8)).astype(np.float32)
CONSTANTS: dict[str, NDArray[Any]] = {
    "s": np.asarray(0.02, np.float32),
    "ws": np.asarray(0.1, np.float32),
    "z": np.asarray(0, np.int8),
    "low": np.asarray(-7, np.int8),
    "high": np.asarray(7, np.int8),
    "w": RANDOM.integers(-20, 20, (8, 3)).astype(np.int8),
}


def _node(operator: str, inputs: str, output: str, **attributes: Any) -> NodeProto:
    return helper.make_node(operator, inputs.split(), [output], name=output, **attributes)


def _model(nodes: list[NodeProto]) -> onnx.ModelProto:
    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 8])
    sink = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)
    tensors = [numpy_helper.from_array(values, name) for name, values in CONSTANTS.items()]
    graph = helper.make_graph(nodes, "g", [source], [sink], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)


def _qcdq() -> onnx.ModelProto:
    """Four bits as Brevitas exports them: a Clip of integers between the two of a pair."""
    return _model(
        [
            _node("QuantizeLinear", "x s z", "q"),
            _node("Clip", "q low high", "c"),
            _node("DequantizeLinear", "c s z", "a"),
            _node("Clip", "w low high", "wc"),
            _node("DequantizeLinear", "wc ws z", "wf"),
            _node("MatMul", "a wf", "y"),
        ]
    )


def _answers(model: onnx.ModelProto) -> NDArray[Any]:
    return run_session(open_session(model, RunOptions("none")), X)


def test_a_clip_of_integers_becomes_one_of_floats() -> None:
    floats = dequantise(_qcdq())
    weights = np.clip(CONSTANTS["w"], -7, 7) * np.float32(0.1)
    assert np.allclose(_answers(floats), np.clip(X, -0.14, 0.14) @ weights, atol=1e-6)
    # Half a step of the input for each of eight weights of up to 0.7.
    assert np.abs(_answers(floats) - _answers(_qcdq())).max() < 0.01 * 8 * 0.7
    assert np.allclose(_answers(half(floats)), _answers(floats), atol=1e-2)


def test_a_clip_with_one_bound_keeps_the_other_of_the_type() -> None:
    nodes = [_node("QuantizeLinear", "x s z", "q"), helper.make_node("Clip", ["q", "", "high"], ["c"])]
    floats = dequantise(_model([*nodes, _node("DequantizeLinear", "c s z", "y")]))
    assert np.allclose(_answers(floats), np.clip(X, -2.56, 0.14))


@pytest.mark.parametrize("operator", ["QLinearMatMul", "QLinearConv", "MatMulInteger", "ConvInteger"])
def test_operators_on_integers_are_named(operator: str) -> None:
    words = f"operator {operator} computes with integers, and has no float form here \\(node y\\)"
    with pytest.raises(ModelError, match=words):
        dequantise(_model([_node(operator, "x w", "y")]))


def test_bounds_that_are_computed_are_refused() -> None:
    nodes = [_node("QuantizeLinear", "x s z", "q"), _node("ReduceMax", "q", "top"), _node("Clip", "q low top", "c")]
    with pytest.raises(ModelError, match="node c: its bounds are computed"):
        dequantise(_model([*nodes, _node("DequantizeLinear", "c s z", "y")]))
