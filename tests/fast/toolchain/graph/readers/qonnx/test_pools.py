"""Poolings answer as in the qonnx executor."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fast.toolchain.graph.readers.qonnx.models import Model, same
from tests.fast.toolchain.graph.readers.qonnx.small import IMAGE, image
from tests.fast.toolchain.graph.small_models import DOMAIN


def test_mean_of_whole_numbers_that_is_cut_off() -> None:
    model = Model()
    x = model.quant(model.input("x", IMAGE), 4, 1.0, signed=False)
    said = {"domain": DOMAIN, "kernel": 2, "stride": 2, "ibits": 4, "obits": 4, "signed": 0, "data_layout": "NCHW"}
    same(model.made(str(model.apply("QuantAvgPool2d", [x], **said))))


def test_pooling_of_one_axis() -> None:
    model = Model()
    x = model.quant(model.input("x", (3, 11)))
    y = model.quant(str(model.apply("MaxPool", [x], kernel_shape=[3], strides=[2], pads=[1, 1])), 4, 0.25)
    mean = model.apply("ReduceMean", [y], axes=[2], keepdims=0)
    same(model.made(model.quant(str(mean), 4, 0.125)))


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
