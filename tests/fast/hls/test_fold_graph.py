"""One option for each stage: the interval is kept, what there is suffices, and LUTs are few."""

from __future__ import annotations

import pytest

from hls.fold_graph import fold
from hls.memories import Resources
from hls.units.stage import Option, Stage
from hls.units.unit import Needs
from toolchain.errors import FitError
from toolchain.fpga.families.ecp5 import Ecp5Backend

BLOCK = Ecp5Backend.block_ram
PLENTY = Resources(lut=1e5, ff=1e5, blocks=100, dsp=100)


def option(name: str, cycles: int, lut: float, dsp: int = 0) -> Option:
    return Option(name, cycles, Needs(lut=lut, dsp=dsp), (1,), 1, lambda name, wiring, wires: wires[0])


def product(tensor: str) -> Stage:
    """Twice as fast for twice as much, by multipliers or LUTs."""
    ways = [option(f"{n} dsp", 64 // n, 10 * n, dsp=n) for n in (1, 2, 4)]
    ways += [option(f"{n} lut", 64 // n, 100 * n) for n in (1, 2, 4)]
    return Stage(tensor, ("x",), tuple(ways))


def test_the_cheapest_that_keeps_the_interval() -> None:
    folded = fold([product("a"), product("b")], PLENTY, 32, BLOCK)

    assert {o.name for o in folded.options.values()} == {"2 dsp"}
    assert folded.interval == 32


def test_multipliers_that_do_not_suffice_for_all_go_to_some() -> None:
    folded = fold([product(name) for name in "abc"], Resources(lut=1e5, ff=1e5, dsp=5), 32, BLOCK)

    assert sorted(o.name for o in folded.options.values()) == ["2 dsp", "2 dsp", "2 lut"]


def test_the_fastest_that_fits() -> None:
    folded = fold([product("a"), product("b")], Resources(lut=90, ff=1e5, dsp=8), None, BLOCK)

    assert folded.interval == 16
    assert folded.resources.dsp == 8


def test_an_interval_out_of_reach_tells_the_best() -> None:
    with pytest.raises(FitError, match=r"8 clocks .* the best that fits is 16 .* the slowest is a"):
        fold([product("a")], PLENTY, 8, BLOCK)


def test_what_does_not_fit_tells_by_how_much() -> None:
    with pytest.raises(FitError, match=r"10 LUT where 4 are free \(150 % over\); its largest layer is a with 10 LUT"):
        fold([product("a")], Resources(lut=4, ff=1e5, dsp=1), 64, BLOCK)


def test_block_rams_that_do_not_suffice_for_all_go_to_some() -> None:
    rom = (512, 36)
    ways = [("block", Needs(lut=10, blocks=(rom, rom))), ("logic", Needs(lut=500))]
    options = tuple(Option(name, 8, needs, (1,), 1, lambda name, wiring, wires: wires[0]) for name, needs in ways)
    folded = fold([Stage(name, ("x",), options) for name in "abc"], Resources(1e5, 1e5, blocks=5), 8, BLOCK)

    assert sorted(o.name for o in folded.options.values()) == ["block", "block", "logic"]
