"""A core keeps within its limits with all that lies between its stages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hls.graph_core import core_of
from hls.memories import Resources
from tests.sim.hls.graphs import Growing
from toolchain.errors import FitError
from toolchain.fpga.families.ecp5 import Ecp5Backend
from toolchain.graph.graph import Graph

BLOCK = Ecp5Backend.block_ram
PLENTY = Resources(lut=20_000, ff=20_000, blocks=50, dsp=20)


@pytest.fixture(scope="module")
def graph() -> Graph:
    """A chain: no FIFO of it has to be deep."""
    growing = Growing(np.random.default_rng(5), (6, 6, 2), -8, 7)
    for outputs in (4, 6):
        growing.convolution(outputs)
        growing.quantise()
    return growing.end()


def test_what_fifos_take_is_left_to_them(graph: Graph) -> None:
    free = core_of(graph, PLENTY, None, BLOCK)
    # The stages alone would fit well.
    less = replace(PLENTY, lut=free.resources.lut - 1)
    core = core_of(graph, less, None, BLOCK)
    assert core.resources.lut <= less.lut
    assert core.folded.options != free.folded.options


def test_fifos_that_leave_no_room_are_told(graph: Graph) -> None:
    smallest = core_of(graph, PLENTY, 10**9, BLOCK)
    with pytest.raises(FitError, match=r"the network does not fit: .* LUT where"):
        core_of(graph, replace(PLENTY, lut=smallest.folded.resources.lut + 1), None, BLOCK)
