"""How products are folded, without Verilog."""

from __future__ import annotations

import numpy as np
import pytest

from hls.memories import resources_of
from hls.units import linear
from hls.units.linear import Choice
from hls.units.product import Product
from hls.units.scale import Scale
from toolchain.fpga.families.ecp5 import Ecp5Backend
from toolchain.fpga.families.ice40 import Ice40Backend
from toolchain.fpga.xilinx import FACTOR_BITS
from toolchain.graph.ops import Linear, Window, window
from toolchain.graph.types import IntType, TensorType

SAME = window((3, 3), before=(1, 1))


def product(shape: tuple[int, ...], outputs: int, op: Window | None = None, groups: int = 1) -> Product:
    taps = op.taps if op else 1
    weights = np.random.default_rng(0).integers(-7, 8, (taps * shape[-1] // groups, outputs))
    return Product(Linear(weights, np.arange(outputs), groups, taps), op, TensorType(shape, 0, 15))


@pytest.mark.parametrize(
    "given",
    [product((12,), 6), product((4, 4, 4), 6, SAME), product((4, 4, 6), 6, SAME, 6), product((3, 8), 6, None, 2)],
    ids=["dense", "convolution", "depthwise", "groups"],
)
def test_choices_do_the_same_work(given: Product) -> None:
    work = given.linear.operations(given.row)
    for choice in linear.options(given):
        *_, mac = linear.build("mac", given, choice)
        assert linear.cycles(given, choice) == max(unit.cycles for unit in linear.build("mac", given, choice))
        assert mac.cycles * choice.pe * (1 if given.depthwise else choice.simd) == work
        assert mac.tokens().latency == linear.latency(given, choice)
        weights, _ = mac.roms
        assert len(weights.words) == linear.beats(given, choice) * int(mac.parameters["FOLDS"])
        assert weights.width * len(weights.words) == given.linear.weights.size * given.weight_bits


def test_replays_only_where_folded() -> None:
    assert len(linear.build("a", product((8,), 4), Choice(4, 2))) == 1
    assert len(linear.build("a", product((8,), 4), Choice(2, 2))) == 2
    assert linear.walked(product((8,), 4), Choice(2, 2)).repeats == 2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "element, total", [((0, 3, 1), (0, 90, 6)), ((-1, 1, 2), (-8, 8, 1)), ((0, 9, 3), (5, 77, 12))]
)
def test_sums_in_finer_steps_become_codes(element: tuple[int, int, int], total: tuple[int, int, int]) -> None:
    x, sums = IntType(*element), IntType(*total)
    scale = Scale.of(x, sums)
    for code in range((sums.high - sums.low) // sums.step + 1):
        value = code * sums.step
        for products in range(0, 5):
            rest = value - products * x.step
            if rest % scale.unit == 0:
                whole = (scale.start(rest) + scale.factor * products) % (1 << scale.bits)
                assert whole >> scale.drop == code


def test_weights_of_two_bits_or_less_need_no_multiplier() -> None:
    signs = Product(Linear(np.array([[1, -1], [-1, 1]]), np.zeros(2, np.int64)), None, TensorType((2,), 0, 3))
    assert {choice.multiplier for choice in linear.options(signs)} == {"lut"} and signs.weight_bits == 1
    assert product((12,), 6).weight_bits == 4


def test_resources_are_near_what_synthesis_takes() -> None:
    """LUTs, flip-flops, block RAMs and multipliers that `synth_lattice -family ecp5 -nowidelut` gave."""
    weights = np.random.default_rng(0).integers(-127, 128, (144, 16))
    bias = np.random.default_rng(1).integers(-30000, 30001, 16)
    conv = Product(Linear(weights, bias, 1, 9), SAME, TensorType((32, 32, 16), 0, 255))
    window_unit, mac = linear.build("c", conv, Choice(4, 4))
    for unit, (lut, ff, blocks, dsp) in ((window_unit, (174, 118, 1, 0)), (mac, (425, 789, 4, 16))):
        found = resources_of(unit.needs, Ecp5Backend.block_ram)
        assert found.lut == pytest.approx(lut, rel=0.1) and found.ff == pytest.approx(ff, rel=0.15)
        assert (found.blocks, found.dsp) == (blocks, dsp)
    assert linear.needs(conv, Choice(4, 4)) == mac.needs + window_unit.needs


@pytest.mark.parametrize(
    ("weight_bits", "bits", "groups", "held"),
    [
        (3, 3, 1, (3, 4, 5, 5)),
        (4, 4, 1, (2, 3, 3, 4)),
        (3, 8, 1, (2, 2, 3, 3)),
        (4, 8, 1, (2, 2, 2, 3)),
        (8, 8, 1, (1, 1, 2, 2)),
        (4, 20, 1, (1, 1, 1, 1)),
        (2, 4, 1, (1, 1, 1, 1)),
        (4, 4, 8, (1, 1, 1, 1)),
    ],
)
def test_neurons_share_a_multiplier_as_far_as_their_weights_fit(
    weight_bits: int, bits: int, groups: int, held: tuple[int, ...]
) -> None:
    """On iCE40, ECP5 and both of AMD; none with weights that are signs, or where each has its own elements."""
    ends = (-(1 << (weight_bits - 1)), (1 << (weight_bits - 1)) - 1) if weight_bits > 2 else (-1, 1)
    weights = np.resize(ends, (8 // groups, 8))
    given = Product(Linear(weights, np.zeros(8, np.int64), groups), None, TensorType((8,), 0, (1 << bits) - 1))
    factor_bits = (Ice40Backend.factor_bits, Ecp5Backend.factor_bits, *FACTOR_BITS.values())
    for factor, most in zip(factor_bits, held, strict=True):
        assert max((it.count for it in given.packings if it.bits <= factor), default=1) == most
    packed = [choice for choice in linear.options(given) if choice.packing]
    assert bool(packed) == (max(held) > 1)
    for choice in packed:
        assert linear.needs(given, choice).dsp == choice.multipliers * choice.simd < choice.pe * choice.simd
