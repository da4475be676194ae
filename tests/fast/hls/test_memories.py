"""The same needs on devices of other block RAMs, with and without memories in LUTs."""

from __future__ import annotations

from hls.memories import Resources, resources_of
from hls.units.unit import Needs
from toolchain.fpga.families.ecp5 import Ecp5Backend
from toolchain.fpga.families.gowin import GowinBackend
from toolchain.fpga.families.ice40 import Ice40Backend

ECP5, ICE40, GOWIN = Ecp5Backend.block_ram, Ice40Backend.block_ram, GowinBackend.block_ram


def test_a_memory_takes_the_blocks_that_a_device_has() -> None:
    needs = Needs(lut=10, ff=5, dsp=2, blocks=((512, 8),))
    assert resources_of(needs, ECP5) == Resources(10, 5, 1, 2)
    assert resources_of(Needs(blocks=((512, 9),)), ICE40).blocks == 2


def test_rows_of_blocks_take_a_multiplexer() -> None:
    needs = Needs(blocks=((2048, 36),))
    assert resources_of(needs, ECP5) == Resources(blocks=4)
    assert resources_of(Needs(blocks=((32768, 4),)), ECP5).lut > 0


def test_a_small_memory_lies_in_flip_flops_where_luts_hold_none() -> None:
    needs = Needs(small=((16, 8),))
    assert resources_of(needs, ECP5) == Resources(lut=12)
    without = resources_of(needs, ICE40)
    assert without.ff == 128 and without.lut > 50 and without.blocks == 0


def test_a_flip_flop_alone_may_take_a_cell_of_its_own() -> None:
    needs = Needs(lut=100, ff=50)
    assert resources_of(needs, ECP5).cells == 0
    assert 100 < resources_of(needs, ICE40).cells < resources_of(needs, GOWIN).cells < 150
    twice = resources_of(needs, ICE40) + resources_of(needs, ICE40)
    assert twice - resources_of(needs, ICE40) == resources_of(needs, ICE40)
