"""Functions of one tensor answer as in the qonnx executor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from tests.fast.toolchain.graph.readers.qonnx.models import Model, same
from tests.fast.toolchain.graph.readers.qonnx.small import IMAGE, image, norm, row
from toolchain.graph.ops import Table
from toolchain.graph.readers.qonnx.checks import RefusalError
from toolchain.graph.readers.qonnx.read import read_qonnx


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


def test_same_tensor_added_to_itself() -> None:
    model, x = row()
    a = model.apply("MatMul", [x, model.weights((6, 5))])
    same(model.made(model.quant(str(model.apply("Add", [str(model.apply("Relu", [a])), a])), 4, 0.5)))


def _looked_up(model: Model, x: str, entries: int = 16, first: float = 0.0) -> str:
    """Five channels, each by the numbers 0 to `entries` less one of its own stretch of a list."""
    weights = np.zeros((4, 5), np.float32)
    for column in range(5):
        weights[model.rng.permutation(4), column] = [1, 2, 4, 8]
    numbers = model.apply("MatMul", [x, weights])
    starts = model.apply("Add", [numbers, np.arange(5, dtype=np.float32) * entries + first])
    places = model.apply("Cast", [starts], to=TensorProto.INT64)
    return str(model.apply("Gather", [model.constant(model.rng.integers(0, 2, 5 * entries) * 1.0), places]))


def test_a_constant_looked_up_by_a_computed_index_is_a_table_of_each_channel() -> None:
    model = Model()
    x = model.input("x", (4,), "BINARY")
    source = same(model.made(str(model.apply("MatMul", [_looked_up(model, x), model.weights((5, 3))]))))
    (table,) = [node.op for node in source.graph if isinstance(node.op, Table)]
    assert table.values.shape == (5, 16)


def test_a_cast_to_integers_drops_fractions_before_a_look_up() -> None:
    model = Model()
    x = model.input("x", (4,), "BINARY")
    same(model.made(str(model.apply("MatMul", [_looked_up(model, x, first=0.75), model.weights((5, 3))]))))


def test_a_list_of_rows_that_is_looked_up_is_refused() -> None:
    model = Model()
    x = model.input("x", (4,), "BINARY")
    places = model.apply("Cast", [model.apply("MatMul", [x, np.eye(4)])], to=TensorProto.INT64)
    rows = model.apply("Gather", [np.ones((9, 2)), places])
    with pytest.raises(RefusalError, match=r"looks up along axis 0 of a constant of shape \(9, 2\); a list of numbers"):
        read_qonnx(model.made(str(rows)))
