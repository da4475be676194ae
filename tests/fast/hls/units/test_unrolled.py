"""Products whose weights are wiring, without Verilog."""

from __future__ import annotations

import numpy as np
import pytest

from hls.units import unrolled
from hls.units.product import Product
from hls.unrolled.cost import total_positions
from hls.unrolled.product import ConstantProduct, constant_product
from toolchain.graph.ops import Linear, window
from toolchain.graph.types import TensorType

SIZES = [(16, 8, 4, 4), (32, 16, 2, 2), (8, 32, 3, 8), (64, 4, 6, 1), (4, 4, 8, 8)]


def product(inputs: int, outputs: int, weight_bits: int, bits: int) -> Product:
    most = 2 ** (weight_bits - 1) - 1
    weights = np.random.default_rng(inputs).integers(-most, most + 1, (inputs, outputs))
    return Product(Linear(weights, np.zeros(outputs, np.int64)), None, TensorType((inputs,), 0, 2**bits - 1))


def made(given: Product) -> ConstantProduct:
    weights, sums = given.linear.weights, given.accumulator
    most = np.full(len(weights), given.element.high)
    constants = np.full(weights.shape[1], -sums.low)
    return constant_product("p", weights, constants, most, given.element.bits, sums.bits)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_sums_and_estimates(size: tuple[int, int, int, int]) -> None:
    """The pipeline gives every sum; what it is estimated to take is near what its own graph adds up to."""
    given = product(*size)
    lowered, needs = made(given), unrolled.needs(given)
    x = np.random.default_rng(1).integers(0, given.element.high + 1, (50, size[0]))
    expected = given.linear.run(x) - given.accumulator.low
    assert np.array_equal(lowered.layer.graph.run(x), expected)
    graph = lowered.layer.graph
    assert needs.lut == pytest.approx(total_positions(graph, graph.outputs), rel=0.25)
    assert 0.5 < needs.ff / lowered.registers < 2
    assert not needs.dsp and not needs.blocks


def test_one_position_a_clock() -> None:
    (option,) = unrolled.options(product(16, 8, 4, 4))
    assert (option.name, option.cycles, option.takes, option.yields) == ("unrolled", 1, (16,), 8)
    rows = Product(Linear(np.eye(4, dtype=np.int64), np.zeros(4, np.int64)), None, TensorType((3, 5, 4), 0, 3))
    assert [option.cycles for option in unrolled.options(rows)] == [15]


def test_offered_only_where_it_can_be_built_soon() -> None:
    """Not of several taps, of very many weights, or where an estimate asks for fewer bits than there are."""
    taps = Linear(np.ones((36, 2), np.int64), np.zeros(2, np.int64), taps=9)
    assert not list(unrolled.options(Product(taps, window((3, 3)), TensorType((5, 5, 4), 0, 3))))
    assert not list(unrolled.options(product(200, 100, 4, 4)))
    fewer = product(16, 8, 4, 4)
    assert not list(unrolled.options(Product(fewer.linear, None, fewer.x, most_bits=2)))
