"""Quantisers of every kind answer as in the qonnx executor."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fast.toolchain.graph.readers.qonnx.models import Model, same
from tests.fast.toolchain.graph.readers.qonnx.small import IMAGE, image, row
from tests.fast.toolchain.graph.small_models import DOMAIN
from toolchain.errors import ModelError
from toolchain.graph.readers.qonnx.read import read_qonnx


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


@pytest.mark.parametrize("mode", ["ROUND", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN", "HALF_EVEN"])
def test_rounding(mode: str) -> None:
    model, x = row()
    same(model.made(model.quant(str(model.apply("MatMul", [x, model.weights((6, 5))])), 3, 0.5, rounding_mode=mode)))


def test_bipolar_values_and_weights() -> None:
    model, x = row(bits=1)
    weights = model.apply("BipolarQuant", [model.rng.normal(0, 1, (6, 5)), 1.0], domain=DOMAIN)
    a = model.apply("BipolarQuant", [str(model.apply("MatMul", [x, weights])), 0.5], domain=DOMAIN)
    same(model.made(str(model.apply("MatMul", [a, model.weights((5, 3))]))))


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


def test_one_input_behind_two_quantisers() -> None:
    model = Model()
    x = model.input("x", IMAGE)
    ends = [model.conv(model.quant(x, bits, scale), 3, 2, (2, 2)) for bits, scale in ((3, 0.5), (5, 0.125))]
    source = same(model.made(*ends))
    assert len(source.graph.inputs) == 2


def test_dead_channels_and_ties() -> None:
    model, x = row()
    weights = model.rng.integers(-1, 2, (6, 5)) * np.array([1.0, 0.0, 1.0, 1.0, 0.0])
    a = model.apply("Add", [str(model.apply("MatMul", [x, weights])), np.array([0.125, 0.125, 0.0, 0.375, -9.0])])
    same(model.made(model.quant(str(a), 3, 0.25, signed=False)))


@pytest.mark.parametrize("bits", [1, 4])
@pytest.mark.parametrize("scale", [-0.25, 1e-44, 1e-30, 1e30, 3e38])
def test_extreme_scales(scale: float, bits: int) -> None:
    model, x = row()
    same(model.made(model.quant(str(model.apply("MatMul", [x, model.weights((6, 5))])), bits, scale)))


@pytest.mark.parametrize("factor", [1e38, -1e38, 1e-45, 0.0])
def test_extreme_factors(factor: float) -> None:
    model, x = row()
    a = str(model.apply("MatMul", [x, model.weights((6, 3))]))
    same(model.made(model.quant(str(model.apply("Mul", [a, np.array([1.0, factor, 0.5])])))))


@pytest.mark.parametrize(("operator", "constant"), [("Mul", np.nan), ("Mul", np.inf), ("Add", np.nan), ("Div", 0.0)])
def test_values_that_are_no_numbers_are_refused(operator: str, constant: float) -> None:
    model, x = row()
    a = str(model.apply("MatMul", [x, model.weights((6, 3))]))
    y = model.quant(str(model.apply(operator, [a, np.array([1.0, constant, 0.5])])))
    with pytest.raises(ModelError, match="yields values that are not finite"):
        read_qonnx(model.made(y))
