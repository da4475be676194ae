"""Matrix products in Verilog against the integer graph's own: every sum, in the clock that the unit's tokens say."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hls.units import linear, unrolled
from hls.units import window as windows
from hls.units.linear import Choice
from hls.units.product import Packing, Product
from hls.units.unit import Unit
from tests.sim.hls.units.bench import Case, check
from tests.sim.hls.units.test_window import in_order
from toolchain.graph.ops import Linear, Window, window
from toolchain.graph.types import TensorType

RNG = np.random.default_rng(5)


def product(
    shape: tuple[int, ...],
    outputs: int,
    weights: tuple[int, ...] | range,
    op: Window | None = None,
    groups: int = 1,
    ends: tuple[int, int, int] = (-20, 40, 1),
    spread: int = 900,
) -> Product:
    taps = op.taps if op else 1
    inputs = taps * shape[-1] // groups
    drawn = RNG.choice(np.array(weights), (inputs, outputs))
    bias = RNG.integers(-spread, spread + 1, outputs)
    return Product(Linear(drawn, bias, groups, taps), op, TensorType(shape, *ends))


def cases(name: str, given: Product, choice: Choice) -> list[Case]:
    """The window's unit, where there is one, and the product's, each by itself."""
    return _cases(given, linear.walked(given, choice), linear.build(name, given, choice))


def unrolled_cases(name: str, given: Product) -> list[Case]:
    """The same of a product whose weights are wiring."""
    walk = windows.walk(given.x, given.window, given.linear.inputs) if given.window else None
    return _cases(given, walk, unrolled.build(name, given))


def _cases(given: Product, walk: windows.Walk | None, units: tuple[Unit, ...]) -> list[Case]:
    x, element, sums = given.x.element, given.element, given.accumulator
    values = x.low + x.step * RNG.integers(0, (x.high - x.low) // x.step + 1, (3, *given.x.shape))
    rows = given.window.run(values) if given.window else values
    out = (given.linear.run(rows) - sums.low) // sums.step
    taken = values if walk is None else in_order(values, walk)
    steps = [(values - x.low) // x.step, (taken - element.low) // element.step, out]
    codes = [step.reshape(3, -1) for step in steps]
    first = 0 if walk else 1
    return [Case(unit, [codes[first + i]], [codes[first + i + 1]]) for i, unit in enumerate(units)]


WIDE, BYTES, FEW = range(-9, 10), range(-128, 128), range(-4, 4)


def test_dense(tmp_path: Path) -> None:
    check(
        tmp_path,
        *cases("replayed", product((12,), 8, BYTES), Choice(2, 3)),
        *cases("whole", product((6,), 5, WIDE), Choice(5, 2, "lut", "logic")),
        *cases("alone", product((3, 4), 6, WIDE, ends=(0, 255, 1)), Choice(1, 1)),
        *cases("bits", product((24,), 4, (-1, 1), ends=(-1, 1, 2)), Choice(2, 12, "lut", "logic")),
        *cases("signs", product((20,), 6, (-1, 0, 1), ends=(0, 3, 1)), Choice(3, 5, "lut", "block")),
        *cases("steps", product((4,), 1, (3, 6), ends=(0, 15, 1), spread=0), Choice(1, 2)),
        *cases("once", product((4,), 3, WIDE), Choice(3, 4, "dsp", "block")),
        *cases("wide", product((40,), 2, (-(2**19), 2**19), ends=(0, 2**15, 1)), Choice(1, 8, "dsp", "logic")),
    )


def packing(given: Product, count: int) -> Packing:
    """The one by which so many neurons share a multiplier."""
    return next(packing for packing in given.packings if packing.count == count)


def shared_cases(name: str, given: Product, count: int, pe: int, simd: int) -> list[Case]:
    """A product of which so many neurons share a multiplier."""
    return cases(name, given, Choice(pe, simd, packing(given, count)))


def test_neurons_that_share_a_multiplier(tmp_path: Path) -> None:
    """All weights and elements of their widths: three neurons, two, a group that is not full, and one that is alone."""
    nibbles, odd = range(-8, 8), range(-2, 4)
    check(
        tmp_path,
        *shared_cases("three", product((6,), 7, FEW, ends=(0, 7, 1)), 3, 7, 3),
        *shared_cases("two", product((8,), 6, nibbles, ends=(-8, 7, 1)), 2, 6, 4),
        *shared_cases("replay", product((12,), 6, nibbles, ends=(0, 15, 1)), 2, 3, 1),
        *shared_cases("bytes", product((6,), 4, odd, ends=(-128, 127, 1)), 2, 4, 6),
        *shared_cases("taps", product((5, 5, 4), 8, FEW, window((3, 3)), ends=(-4, 3, 1)), 3, 4, 2),
        *shared_cases("group", product((4, 4, 6), 4, FEW, window((2, 2)), 2, ends=(0, 3, 1)), 3, 2, 3),
        *shared_cases("two_bytes", product((6,), 4, BYTES, ends=(-128, 127, 1)), 2, 4, 2),
    )


def test_products_that_overlap_in_a_multiplier(tmp_path: Path) -> None:
    """Each neuron's weight beside each other's, at each element: what one product adds to the next is taken off."""
    nibbles = range(-8, 8)
    cases = [
        *shared_cases("three", product((48, 12), 48, nibbles, ends=(0, 15, 1)), 3, 12, 4),
        *shared_cases("four", product((24, 12), 32, nibbles, ends=(-8, 7, 1)), 4, 8, 4),
        *shared_cases("not_full", product((6, 4), 7, nibbles, ends=(0, 15, 1)), 3, 7, 2),
        *shared_cases("ternary", product((9, 6), 10, FEW, ends=(0, 2, 1)), 4, 10, 3),
    ]
    assert {"SPACING": 7, "SHARED": 3}.items() <= cases[1].unit.parameters.items()
    check(tmp_path, *cases)


def test_weights_in_large_rams(tmp_path: Path) -> None:
    """As fast as in block RAM, whatever multiplies: words of less than a column, of one, and of several."""
    shared = product((8,), 6, range(-8, 8), ends=(-8, 7, 1))
    check(
        tmp_path,
        *cases("narrow", product((12,), 8, BYTES), Choice(1, 1, "dsp", "loaded")),
        *cases("column", shared, Choice(2, 2, packing(shared, 2), "loaded")),
        *cases("columns", product((5, 5, 4), 8, BYTES, window((3, 3))), Choice(4, 2, "lut", "loaded")),
        *cases("signs", product((20,), 6, (-1, 0, 1), ends=(0, 3, 1)), Choice(3, 5, "lut", "loaded")),
    )


def test_convolutions(tmp_path: Path) -> None:
    same = window((3, 3), before=(1, 1), fill=-2)
    check(
        tmp_path,
        *cases("conv", product((5, 5, 4), 8, BYTES, same), Choice(4, 2)),
        *cases("strided", product((6, 6, 4), 6, FEW, window((3, 3), stride=(2, 2))), Choice(3, 4, "lut")),
        *cases("length", product((9, 2), 4, (-1, 0, 1), window((3,), dilation=(2,))), Choice(4, 2, "lut")),
        *cases("grouped", product((4, 4, 6), 4, FEW, window((2, 2)), 2), Choice(1, 3, "dsp", "logic")),
        *cases("depthwise", product((5, 5, 6), 6, BYTES, same, 6), Choice(3, 3)),
        *cases("several", product((4, 4, 3), 6, FEW, window((2, 2)), 3), Choice(2, 1, "lut", "logic")),
        *cases("parts", product((2, 2, 6), 6, FEW, None, 3), Choice(2, 2)),
    )


def test_weights_that_are_wiring(tmp_path: Path) -> None:
    """Signs, groups, a stride, steps of more than one, an output that no input reaches, a row of zeros."""
    dead = Product(Linear(np.array([[0, 3], [0, 0]]), np.array([5, -2]), 1, 1), None, TensorType((2,), 0, 7))
    check(
        tmp_path,
        *unrolled_cases("dense", product((12,), 8, WIDE, ends=(0, 15, 1))),
        *unrolled_cases("rows", product((3, 4), 6, BYTES)),
        *unrolled_cases("bits", product((24,), 4, (-1, 1), ends=(-1, 1, 2))),
        *unrolled_cases("steps", product((4,), 3, (3, 6), ends=(-6, 15, 3), spread=0)),
        *unrolled_cases("parts", product((2, 2, 6), 6, FEW, None, 3)),
        *unrolled_cases("channels", product((5, 6), 6, FEW, None, 6)),
        *unrolled_cases("strided", product((5, 5, 4), 3, FEW, window((1, 1), stride=(2, 2)))),
        *unrolled_cases("dead", dead),
    )
