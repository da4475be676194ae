from __future__ import annotations

import pytest

from hls.memories import resources_of
from hls.netlist import Fifo
from hls.netlist_needs import fifo_needs, netlist_needs
from hls.units.stream import Stream
from hls.units.unit import Needs
from tests.fast.hls.token_cores import chain, slow
from toolchain.fpga.families.ecp5 import Ecp5Backend
from toolchain.graph.types import IntType


def fifo(bits: int, lanes: int, depth: int, block: bool = False) -> Fifo:
    return Fifo(Stream(IntType(0, (1 << bits) - 1), lanes, 4), None, None, depth, block)


@pytest.mark.parametrize(
    ("of", "lut", "ff"),
    [(fifo(8, 1, 16), 39, 19), (fifo(8, 10, 16), 146, 18), (fifo(15, 1, 27), 83, 20)],
    ids=["8 bits", "80 bits", "two banks"],
)
def test_fifos_take_what_synthesis_made_of_them(of: Fifo, lut: int, ff: int) -> None:
    takes = resources_of(fifo_needs(of), Ecp5Backend.block_ram)
    assert takes.lut == pytest.approx(lut, rel=0.1) and takes.ff == pytest.approx(ff, abs=2)


def test_a_deep_fifo_lies_in_blocks() -> None:
    """In as many words as it has places; small memories round up to a power of two."""
    assert fifo_needs(fifo(8, 5, 600, block=True)).blocks == ((600, 40),)
    assert fifo_needs(fifo(8, 5, 600)).small == ((1024, 40),)


def test_a_core_is_its_units_and_its_fifos() -> None:
    netlist = chain(slow("a", 4, 2), slow("b", 4, 3))
    assert netlist_needs(netlist) == sum(map(fifo_needs, netlist.fifos), Needs())
