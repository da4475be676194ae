"""The search for a PLL's dividers, held against every setting that there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from tests.fast.boards.folders import boards_of, open_board
from tests.properties import given, st
from toolchain.fpga.clocks import pll_of
from toolchain.fpga.pll import MHZ, Dividers, Pll, dividers, nearest

PLLS = [pll for pll in map(pll_of, map(open_board, boards_of("fpga_open"))) if pll]
CRYSTALS = st.sampled_from([8, 10, 12, 16, 24, 25, 26, 27, 33, 48, 50, 100, 125, 133])


def smaller(pll: Pll) -> Pll:
    """The same with few enough settings to try them all."""
    return replace(pll, reference=pll.reference[:4], feedback=pll.feedback[:40], output=pll.output[:12])


def every_output(pll: Pll, crystal_hz: int) -> Iterator[Fraction]:
    """All that a PLL can make of a crystal, written down from its ranges."""
    for reference in pll.reference if pll.inputs.holds(crystal_hz) else ():
        for feedback in pll.feedback:
            for output in pll.output:
                compared = Fraction(crystal_hz, reference)
                oscillator = compared * feedback * (output if pll.feedback_divided else 1)
                made = oscillator / output
                if pll.compared.holds(compared) and pll.oscillator.holds(oscillator) and pll.outputs.holds(made):
                    yield made


def must_make(pll: Pll, found: Dividers, crystal_hz: int, wanted_hz: int) -> None:
    """A setting within all ranges that makes exactly what was wanted."""
    assert found.reference in pll.reference and found.feedback in pll.feedback and found.output in pll.output
    assert found.compared_hz * found.reference == crystal_hz and pll.compared.holds(found.compared_hz)
    assert found.oscillator_hz == wanted_hz * found.output and pll.oscillator.holds(found.oscillator_hz)
    fed_back = Fraction(wanted_hz) if pll.feedback_divided else found.oscillator_hz
    assert fed_back / found.feedback == found.compared_hz


@pytest.mark.parametrize("pll", PLLS, ids=lambda pll: pll.cell)
@given(crystal=CRYSTALS, choice=st.integers(0, 10**6))
def test_whatever_a_setting_makes_is_found_exactly(pll: Pll, crystal: int, choice: int) -> None:
    pll = smaller(pll)
    made = [hz for hz in every_output(pll, crystal * MHZ) if hz.denominator == 1]
    if not made:
        assert nearest(pll, crystal * MHZ, choice) is None
        return
    wanted = int(made[choice % len(made)])
    found = dividers(pll, crystal * MHZ, wanted)
    assert found is not None
    must_make(pll, found, crystal * MHZ, wanted)
    assert nearest(pll, crystal * MHZ, wanted) == wanted


@pytest.mark.parametrize("pll", PLLS, ids=lambda pll: pll.cell)
@given(crystal=CRYSTALS, wanted=st.integers(1, 700 * MHZ))
def test_nothing_lies_nearer_than_the_nearest(pll: Pll, crystal: int, wanted: int) -> None:
    pll = smaller(pll)
    made = {int(hz) for hz in every_output(pll, crystal * MHZ) if hz.denominator == 1}
    best = min((abs(hz - wanted) for hz in made), default=None)
    found = nearest(pll, crystal * MHZ, wanted)
    assert (found is None) == (best is None)
    assert found is None or (found in made and abs(found - wanted) == best)
    assert (dividers(pll, crystal * MHZ, wanted) is None) == (wanted not in made)


def test_a_crystal_out_of_range_makes_nothing() -> None:
    for pll in PLLS:
        slow = int(pll.inputs.low * MHZ) - 1
        assert dividers(pll, slow, 50 * MHZ) is None and nearest(pll, slow, 50 * MHZ) is None


def test_of_several_settings_the_fastest_comparison_counts() -> None:
    ecp5 = next(pll for pll in PLLS if pll.cell == "EHXPLLL")
    assert dividers(ecp5, 25 * MHZ, 50 * MHZ) == Dividers(1, 2, 12, Fraction(25 * MHZ), Fraction(600 * MHZ))
    assert dividers(ecp5, 25 * MHZ, 62_500_000) == Dividers(2, 5, 10, Fraction(12_500_000), Fraction(625 * MHZ))
