"""The cost of FINN's layers: DSP slices and block RAMs by the RTL's rules, LUTs near what synthesis made of them."""

from __future__ import annotations

import pytest

from toolchain.finn.cost import Layer, Thresholds, block_rams

LAYER = Layer(
    inputs=183,
    outputs=128,
    weight_bits=2,
    input_bits=2,
    sum_bits=9,
    narrow=True,
    thresholds=Thresholds(128, 9, 2),
    dsp_block="DSP48E2",
)


def layer(**changes: object) -> Layer:
    return Layer(**{**LAYER.__dict__, **changes})


def test_lanes_of_a_slice() -> None:
    assert LAYER.lanes == 9
    assert layer(narrow=False).lanes == 9
    assert layer(dsp_block="DSP48E1").lanes == 8
    assert layer(weight_bits=3, input_bits=8).lanes == 3
    assert layer(weight_bits=8, input_bits=8).lanes == 2


@pytest.mark.parametrize(("pe", "simd", "slices"), [(1, 1, 1), (8, 3, 3), (8, 61, 61), (16, 61, 122), (128, 3, 45)])
def test_slices(pe: int, simd: int, slices: int) -> None:
    assert LAYER.cost(pe, simd, "block")[3] == slices


@pytest.mark.parametrize(
    ("width", "depth", "halves"), [(48, 488, 2), (16, 512, 1), (36, 512, 1), (2, 8192, 1), (122, 384, 4), (9, 4096, 2)]
)
def test_block_rams(width: int, depth: int, halves: int) -> None:
    assert block_rams(width, depth) == halves


def test_memory_is_in_one_kind_of_memory() -> None:
    in_blocks, in_luts = LAYER.cost(8, 3, "block"), LAYER.cost(8, 3, "distributed")
    assert (in_blocks[2] > 0, in_luts[2]) == (True, 0)
    assert in_luts[0] > in_blocks[0]


def test_cycles() -> None:
    assert (LAYER.cycles(1, 1), LAYER.cycles(8, 3), LAYER.cycles(128, 183)) == (23424, 976, 1)


def test_estimates_are_near_what_synthesis_made() -> None:
    """Three whole designs in Yosys 0.70, xcup: LUT, FF, BRAM, DSP."""
    cqmlp = [
        LAYER,
        layer(inputs=128, outputs=32, sum_bits=8, thresholds=Thresholds(32, 8, 2)),
        layer(inputs=32, outputs=5, sum_bits=8, thresholds=None),
    ]
    published = [
        layer(inputs=40, outputs=256, input_bits=8, sum_bits=14, thresholds=Thresholds(256, 14, 2)),
        layer(inputs=256, outputs=128, sum_bits=9, thresholds=Thresholds(128, 9, 2)),
        layer(inputs=128, outputs=64, sum_bits=9, thresholds=Thresholds(64, 9, 2)),
        layer(inputs=64, outputs=32, sum_bits=8, thresholds=Thresholds(32, 8, 2)),
        layer(inputs=32, outputs=5, sum_bits=8, thresholds=None),
    ]
    slow = [(8, 3, "block"), (1, 8, "block"), (1, 1, "distributed")]
    fast = [(2, 61, "distributed"), (8, 4, "distributed"), (1, 1, "distributed")]
    wide = [(4, 8, "block"), (8, 16, "block"), (2, 16, "block"), (2, 4, "block"), (1, 1, "distributed")]
    for layers, foldings, synthesised in (
        (cqmlp, slow, (1684, 3580, 4, 12)),
        (cqmlp, fast, (4951, 8073, 0, 66)),
        (published, wide, (6399, 12478, 13, 53)),
    ):
        costs = [one.cost(*folding) for one, folding in zip(layers, foldings, strict=True)]
        lut, ff, bram, dsp = (sum(values) for values in zip(*costs, strict=True))
        assert (lut, ff) == pytest.approx(synthesised[:2], rel=0.1)
        assert (bram, dsp) == synthesised[2:]
