"""Every operator in a small model, against ONNX Runtime's kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.fast.toolchain.graph.readers.qdq.compared import differing
from tests.fast.toolchain.graph.readers.qdq.small import Small
from toolchain.graph.readers.qdq.reader import read_qdq

_DTYPES = [np.int8, np.uint8]


@pytest.mark.parametrize("dtype", _DTYPES)
@pytest.mark.parametrize("weights", _DTYPES)
@pytest.mark.parametrize(
    ("groups", "settings"),
    [
        (1, {}),
        (1, {"strides": [2, 1], "pads": [1, 0, 2, 1]}),
        (2, {"dilations": [2, 1], "pads": [2, 0, 1, 1]}),
        (4, {"auto_pad": "SAME_LOWER", "strides": [2, 2]}),
        (1, {"auto_pad": "SAME_UPPER"}),
        (1, {"auto_pad": "VALID", "kernel_shape": [3, 2]}),
    ],
)
def test_conv(dtype: type, weights: type, groups: int, settings: dict[str, Any]) -> None:
    s = Small([1, 4, 7, 6], groups, dtype)
    x = s.quantised("x")
    w = s.weights([8, 4 // groups, 3, 2], 0, weights)
    y = s.node("Conv", x, w, s.bias(x, w, 8), group=groups, **settings)
    assert differing(s.model(s.quantised(y))) == 0


def test_conv_over_time_with_one_scale_and_no_bias() -> None:
    s = Small(["N", 3, 11], 3, np.uint8)
    y = s.node("Conv", s.quantised("x"), s.weights([5, 3, 4]), strides=[2], pads=[2, 1])
    assert differing(s.model(s.quantised(y)), 300) == 0


@pytest.mark.parametrize("activation", ["Relu", "Clip"])
@pytest.mark.parametrize("zero", [-128, 0, 17])
def test_activations_before_the_quantiser_are_clipped_thresholds(activation: str, zero: int) -> None:
    s = Small([1, 3, 6, 6], 5)
    x = s.quantised("x")
    y = s.node("Conv", x, s.weights([4, 3, 3, 3], 0), pads=[1, 1, 1, 1])
    limits = [s.constant(-0.5, np.float32), s.constant(1.25, np.float32)] if activation == "Clip" else []
    assert differing(s.model(s.quantised(s.node(activation, y, *limits), *s.scheme(0.03, zero)))) == 0


def test_a_bias_in_float_is_rounded_as_onnx_runtime_rounds_it() -> None:
    s = Small([1, 12], 6)
    bias = s.constant(s.random.uniform(-1, 1, 5), np.float32)
    y = s.node("Gemm", s.quantised("x"), s.weights([12, 5]), bias)
    assert differing(s.model(s.quantised(y))) == 0


@pytest.mark.parametrize("turned", [0, 1])
@pytest.mark.parametrize("dtype", _DTYPES)
def test_gemm(turned: int, dtype: type) -> None:
    s = Small([1, 12], turned, dtype)
    x = s.quantised("x")
    w = s.weights([5, 12] if turned else [12, 5], 1 - turned)
    y = s.node("Gemm", x, w, s.bias(x, w, 5), transB=turned)
    assert differing(s.model(s.quantised(y)), 200) == 0


@pytest.mark.parametrize("axis", [None, 1])
def test_matmul_and_the_constant_behind_it(axis: int | None) -> None:
    s = Small(["N", 12], 8)
    x = s.quantised("x")
    y = s.node("MatMul", x, s.weights([12, 7], axis))
    y = s.node("Add", s.constant(s.random.uniform(-1, 1, 7), np.float32), y)
    z = s.node("MatMul", s.quantised(s.node("Relu", y)), s.weights([7, 4], axis))
    assert differing(s.model(s.quantised(z)), 300) == 0


def test_matmul_of_rows_of_time() -> None:
    s = Small([1, 5, 6], 9)
    y = s.node("MatMul", s.quantised("x"), s.weights([6, 3], 1))
    assert differing(s.model(s.quantised(y))) == 0


@pytest.mark.parametrize("kind", ["Gemm", "MatMul", "Conv"])
@pytest.mark.parametrize("axis", [None, 1])
def test_a_product_that_nothing_quantises_ends_the_network(kind: str, axis: int | None) -> None:
    s = Small(["N", 6, 1] if kind == "Conv" else ["N", 6], 10)
    along = 0 if kind == "Conv" and axis else axis
    w = s.weights([4, 6, 1] if kind == "Conv" else [6, 4], along)
    assert differing(s.model(s.node(kind, s.quantised("x"), w)), 300) == 0


@pytest.mark.parametrize("dtypes", [(np.int8, np.int8, np.int8), (np.uint8,) * 3, (np.int8, np.uint8, np.int8)])
@pytest.mark.parametrize(
    "scales", [(0.031, 0.017, 0.04), (0.0625, 0.125, 0.25), (0.03, 0.03, 0.06), (0.11, 0.005, 0.09)]
)
def test_add_of_two_branches_on_all_pairs(dtypes: tuple[type, ...], scales: tuple[float, ...]) -> None:
    s = Small(["N", 2], 11)
    both = s.scheme(0.1, 0)
    raw = s.node("Split", s.quantised("x", *both), axis=1, outputs=2)
    first, second = (
        s.quantised(part, *s.scheme(scale, None, dtype))
        for part, scale, dtype in zip(raw, scales, dtypes, strict=False)
    )
    y = s.node("Add", first, second)
    assert differing(s.model(s.quantised(y, *s.scheme(scales[2], None, dtypes[2]))), 20000, reach=13.0) == 0


@pytest.mark.parametrize("dtypes", [(np.int8,) * 3, (np.uint8, np.int8, np.uint8)])
@pytest.mark.parametrize("scales", [(0.031, 0.017, 0.04), (0.0625, 0.125, 0.25), (0.03, 0.03, 0.06)])
def test_difference_of_two_branches_on_all_pairs(dtypes: tuple[type, ...], scales: tuple[float, ...]) -> None:
    s = Small(["N", 2], 13)
    raw = s.node("Split", s.quantised("x", *s.scheme(0.1, 0)), axis=1, outputs=2)
    first, second = (
        s.quantised(part, *s.scheme(scale, None, dtype))
        for part, scale, dtype in zip(raw, scales, dtypes, strict=False)
    )
    y = s.node("Sub", first, second)
    assert differing(s.model(s.quantised(y, *s.scheme(scales[2], None, dtypes[2]))), 20000, reach=13.0) == 0


def test_a_residual_block_with_activation() -> None:
    s = Small([1, 4, 6, 6], 12)
    x = s.quantised("x")
    y = s.quantised(s.node("Conv", x, s.weights([4, 4, 3, 3], 0), pads=[1, 1, 1, 1]))
    z = s.quantised(s.node("Relu", s.node("Add", x, y)), *s.scheme(0.05, -100))
    assert differing(s.model(s.quantised(s.node("GlobalAveragePool", z)))) == 0


@pytest.mark.parametrize("dtype", _DTYPES)
def test_max_pool(dtype: type) -> None:
    s = Small([1, 3, 7, 7], 13, dtype)
    y = s.node("MaxPool", s.quantised("x"), kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1])
    assert differing(s.model(s.quantised(y))) == 0


@pytest.mark.parametrize("dtype", _DTYPES)
@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_shape": [2, 2], "strides": [2, 2]},
        {"kernel_shape": [3, 3], "strides": [1, 2], "pads": [1, 0, 1, 1], "count_include_pad": 1},
        {"kernel_shape": [6, 6]},
    ],
)
def test_average_pool(dtype: type, settings: dict[str, Any]) -> None:
    s = Small([1, 3, 6, 6], 14, dtype)
    scheme = s.scheme()
    y = s.node("AveragePool", s.quantised("x", *scheme), **settings)
    # One scale on both sides: means of two codes are ties.
    assert differing(s.model(s.quantised(y, *scheme))) == 0


@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("axes", [[2, 3], [-1], [2]])
def test_reduce_mean(keep: int, axes: list[int]) -> None:
    s = Small([1, 3, 5, 4], 15)
    y = s.node("ReduceMean", s.quantised("x"), axes=axes, keepdims=keep)
    assert differing(s.model(s.quantised(y))) == 0


def test_pools_over_time() -> None:
    s = Small(["N", 3, 12], 16)
    y = s.node("AveragePool", s.quantised("x"), kernel_shape=[3], strides=[3])
    z = s.node("GlobalAveragePool", s.quantised(y))
    assert differing(s.model(s.quantised(z))) == 0


@pytest.mark.parametrize("axis", [1, 2, -1])
def test_concat_of_several_scales(axis: int) -> None:
    s = Small([1, 3, 4, 4], 17)
    x = s.quantised("x")
    y = s.node("Concat", x, s.quantised(s.node("Relu", x)), s.quantised(x), axis=axis)
    assert differing(s.model(s.quantised(y))) == 0


def test_split_and_slice_of_channels() -> None:
    s = Small([1, 6, 4, 4], 18)
    a, b = s.node("Split", s.quantised("x"), s.constant([2, 4], np.int64), axis=1, outputs=2)
    ends = (s.constant(values, np.int64) for values in ([3, -1], [-5, -5], [1, 3], [-1, -2]))
    c = s.node("Slice", s.quantised(b), *ends)
    assert differing(s.model(s.quantised(a), s.quantised(c))) == 0


def test_moves_before_a_dense_layer() -> None:
    s = Small([1, 3, 4, 2], 19)
    y = s.node("Flatten", s.quantised("x"))
    x = s.quantised(y)
    assert differing(s.model(s.quantised(s.node("Gemm", x, s.weights([24, 5], 1))))) == 0


def test_reshape_transpose_squeeze_and_back() -> None:
    s = Small([1, 3, 4, 5], 20)
    y = s.node("Transpose", s.quantised("x"), perm=[0, 2, 1, 3])
    y = s.node("Reshape", y, s.constant([1, 2, 6, -1], np.int64))
    y = s.node("Unsqueeze", y, s.constant([2], np.int64))
    y = s.node("Squeeze", y, s.constant([2], np.int64))
    y = s.node("Reshape", s.quantised(y), s.constant([1, -1], np.int64))
    y = s.node("Slice", y, *(s.constant([v], np.int64) for v in (3, 40, 1)))
    assert differing(s.model(s.quantised(y))) == 0


def test_pad_with_zero_and_with_another_code() -> None:
    s = Small([1, 3, 4, 5], 21)
    pads = s.constant([0, 0, 1, 2, 0, 0, 0, 1], np.int64)
    y = s.node("Pad", s.quantised("x", *s.scheme(0.5, 3)), pads)
    z = s.node("Pad", s.quantised(y, *s.scheme(0.5, -7)), pads, s.constant(1.5, np.float32))
    assert differing(s.model(s.quantised(z))) == 0


@pytest.mark.parametrize("scales", [[1, 1, 2, 3], [1, 1, 1.5, 0.5]])
def test_resize_to_the_nearest(scales: list[float]) -> None:
    s = Small([1, 3, 4, 6], 22)
    wires = ["", s.constant(scales, np.float32)]
    settings = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor", "mode": "nearest"}
    y = s.node("Resize", s.quantised("x"), *wires, **settings)
    assert differing(s.model(s.quantised(y))) == 0


@pytest.mark.parametrize("kind", ["Sigmoid", "Tanh", "LeakyRelu", "HardSigmoid", "HardSwish", "Elu", "Abs"])
@pytest.mark.parametrize("dtype", _DTYPES)
def test_functions_of_one_value_are_tables(kind: str, dtype: type) -> None:
    s = Small([1, 40], 23, dtype)
    y = s.node(kind, s.quantised("x", *s.scheme(0.05)))
    assert differing(s.model(s.quantised(y, *s.scheme(0.01)))) == 0


def test_a_chain_of_functions_and_constants() -> None:
    s = Small([1, 40], 24)
    x = s.quantised("x")
    y = s.node("Mul", s.node("Add", x, s.constant(3.0, np.float32)), s.constant([0.25], np.float32))
    y = s.node("Clip", y, s.constant(0.0, np.float32), s.constant(1.0, np.float32))
    assert differing(s.model(s.quantised(y))) == 0


def test_softmax_and_argmax_stay_in_float_at_the_end() -> None:
    s = Small(["N", 6], 25)
    y = s.quantised(s.node("Gemm", s.quantised("x"), s.weights([6, 5])))
    outputs = [s.node("Softmax", y, axis=-1), s.node("ArgMax", y, axis=1, keepdims=0), y]
    assert differing(s.model(*outputs), 200) == 0


@pytest.mark.parametrize("keep", [0, 1])
def test_a_class_ends_the_graph(keep: int) -> None:
    s = Small(["N", 6], 28)
    y = s.quantised(s.node("Gemm", s.quantised("x"), s.weights([6, 5])), *s.scheme(0.2))
    model = s.model(s.node("ArgMax", y, axis=1, keepdims=keep))
    assert differing(model, 300) == 0
    assert read_qdq(model).tail is None


@pytest.mark.parametrize("dtype", _DTYPES)
@pytest.mark.parametrize("shape", [[1, 7], [1, 3, 4, 4]])
def test_codes_come_in_and_go_out(dtype: type, shape: list[int]) -> None:
    s = Small(shape, 26, dtype)
    s.inputs["x"] = (3 if dtype == np.int8 else 2, shape)
    scheme = s.scheme()
    x = s.node("DequantizeLinear", "x", *scheme)
    y = s.node("QuantizeLinear", s.node("Relu", x), *s.scheme())
    assert differing(s.model(y)) == 0


def test_two_branches_of_an_input_with_two_outputs() -> None:
    s = Small([1, 3, 6, 6], 27)
    x = s.quantised("x")
    y = s.quantised(s.node("Conv", x, s.weights([4, 3, 1, 1], 0)))
    z = s.quantised(s.node("Conv", y, s.weights([2, 4, 3, 3], 0), strides=[2, 2]))
    assert differing(s.model(z, y)) == 0
