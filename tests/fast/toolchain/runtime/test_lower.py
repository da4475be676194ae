"""QONNX's quantisers as float operators give what the qonnx executor gives, in every bit."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.graph.model_file import run_model
from toolchain.runtime.lower import at_most, lower, opset_of, tidy
from toolchain.runtime.prove import prove

WIDE = 6
X = np.concatenate(
    [np.random.default_rng(3).normal(0, 3, (200, WIDE)), np.arange(-6, 6, 0.25).reshape(-1, WIDE), np.zeros((1, WIDE))]
).astype(np.float32)


def _model(operator: str, parameters: list[object], opset: int = 11, **attributes: object) -> onnx.ModelProto:
    names = [f"p{index}" for index in range(len(parameters))]
    constants = [numpy_helper.from_array(np.asarray(p, np.float32), n) for n, p in zip(names, parameters, strict=True)]
    node = helper.make_node(operator, ["x", *names], ["y"], domain="qonnx.custom_op.general", **attributes)
    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, WIDE])
    sink = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, WIDE])
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("qonnx.custom_op.general", 1)]
    return helper.make_model(helper.make_graph([node], "g", [source], [sink], constants), opset_imports=opsets)


def _exact(model: onnx.ModelProto) -> bool:
    wrapper = tidy(model)
    return prove(lower(wrapper, 17), X, run_model(wrapper, X, batch=len(X))[""]).exact


@pytest.mark.parametrize("mode", ["ROUND", "HALF_EVEN", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN"])
def test_rounding_modes(mode: str) -> None:
    assert _exact(_model("Quant", [0.5, 0, 4], signed=1, narrow=0, rounding_mode=mode))


@pytest.mark.parametrize(("signed", "narrow"), [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize(("scale", "zero", "bits"), [(0.3, 0, 2), (0.71, 3, 4), (1, 0, 8), (0.25, 0, 1)])
def test_ranges(signed: int, narrow: int, scale: float, zero: int, bits: int) -> None:
    assert _exact(_model("Quant", [scale, zero, bits], signed=signed, narrow=narrow, rounding_mode="ROUND"))


def test_one_scale_a_channel() -> None:
    scales = np.linspace(0.1, 0.9, WIDE).reshape(1, WIDE)
    assert _exact(_model("Quant", [scales, 0, 3], signed=1, narrow=0, rounding_mode="ROUND"))


def test_bipolar() -> None:
    assert _exact(_model("BipolarQuant", [0.37]))


def test_truncation() -> None:
    assert _exact(_model("Trunc", [0.5, 0, 6, 3], rounding_mode="FLOOR"))


def test_opset_and_ir_version_follow() -> None:
    lowered = lower(tidy(_model("BipolarQuant", [1.0], opset=9)), 13)
    assert (opset_of(lowered), lowered.ir_version) == (13, 7)
    assert {node.domain for node in lowered.graph.node} == {""}


def test_an_older_opset_is_kept_and_a_newer_one_brought_down() -> None:
    model = lower(tidy(_model("BipolarQuant", [1.0])), 19)
    assert opset_of(at_most(model, 21)) == 19
    assert opset_of(at_most(model, 16)) == 16


def test_parameters_that_are_no_constants() -> None:
    model = _model("Quant", [1.0, 0, 4], signed=1, narrow=0, rounding_mode="ROUND")
    model.graph.node[0].input[1] = "x"
    with pytest.raises(ModelError, match=r"\(Quant\): parameter .* is not a constant"):
        lower(tidy(model), 17)


def test_unknown_rounding() -> None:
    with pytest.raises(ModelError, match="unknown rounding mode 'SIDEWAYS'"):
        lower(tidy(_model("Quant", [1.0, 0, 4], signed=1, narrow=0, rounding_mode="SIDEWAYS")), 17)
