"""Sums of two tensors answer as in the qonnx executor."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fast.toolchain.graph.readers.qonnx.models import Model, answers, drawn, expected, same
from tests.fast.toolchain.graph.readers.qonnx.small import IMAGE, norm
from toolchain.graph.readers.qonnx.read import read_qonnx


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
    assert same(model.made(y)).notices == ()


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
