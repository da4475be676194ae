"""Post-training int8 and its way back: near the float model, and as TensorRT wants it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.runtime.calibrate import quantise
from toolchain.runtime.dequantise import dequantise, is_qdq
from toolchain.runtime.half import half
from toolchain.runtime.prove import prove
from toolchain.runtime.rules import violations
from toolchain.runtime.session import open_session, run_session

X: NDArray[np.float32] = np.random.default_rng(4).normal(0, 1, (400, 8)).astype(np.float32)


@pytest.fixture(scope="module")
def perceptron() -> onnx.ModelProto:
    rng = np.random.default_rng(0)
    sizes, nodes, constants, current = (8, 32, 4), [], [], "x"
    for index, (wide, out) in enumerate(pairwise(sizes)):
        constants.append(numpy_helper.from_array(rng.normal(0, 1, (wide, out)).astype(np.float32), f"w{index}"))
        constants.append(numpy_helper.from_array(rng.normal(0, 1, out).astype(np.float32), f"b{index}"))
        nodes.append(helper.make_node("Gemm", [current, f"w{index}", f"b{index}"], [f"sums{index}"], name=f"g{index}"))
        current = f"sums{index}"
        if index == 0:
            nodes.append(helper.make_node("Relu", [current], ["hidden"], name="relu"))
            current = "hidden"
    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 8])
    sink = helper.make_tensor_value_info(current, TensorProto.FLOAT, ["n", 4])
    graph = helper.make_graph(nodes, "g", [source], [sink], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)


@pytest.mark.parametrize("shape", [(1, 32), (1, 1), ()])
def test_biases_of_every_shape_that_gemm_takes(perceptron: onnx.ModelProto, shape: tuple[int, ...]) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(perceptron)
    bias = np.random.default_rng(1).normal(0, 1, shape).astype(np.float32)
    next(t for t in model.graph.initializer if t.name == "b0").CopyFrom(numpy_helper.from_array(bias, "b0"))
    proof = prove(quantise(model, X), X, run_session(open_session(model), X))
    assert proof.labels_equal > 0.95 * proof.compared


def test_alpha_and_beta_of_gemm_are_kept(perceptron: onnx.ModelProto) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(perceptron)
    factors = (helper.make_attribute(name, value) for name, value in (("alpha", 0.5), ("beta", 3.0)))
    model.graph.node[0].attribute.extend(factors)
    reference = run_session(open_session(model), X)
    answers = run_session(open_session(quantise(model, X)), X)
    assert np.abs(answers - reference).max() < 0.03 * np.abs(reference).max()


@pytest.mark.parametrize("target", ["cpu", "tensorrt"])
def test_int8_is_near_and_repeats(perceptron: onnx.ModelProto, target: str) -> None:
    first, again = (quantise(perceptron, X, target) for _ in range(2))  # type: ignore[arg-type]
    assert first.SerializeToString(deterministic=True) == again.SerializeToString(deterministic=True)
    proof = prove(first, X, run_session(open_session(perceptron), X))
    assert is_qdq(first) and proof.equal < proof.compared
    assert proof.labels_equal > 0.95 * proof.compared


def test_tensorrt_takes_its_own_and_not_the_other(perceptron: onnx.ModelProto) -> None:
    assert violations(quantise(perceptron, X, "tensorrt"), "8.2") == []
    assert {found.rule for found in violations(quantise(perceptron, X, "cpu"), "8.2")} >= {"zero-point", "int8"}


def test_weights_have_one_scale_a_channel(perceptron: onnx.ModelProto) -> None:
    sizes = [np.prod(t.dims) for t in quantise(perceptron, X).graph.initializer if t.name.endswith("w0_scale")]
    assert sizes == [32]


def test_dequantised_version_is_nearer_the_float_model(perceptron: onnx.ModelProto) -> None:
    floats = dequantise(quantise(perceptron, X))
    assert not is_qdq(floats) and not any("Quantize" in node.op_type for node in floats.graph.node)
    reference = run_session(open_session(perceptron), X)
    assert prove(floats, X, reference).largest < prove(quantise(perceptron, X), X, reference).largest


def test_float16_version(perceptron: onnx.ModelProto) -> None:
    proof = prove(half(perceptron), X, run_session(open_session(perceptron), X))
    assert 0 < proof.largest < 0.1


def test_too_few_rows_and_what_cannot_be_quantised(perceptron: onnx.ModelProto) -> None:
    fixed = onnx.ModelProto()
    fixed.CopyFrom(perceptron)
    fixed.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 8
    with pytest.raises(ModelError, match="calibration data of 3 rows; the model takes 8"):
        quantise(fixed, X[:3])
    with pytest.raises(ModelError, match="post-training int8: "):
        quantise(perceptron, X[:, :5])
