"""Every operator in a small network: its answers are the qonnx executor's on every output."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from tests.fast.toolchain.graph.readers.qonnx.models import Model, answers, drawn, expected, same
from tests.fast.toolchain.graph.small_models import DOMAIN
from toolchain.graph.ops import Add, ArgMax, Linear, Table, Threshold, Transpose, Window
from toolchain.graph.readers.qonnx.read import read_qonnx

IMAGE = (3, 7, 6)


def image(seed: int = 0, channels: int = 4, bits: int = 4, **said: Any) -> tuple[Model, str]:
    """Quantised channels of an image, channels first, behind one convolution."""
    model = Model(seed)
    x = model.quant(model.input("x", IMAGE), bits)
    return model, model.quant(model.conv(x, 3, channels, (1, 1)), bits, 0.5, **said)


def row(seed: int = 0, size: int = 6, bits: int = 4, **said: Any) -> tuple[Model, str]:
    """A quantised row."""
    model = Model(seed)
    return model, model.quant(model.input("x", (size,)), bits, **said)


@pytest.mark.parametrize("operator", ["MatMul", "Gemm"])
def test_dense(operator: str) -> None:
    model, x = row()
    y = model.quant(model.apply(operator, [x, model.weights((6, 5))]), 3, 1.0)
    source = same(model.made(str(model.apply(operator, [y, model.weights((5, 3))]))))
    assert [type(n.op).__name__ for n in source.graph] == ["Input", "Linear", "Threshold", "Linear"]
    assert source.tail is None


def test_gemm_turns_weights_and_adds_a_bias() -> None:
    model, x = row()
    inputs = [x, model.weights((5, 6)), model.rng.normal(0, 1, 5)]
    y = model.quant(str(model.apply("Gemm", inputs, transB=1, beta=0.5)), 3, 1.0)
    same(model.made(str(model.apply("Gemm", [y, model.weights((5, 3)), np.array([0.5, -1.0, 0.25])]))))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"pads": [1, 1, 1, 1]},
        {"pads": [0, 1, 2, 1], "strides": [2, 1]},
        {"dilations": [2, 1], "pads": [2, 0, 1, 0]},
        {"group": 2, "pads": [1, 1, 1, 1]},
        {"group": 4, "strides": [2, 2]},
        {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
        {"auto_pad": "SAME_LOWER", "strides": [2, 3]},
        {"auto_pad": "VALID"},
    ],
)
def test_convolution(said: dict[str, Any]) -> None:
    model, x = image()
    y = model.quant(model.conv(x, 4, 8, (3, 2), **said), 4, 1.0)
    same(model.made(y))


def test_convolution_of_one_axis() -> None:
    model = Model()
    x = model.quant(model.input("x", (3, 11)))
    y = model.quant(model.conv(x, 3, 6, (3,), group=3, strides=[2], pads=[1, 2]), 3, 0.5)
    same(model.made(model.conv(y, 6, 2, (2,))))


def test_bias_that_is_no_whole_number_of_units_goes_into_thresholds() -> None:
    model, x = image()
    inputs = [x, model.weights((4, 4, 3, 3)), model.rng.normal(0, 1, 4)]
    same(model.made(model.quant(str(model.apply("Conv", inputs)), 4, 1.0)))


def test_bias_of_raw_outputs_is_whole_where_it_can_be() -> None:
    model, x = image()
    source = same(model.made(str(model.apply("Conv", [x, model.weights((2, 4, 3, 3)), np.array([0.5, -1.25])]))))
    ops = [n.op for n in source.graph if isinstance(n.op, Linear)]
    assert ops[-1].bias.tolist() == [2, -5]


@pytest.mark.parametrize("bits", [1.0, 2.0, 5.0, 8.0])
@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("narrow", [0, 1])
def test_quantisers(bits: float, signed: int, narrow: int) -> None:
    if (bits, signed, narrow) == (1.0, 0, 1):
        pytest.skip("holds one value")
    model, x = row()
    y = model.quant(
        str(model.apply("MatMul", [x, model.weights((6, 5))])), bits, 0.75, signed=bool(signed), narrow=narrow
    )
    same(model.made(str(model.apply("MatMul", [y, model.weights((5, 3))]))))


@pytest.mark.parametrize("mode", ["ROUND", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN"])
def test_rounding(mode: str) -> None:
    model, x = row()
    same(model.made(model.quant(str(model.apply("MatMul", [x, model.weights((6, 5))])), 3, 0.5, rounding_mode=mode)))


def test_quantiser_of_one_scale_a_channel_before_a_depthwise_convolution() -> None:
    model, x = image()
    scales = np.array([0.5137, 0.7519, 1.3213, 2.0]).reshape(4, 1, 1)
    y = model.quant(model.conv(x, 4, 4, (1, 1)), 4, scales)
    same(model.made(model.quant(model.conv(y, 4, 8, (3, 3), group=4, pads=[1, 1, 1, 1]), 4, 1.0)))


def test_weights_of_one_scale_a_channel() -> None:
    model, x = image()
    weights = model.weights((5, 4, 3, 3), 4, np.array([0.3137, 0.5, 0.7219, 1.1371, 0.0137]).reshape(5, 1, 1, 1))
    y = model.quant(str(model.apply("Conv", [x, weights])), 4, 1.0)
    same(model.made(y))


def test_inputs_and_weights_of_scales_in_a_whole_ratio() -> None:
    model, x = row()
    scales = np.array([0.5, 1.0, 0.25, 0.5, 2.0])
    y = model.quant(str(model.apply("MatMul", [x, model.weights((6, 5))])), 4, scales)
    weights = model.weights((5, 3), 3, np.array([0.5, 1.0, 1.5, 0.5, 0.5]).reshape(5, 1))
    same(model.made(str(model.apply("MatMul", [y, weights]))))


def test_bipolar_values_and_weights() -> None:
    model, x = row(bits=1)
    weights = model.apply("BipolarQuant", [model.rng.normal(0, 1, (6, 5)), 1.0], domain=DOMAIN)
    a = model.apply("BipolarQuant", [str(model.apply("MatMul", [x, weights])), 0.5], domain=DOMAIN)
    same(model.made(str(model.apply("MatMul", [a, model.weights((5, 3))]))))


def test_plain_weights_of_whole_multiples() -> None:
    model, x = row()
    y = model.quant(str(model.apply("MatMul", [x, model.rng.integers(-3, 4, (6, 5)) * 0.125])), 4, 0.5)
    same(model.made(str(model.apply("MatMul", [y, model.rng.integers(-1, 2, (5, 3)) * 0.3]))), spread=1.0)


def test_falling_channels_turn_their_weights_round() -> None:
    model, x = row()
    a = model.apply("MatMul", [x, model.weights((6, 5))])
    y = model.quant(str(model.apply("Mul", [a, np.array([1.0, -1.0, 0.5, -0.25, 0.0])])), 4, 0.5)
    source = same(model.made(y))
    assert [type(n.op).__name__ for n in source.graph] == ["Input", "Linear", "Threshold"]


def test_falling_channels_behind_a_tensor_that_others_take() -> None:
    model, x = row()
    a = model.apply("MatMul", [x, model.weights((6, 5))])
    first = model.quant(str(a), 4, 0.5)
    second = model.quant(str(model.apply("Mul", [a, np.array([1.0, -1.0, 0.5, -0.25, 0.3])])), 4, 0.5)
    same(model.made(first, second))


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_multithreshold(layout: str) -> None:
    model, x = image()
    a = model.conv(x, 4, 5, (2, 2))
    thresholds = np.sort(model.rng.normal(0, 3, (5, 7)), axis=1)
    said = {"domain": DOMAIN, "out_dtype": "INT4", "out_scale": 0.5, "out_bias": -1.0, "data_layout": layout}
    if layout == "NHWC":
        a = str(model.apply("Transpose", [a], perm=[0, 2, 3, 1]))
    same(model.made(str(model.apply("MultiThreshold", [a, thresholds], **said))))


def test_trunc() -> None:
    model, x = row(bits=6)
    said = {"domain": DOMAIN, "rounding_mode": "FLOOR"}
    same(model.made(str(model.apply("Trunc", [x, 0.25, 0.0, 6.0, 4.0], **said))))


def test_second_version_of_trunc() -> None:
    model, x = row(bits=6)
    model.versions[DOMAIN] = 2
    said = {"domain": DOMAIN, "rounding_mode": "FLOOR", "signed": 1, "narrow": 0}
    same(model.made(str(model.apply("Trunc", [x, 0.25, 0.0, 6.0, 1.0, 4.0], **said))))


def test_mean_of_whole_numbers_that_is_cut_off() -> None:
    model = Model()
    x = model.quant(model.input("x", IMAGE), 4, 1.0, signed=False)
    said = {"domain": DOMAIN, "kernel": 2, "stride": 2, "ibits": 4, "obits": 4, "signed": 0, "data_layout": "NCHW"}
    same(model.made(str(model.apply("QuantAvgPool2d", [x], **said))))


def test_one_input_behind_two_quantisers() -> None:
    model = Model()
    x = model.input("x", IMAGE)
    ends = [model.conv(model.quant(x, bits, scale), 3, 2, (2, 2)) for bits, scale in ((3, 0.5), (5, 0.125))]
    source = same(model.made(*ends))
    assert len(source.graph.inputs) == 2


def test_pooling_of_one_axis() -> None:
    model = Model()
    x = model.quant(model.input("x", (3, 11)))
    y = model.quant(str(model.apply("MaxPool", [x], kernel_shape=[3], strides=[2], pads=[1, 1])), 4, 0.25)
    mean = model.apply("ReduceMean", [y], axes=[2], keepdims=0)
    same(model.made(model.quant(str(mean), 4, 0.125)))


def test_weights_behind_a_transposition() -> None:
    model, x = row()
    weights = model.apply("Transpose", [model.weights((5, 6), 4, np.array([0.5, 1, 2, 0.25, 0.5]).reshape(5, 1))])
    y = model.quant(str(model.apply("MatMul", [x, weights])), 4, 0.5)
    same(model.made(y))


def test_scores_of_an_image_at_every_position() -> None:
    model, x = image()
    same(model.made(str(model.apply("ArgMax", [model.conv(x, 4, 3, (2, 2))], axis=1)), kind=TensorProto.INT64))


def norm(model: Model, source: str, channels: int) -> str:
    shift, mean = model.rng.normal(0, 1, (2, channels))
    return str(
        model.apply(
            "BatchNormalization", [source, model.rng.normal(0, 1, channels), shift, mean, np.full(channels, 2.0)]
        )
    )


def test_batch_normalisation_before_and_behind() -> None:
    model = Model()
    x = model.quant(norm(model, model.input("x", IMAGE), 3))
    same(model.made(model.quant(norm(model, model.conv(x, 3, 6, (3, 3), pads=[1, 1, 1, 1]), 6), 4, 0.5)))


ELEMENTWISE: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("Relu", [], {}),
    ("LeakyRelu", [], {"alpha": 0.1}),
    ("PRelu", [np.array([0.1, 0.2, -0.3, 0.5]).reshape(4, 1, 1)], {}),
    ("Clip", [-0.7, 1.3], {}),
    ("HardSigmoid", [], {"alpha": 0.2, "beta": 0.5}),
    ("Sigmoid", [], {}),
    ("Tanh", [], {}),
    ("HardSwish", [], {}),
    ("Elu", [], {}),
    ("Selu", [], {}),
    ("Erf", [], {}),
    ("Abs", [], {}),
    ("Neg", [], {}),
    ("Identity", [], {}),
    ("Dropout", [], {}),
    ("Cast", [], {"to": TensorProto.FLOAT}),
    ("Mul", [np.array([0.3, -1.0, 2.0, 0.1]).reshape(4, 1, 1)], {}),
    ("Div", [0.7], {}),
    ("Add", [np.array([0.3, -1.0, 2.0, 0.1]).reshape(1, 4, 1, 1)], {}),
    ("Sub", [1.5], {}),
    ("Pow", [2.0], {}),
    ("Softplus", [], {}),
    ("Floor", [], {}),
    ("Max", [0.25], {}),
]


@pytest.mark.parametrize(("operator", "constants", "said"), ELEMENTWISE)
def test_elementwise_between_quantisers(operator: str, constants: list[Any], said: dict[str, Any]) -> None:
    model, x = image()
    direct = model.quant(str(model.apply(operator, [x, *constants], **said)), 5, 0.125)
    sums = model.quant(str(model.apply(operator, [model.conv(x, 4, 4, (2, 1)), *constants], **said)), 4, 0.5)
    same(model.made(direct, sums))


def test_function_that_turns_round_is_a_table() -> None:
    model, x = row()
    y = model.quant(str(model.apply("HardSwish", [x])), 6, 0.05)
    source = same(model.made(y))
    assert any(isinstance(n.op, Table) for n in source.graph)


def test_hard_swish_in_parts_is_one_function() -> None:
    model, x = row()
    gate = model.apply("HardSigmoid", [x], alpha=1 / 6, beta=0.5)
    same(model.made(model.quant(str(model.apply("Mul", [x, gate])), 6, 0.05)))


def test_function_of_few_integers_needs_no_quantiser_before_a_product() -> None:
    model, x = row()
    same(model.made(str(model.apply("MatMul", [str(model.apply("Relu", [x])), model.weights((6, 3))]))))


@pytest.mark.parametrize("operator", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize("said", [{"strides": [2, 2]}, {"strides": [1, 2]}, {}])
def test_pooling(operator: str, said: dict[str, Any]) -> None:
    model, x = image(signed=True)
    y = model.quant(str(model.apply(operator, [x], kernel_shape=[2, 2], **said)), 5, 0.25)
    same(model.made(y))


@pytest.mark.parametrize("said", [{"pads": [1, 1, 1, 1]}, {"ceil_mode": 1}, {"pads": [0, 1, 1, 0], "ceil_mode": 1}])
def test_padding_of_a_greatest_never_wins(said: dict[str, Any]) -> None:
    model, x = image()
    low = model.quant(str(model.apply("Sub", [x, 3.0])), 6, 0.5)
    pool = model.apply("MaxPool", [low], kernel_shape=[2, 3], strides=[2, 2], **said)
    same(model.made(model.quant(str(pool), 6, 0.5)))


@pytest.mark.parametrize("between", ["Relu", "Neg", "Tanh"])
def test_greatest_of_what_is_not_quantised_yet(between: str) -> None:
    model, x = image()
    a = str(model.apply(between, [model.conv(x, 4, 4, (2, 2))]))
    pool = model.apply("MaxPool", [a], kernel_shape=[2, 2], strides=[2, 2])
    same(model.made(model.quant(str(pool), 3, 0.25)))


def test_mean_that_counts_its_padding() -> None:
    model, x = image()
    pool = model.apply("AveragePool", [x], kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
    same(model.made(model.quant(str(pool), 5, 0.25)))


@pytest.mark.parametrize(
    ("operator", "said"),
    [
        ("GlobalAveragePool", {}),
        ("GlobalMaxPool", {}),
        ("ReduceMean", {"axes": [2, 3], "keepdims": 0}),
        ("ReduceMean", {"axes": [-1, -2]}),
        ("ReduceMax", {"axes": [2, 3]}),
    ],
)
def test_whole_images(operator: str, said: dict[str, Any]) -> None:
    model, x = image()
    y = model.quant(str(model.apply(operator, [x], **said)), 5, 0.125)
    flat = model.apply("Flatten", [y])
    same(model.made(str(model.apply("MatMul", [flat, model.weights((4, 3))]))))


@pytest.mark.parametrize("operator", ["Add", "Sub"])
@pytest.mark.parametrize(
    ("first", "second"), [(0.5, 0.5), (0.5, 0.125), (0.3137, 0.3137), (0.3137, 0.7219), (0.11, 0.0173)]
)
def test_residual(operator: str, first: float, second: float) -> None:
    model = Model()
    x = model.quant(model.input("x", IMAGE), 4, 0.25)
    a = model.quant(model.conv(x, 3, 4, (3, 3), pads=[1, 1, 1, 1]), 5, first)
    b = model.quant(model.conv(x, 3, 4, (1, 1)), 4, second)
    y = model.quant(str(model.apply("Relu", [str(model.apply(operator, [a, b]))])), 4, 0.4, signed=False)
    assert same(model.made(y), rows=60).notices == ()


def test_sums_that_float32_rounding_decides_are_counted() -> None:
    model = Model()
    x = model.quant(model.input("x", (6,)), 4, 0.25)
    a, b = (model.quant(str(model.apply("MatMul", [x, model.weights((6, 5))])), 6, s) for s in (0.3, 0.3))
    made = model.made(model.quant(str(model.apply("Add", [a, b])), 5, 0.2))
    source = read_qonnx(made)
    assert "float32 rounding decides" in source.notices[0]
    feeds = drawn(made)
    name = source.outputs[0].name
    apart = answers(source, feeds)[name] - expected(made, feeds)[name]
    assert np.abs(apart).max() < 0.41


def test_sum_of_accumulators_of_one_unit() -> None:
    model = Model()
    x = model.quant(model.input("x", IMAGE), 4, 0.25)
    total = model.apply("Add", [model.conv(x, 3, 4, (3, 3), pads=[1, 1, 1, 1]), model.conv(x, 3, 4, (1, 1))])
    same(model.made(model.quant(norm(model, str(total), 4), 4, 0.5), str(total)))


def test_normalised_branch_plus_a_quantised_one() -> None:
    model = Model()
    x = model.quant(model.input("x", IMAGE), 4, 0.25)
    a = norm(model, model.conv(x, 3, 3, (3, 3), pads=[1, 1, 1, 1]), 3)
    y = model.quant(str(model.apply("Add", [a, x])), 4, 0.5)
    same(model.made(y), rows=60)


def test_channels_side_by_side_keep_their_scales() -> None:
    model, x = image()
    a = model.quant(model.conv(x, 4, 3, (1, 1)), 4, 0.5)
    b = model.quant(model.conv(x, 4, 5, (1, 1)), 3, 0.125)
    joined = model.apply("Concat", [a, x, b], axis=1)
    direct = model.conv(str(joined), 12, 2, (3, 3))
    same(model.made(model.quant(str(joined), 4, 0.3), direct))


def test_flattened_maps_side_by_side_are_each_brought_into_order() -> None:
    """Both are moved alike, by nodes of one name."""
    model, x = image()
    maps = [model.quant(model.conv(x, 4, channels, (2, 2)), 4, 0.5) for channels in (3, 3)]
    joined = model.apply("Concat", [model.apply("Flatten", [one], axis=1) for one in maps], axis=1)
    same(model.made(str(joined)))


def test_channels_apart() -> None:
    model, x = image()
    first, second = model.apply("Split", [x, np.array([1, 3])], outputs=2, axis=1)
    sliced = model.apply("Slice", [x, np.array([1]), np.array([3]), np.array([1])])
    gathered = model.apply("Gather", [x, np.array([3, 0, 1])], axis=1)
    ends = [model.conv(str(t), n, 2, (2, 2)) for t, n in ((first, 1), (second, 3), (sliced, 2), (gathered, 3))]
    same(model.made(*ends))


def test_channels_apart_before_a_quantiser() -> None:
    model, x = image()
    a = norm(model, model.conv(x, 4, 6, (1, 1)), 6)
    first, second = model.apply("Split", [a, np.array([2, 4])], outputs=2, axis=1)
    same(model.made(model.quant(first, 4, 0.5), model.quant(second, 3, 0.25)))


@pytest.mark.parametrize("how", ["Flatten", "Reshape"])
def test_flat_rows_of_an_image_are_folded_into_weights(how: str) -> None:
    model, x = image()
    flat = model.apply("Flatten", [x]) if how == "Flatten" else model.apply("Reshape", [x, np.array([1, -1])])
    source = same(model.made(str(model.apply("MatMul", [flat, model.weights((4 * 7 * 6, 3))]))))
    assert not any(isinstance(n.op, Transpose) for n in source.graph)


def test_flat_rows_that_are_quantised_on_the_way() -> None:
    model, x = image()
    flat = model.apply("Flatten", [norm(model, model.conv(x, 4, 3, (2, 2)), 3)])
    added = model.apply("Add", [flat, model.rng.normal(0, 1, 3 * 6 * 5)])
    y = model.quant(str(added), 3, 0.5)
    same(model.made(y, str(model.apply("MatMul", [y, model.weights((90, 3))]))))


def test_shapes_that_come_and_go() -> None:
    model, x = image()
    pooled = model.quant(str(model.apply("GlobalAveragePool", [x])), 5, 0.125)
    squeezed = model.apply("Squeeze", [pooled, np.array([2, 3])])
    again = model.apply("Unsqueeze", [str(squeezed), np.array([2, 3])])
    same(model.made(model.conv(str(again), 4, 3, (1, 1)), str(squeezed)))


def test_rows_become_an_image() -> None:
    model, x = row(size=24)
    y = model.quant(str(model.apply("MatMul", [x, model.weights((24, 36))])), 3, 1.0)
    image = model.apply("Reshape", [y, np.array([1, 4, 3, 3])])
    same(model.made(model.conv(str(image), 4, 2, (2, 2))))


@pytest.mark.parametrize("mode", ["asymmetric", "half_pixel"])
def test_upsampling(mode: str) -> None:
    model, x = image()
    rounding = "floor" if mode == "asymmetric" else "round_prefer_floor"
    said = {"mode": "nearest", "coordinate_transformation_mode": mode, "nearest_mode": rounding}
    y = model.apply("Resize", [x, "", np.array([1.0, 1.0, 2.0, 3.0])], **said)
    same(model.made(model.conv(str(y), 4, 2, (2, 2))))


def test_padding_by_whole_units() -> None:
    model, x = image()
    y = model.apply("Pad", [x, np.array([0, 0, 1, 0, 0, 0, 0, 2]), 1.0])
    same(model.made(model.conv(str(y), 4, 2, (2, 2))))


def test_matrix_product_over_positions() -> None:
    model = Model()
    x = model.quant(model.input("x", (5, 6)))
    y = model.quant(str(model.apply("MatMul", [x, model.weights((6, 4))])), 3, 0.5)
    same(model.made(str(model.apply("Transpose", [y], perm=[0, 2, 1]))))


def test_channels_last_files_need_no_transposition() -> None:
    model = Model()
    x = model.quant(model.input("x", (7, 6, 3)))
    first = model.conv(str(model.apply("Transpose", [x], perm=[0, 3, 1, 2])), 3, 4, (3, 3), pads=[1, 1, 1, 1])
    y = model.quant(str(model.apply("Transpose", [first], perm=[0, 2, 3, 1])), 4, 0.5)
    source = same(model.made(y))
    assert [type(n.op) for n in source.graph][1:] == [Window, Linear, Threshold]
    assert source.tail is None


def test_label_is_a_node_of_the_graph() -> None:
    model, x = row()
    y = model.apply("ArgMax", [str(model.apply("MatMul", [x, model.weights((6, 3))]))], axis=1, keepdims=0)
    source = same(model.made(str(y), kind=TensorProto.INT64))
    assert any(isinstance(n.op, ArgMax) for n in source.graph)


def test_top_one_is_a_label() -> None:
    model, x = row()
    _, y = model.apply("TopK", [str(model.apply("MatMul", [x, model.weights((6, 3))])), np.array([1])], outputs=2)
    source = same(model.made(y, kind=TensorProto.INT64))
    assert any(isinstance(n.op, ArgMax) for n in source.graph)


def test_label_of_scores_that_are_shifted_one_by_one_is_the_tails() -> None:
    model, x = row()
    inputs = [x, model.weights((6, 3)), model.rng.normal(0, 1, 3)]
    y = model.apply("ArgMax", [str(model.apply("Gemm", inputs))], axis=1)
    source = same(model.made(str(y), kind=TensorProto.INT64))
    assert not any(isinstance(n.op, ArgMax) for n in source.graph)


@pytest.mark.parametrize("operator", ["Softmax", "LogSoftmax", "Sigmoid", "Tanh"])
def test_functions_at_the_end(operator: str) -> None:
    model, x = row()
    same(model.made(str(model.apply(operator, [str(model.apply("MatMul", [x, model.weights((6, 3))]))]))))


def test_several_inputs_and_exits() -> None:
    model = Model()
    a = model.quant(model.input("a", IMAGE), 4, 0.25)
    b = model.quant(model.input("b", IMAGE), 3, 0.5)
    early = model.quant(model.conv(a, 3, 2, (3, 3)), 4, 0.5)
    joined = model.quant(str(model.apply("Add", [a, b])), 4, 0.25)
    late = model.apply("MatMul", [str(model.apply("Flatten", [joined])), model.weights((126, 4))])
    source = same(model.made(early, str(late)))
    assert len(source.graph.inputs) == 2
    assert any(isinstance(n.op, Add) for n in source.graph)


@pytest.mark.parametrize("datatype", ["UINT4", "INT3", "BIPOLAR", "BINARY"])
def test_input_of_integers_needs_no_front(datatype: str) -> None:
    model = Model()
    x = model.input("x", (6,), datatype)
    source = same(model.made(str(model.apply("MatMul", [x, model.weights((6, 3))]))))
    assert source.front is None
    assert source.graph.inputs == (source.inputs[0].name,)


def test_quantiser_that_leaves_integers_as_they_are_needs_no_front() -> None:
    model = Model()
    x = model.quant(model.input("x", (6,), "INT4"), 5, 1.0)
    source = same(model.made(str(model.apply("MatMul", [x, model.weights((6, 3))]))))
    assert source.front is None


def test_quantiser_that_changes_integers_is_the_fronts() -> None:
    model = Model()
    x = model.quant(model.input("x", (6,), "INT8"), 4, 3.0)
    source = same(model.made(str(model.apply("MatMul", [x, model.weights((6, 3))]))))
    assert source.front is not None


def test_integer_images_are_only_turned() -> None:
    model = Model()
    x = model.input("x", IMAGE, "UINT4")
    source = same(model.made(model.conv(x, 3, 4, (3, 3))))
    assert source.front is not None
    assert {n.op_type for n in source.front.graph.node} == {"Transpose"}


def test_dead_channels_and_ties() -> None:
    model, x = row()
    weights = model.rng.integers(-1, 2, (6, 5)) * np.array([1.0, 0.0, 1.0, 1.0, 0.0])
    a = model.apply("Add", [str(model.apply("MatMul", [x, weights])), np.array([0.125, 0.125, 0.0, 0.375, -9.0])])
    same(model.made(model.quant(str(a), 3, 0.25, signed=False)))


def test_same_tensor_added_to_itself() -> None:
    model, x = row()
    a = model.apply("MatMul", [x, model.weights((6, 5))])
    same(model.made(model.quant(str(model.apply("Add", [str(model.apply("Relu", [a])), a])), 4, 0.5)))
