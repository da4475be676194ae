"""Each of TensorRT's rules is broken once, and found by its name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.fast.toolchain.runtime.networks import graphs_of, network
from toolchain.errors import ModelError
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.rules import RULES, newest_opset, violations

Break = Callable[[onnx.ModelProto], None]


def _good() -> onnx.ModelProto:
    return graphs_of(network("bytes"), GraphSettings(13, tensorrt="8.2"))["tensorrt"]


def _set(model: onnx.ModelProto, name: str, values: np.ndarray) -> None:
    tensor = next(t for t in model.graph.initializer if t.name == name)
    tensor.CopyFrom(numpy_helper.from_array(values, name))


def _node(model: onnx.ModelProto, output: str) -> onnx.NodeProto:
    return next(node for node in model.graph.node if node.output[0] == output)


def _zero_point(model: onnx.ModelProto) -> None:
    _set(model, "core_activation_0_weight_zero", np.full_like(_values(model, "core_activation_0_weight_zero"), 3))


def _values(model: onnx.ModelProto, name: str) -> np.ndarray:
    return numpy_helper.to_array(next(t for t in model.graph.initializer if t.name == name))


def _uint8(model: onnx.ModelProto) -> None:
    _set(model, "core_zero_point", np.uint8(0))


def _no_zero_point_means_uint8(model: onnx.ModelProto) -> None:
    for name in ("core_activation_0_codes", "core_activation_0_paired"):
        del _node(model, name).input[2:]


def _int32_bias(model: onnx.ModelProto) -> None:
    bias = _values(model, "core_activation_0_bias")
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(len(bias), np.int32), "whole_bias"))
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(len(bias), np.int32), "bias_zero"))
    node = helper.make_node(
        "DequantizeLinear", ["whole_bias", "core_activation_0_weight_scale", "bias_zero"], ["bias_values"], axis=0
    )
    model.graph.node.insert(0, node)
    _node(model, "core_activation_0_sums").input[2] = "bias_values"


def _negative_scale(model: onnx.ModelProto) -> None:
    _set(model, "core_activation_0_weight_scale", -_values(model, "core_activation_0_weight_scale"))


def _computed_scale(model: onnx.ModelProto) -> None:
    model.graph.node.insert(0, helper.make_node("ReduceMax", ["input"], ["highest"], keepdims=0))
    _node(model, "core_activation_0_codes").input[1] = "highest"


def _channels(model: onnx.ModelProto) -> None:
    wide = len(_values(model, "core_activation_0_weight_scale"))
    model.graph.initializer.append(numpy_helper.from_array(np.ones(wide, np.float32), "ones"))
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(wide, np.int8), "zeros"))
    for name in ("core_activation_0_codes", "core_activation_0_paired"):
        _node(model, name).input[1:] = ["ones", "zeros"]


def _clip_between(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.int8(3), "most"))
    index = next(i for i, node in enumerate(model.graph.node) if node.output[0] == "core_activation_0_paired")
    model.graph.node.insert(
        index, helper.make_node("Clip", ["core_activation_0_codes", "core_zero_point", "most"], ["between"])
    )
    _node(model, "core_activation_0_paired").input[0] = "between"


def _integer_output(model: onnx.ModelProto) -> None:
    model.graph.output.append(helper.make_tensor_value_info("core_activation_0_codes", TensorProto.INT8, None))


def _least_weight(model: onnx.ModelProto) -> None:
    codes = np.full(_values(model, "core_activation_0_weights").shape, -128, np.int8)
    model.graph.initializer.append(numpy_helper.from_array(codes, "whole_weights"))
    _node(model, "core_activation_0_weight_values").input[0] = "whole_weights"


def _integer_operator(model: onnx.ModelProto) -> None:
    node = helper.make_node(
        "MatMulInteger", ["core_input_codes", "core_activation_0_weight_codes"], ["more"], name="integers"
    )
    model.graph.node.append(node)


def _byte_input(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.UINT8


def _float_weights(model: onnx.ModelProto) -> None:
    _node(model, "core_activation_0_sums").input[1] = "core_activation_0_weights"


def _float_residual(model: onnx.ModelProto) -> None:
    model.graph.node.append(
        helper.make_node("Add", ["core_activation_0_paired", "core_activation_0_sums"], ["residual"], name="residual")
    )


def _new_opset(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 17


BREAKS: list[tuple[str, Break]] = [
    ("zero-point", _zero_point),
    ("int8", _uint8),
    ("int8", _no_zero_point_means_uint8),
    ("float-bias", _int32_bias),
    ("scale", _negative_scale),
    ("scale", _computed_scale),
    ("per-tensor-activations", _channels),
    ("nothing-between", _clip_between),
    ("nothing-between", _integer_output),
    ("weight-range", _least_weight),
    ("operators", _integer_operator),
    ("input-type", _byte_input),
    ("both-inputs", _float_weights),
    ("residual", _float_residual),
    ("opset", _new_opset),
]


def test_a_good_graph_breaks_none() -> None:
    assert violations(_good(), "8.2") == []


@pytest.mark.parametrize(("rule", "spoil"), BREAKS, ids=[spoil.__name__.strip("_") for _, spoil in BREAKS])
def test_each_breach_is_found(rule: str, spoil: Break) -> None:
    model = _good()
    spoil(model)
    found = violations(model, "8.2")
    assert rule in {violation.rule for violation in found}
    one = next(violation for violation in found if violation.rule == rule)
    assert one.source and one.message and one.where


def test_every_rule_is_tried_and_has_a_source() -> None:
    assert {rule.name for rule in RULES} | {"opset"} == {name for name, _ in BREAKS}
    assert all(rule.source and rule.kind in {"refused", "slow"} for rule in RULES)


@pytest.mark.parametrize(("version", "opset"), [("8.0", 13), ("8.2.1", 13), ("8.6", 17), ("10.3", 20), ("11.0", 20)])
def test_newest_opset(version: str, opset: int) -> None:
    assert newest_opset(version) == opset


def test_versions_that_cannot_be() -> None:
    with pytest.raises(ModelError, match="knows no QuantizeLinear"):
        violations(_good(), "7.2")
    with pytest.raises(ModelError, match="not a version"):
        violations(_good(), "new")
