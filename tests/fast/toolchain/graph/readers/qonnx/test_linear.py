"""Matrix products and convolutions answer as in the qonnx executor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.fast.toolchain.graph.readers.qonnx.models import Model, same
from tests.fast.toolchain.graph.readers.qonnx.small import image, row
from toolchain.graph.ops import Linear


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


def test_plain_weights_of_whole_multiples() -> None:
    model, x = row()
    y = model.quant(str(model.apply("MatMul", [x, model.rng.integers(-3, 4, (6, 5)) * 0.125])), 4, 0.5)
    same(model.made(str(model.apply("MatMul", [y, model.rng.integers(-1, 2, (5, 3)) * 0.3]))), spread=1.0)


def test_weights_behind_a_transposition() -> None:
    model, x = row()
    weights = model.apply("Transpose", [model.weights((5, 6), 4, np.array([0.5, 1, 2, 0.25, 0.5]).reshape(5, 1))])
    y = model.quant(str(model.apply("MatMul", [x, weights])), 4, 0.5)
    same(model.made(y))


def test_matrix_product_over_positions() -> None:
    model = Model()
    x = model.quant(model.input("x", (5, 6)))
    y = model.quant(str(model.apply("MatMul", [x, model.weights((6, 4))])), 3, 0.5)
    same(model.made(str(model.apply("Transpose", [y], perm=[0, 2, 1]))))
