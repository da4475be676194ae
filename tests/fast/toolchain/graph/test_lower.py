"""QONNX's quantisers as float operators give what the qonnx executor gives, in every bit."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from qonnx.core.onnx_exec import execute_onnx

from toolchain.errors import ModelError
from toolchain.graph.lower import lower, opset_of, tidy
from toolchain.graph.model_file import run_model
from toolchain.runtime.prove import prove
from toolchain.runtime.session import open_session, run_session

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


def test_parameters_that_are_no_constants() -> None:
    model = _model("Quant", [1.0, 0, 4], signed=1, narrow=0, rounding_mode="ROUND")
    model.graph.node[0].input[1] = "x"
    with pytest.raises(ModelError, match=r"\(Quant\): parameter .* is not a constant"):
        lower(tidy(model), 17)


def test_unknown_rounding() -> None:
    with pytest.raises(ModelError, match="unknown rounding mode 'SIDEWAYS'"):
        lower(tidy(_model("Quant", [1.0, 0, 4], signed=1, narrow=0, rounding_mode="SIDEWAYS")), 17)


def _thresholds(shape: tuple[int, ...], layout: str) -> onnx.ModelProto:
    thresholds = np.sort(np.random.default_rng(2).normal(0, 1, (3, 4)), axis=1).astype(np.float32)
    said = {"out_dtype": "INT4", "out_scale": 0.5, "out_bias": -1.0, **({"data_layout": layout} if layout else {})}
    node = helper.make_node("MultiThreshold", ["x", "t"], ["y"], domain="qonnx.custom_op.general", **said)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "xy"]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:], [numpy_helper.from_array(thresholds, "t")])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("qonnx.custom_op.general", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


@pytest.mark.parametrize(
    ("shape", "layout"), [((1, 3), ""), ((1, 5, 3), ""), ((1, 3, 2, 2), ""), ((1, 2, 2, 3), "NHWC"), ((1, 3, 5), "NCW")]
)
def test_thresholds_along_the_axis_of_the_layout(shape: tuple[int, ...], layout: str) -> None:
    wrapper = tidy(_thresholds(shape, layout))
    x = np.random.default_rng(3).normal(0, 1, shape).astype(np.float32)
    wanted = execute_onnx(wrapper, {wrapper.graph.input[0].name: x})[wrapper.graph.output[0].name]
    assert np.array_equal(run_session(open_session(lower(wrapper, 17)), x), wanted)


@pytest.mark.parametrize("bits", [1.0, 1.5, 3.7])
@pytest.mark.parametrize("signed", [0, 1])
def test_newer_name_and_fractions_of_a_bit(bits: float, signed: int) -> None:
    assert _exact(_model("IntQuant", [0.3, 0, bits], signed=signed, narrow=0, rounding_mode="ROUND"))


def test_channels_last_operators() -> None:
    random = np.random.default_rng(4)
    weights, x = (random.normal(0, 1, shape).astype(np.float32) for shape in ((4, 3, 3, 3), (1, 5, 6, 3)))
    conv = {"pads": [1] * 4, "kernel_shape": [3, 3], "strides": [1, 1], "dilations": [1, 1], "group": 1}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], name="c", domain="qonnx.custom_op.channels_last", **conv),
        helper.make_node(
            "MaxPool", ["c"], ["y"], name="m", domain="qonnx.custom_op.channels_last", kernel_shape=[2, 2]
        ),
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", x.shape), ("y", (1, 4, 5, 4)))]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [numpy_helper.from_array(weights, "w")])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("qonnx.custom_op.channels_last", 17)]
    got = run_session(open_session(lower(tidy(helper.make_model(graph, opset_imports=opsets, ir_version=8)), 17)), x)
    padded = np.pad(x[0], ((1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
    sums = np.einsum("hwcij,oijc->hwo", windows, weights)
    pooled = np.lib.stride_tricks.sliding_window_view(sums, (2, 2), axis=(0, 1)).max(axis=(-1, -2))
    assert np.allclose(got[0], pooled, rtol=1e-5, atol=1e-5)
