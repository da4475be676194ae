"""Weights in large RAMs: when they are chosen, and how their pages lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hls.graph_core import Fitted, fit
from hls.memories import Resources
from hls.netlist import Netlist
from hls.weight_loading import LOADER, Pages, contents, pages_of
from toolchain.errors import FitError, TooLargeError
from toolchain.fpga.families.ice40 import Ice40Backend
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input, Linear
from toolchain.graph.types import TensorType

ICE40 = Ice40Backend.block_ram
LIMITS = Resources(lut=3000, ff=3000, blocks=24, dsp=6, cells=4000, one_port=4)


def dense(inputs: int, outputs: int) -> Graph:
    """A product of 4-bit weights."""
    random, graph = np.random.default_rng(2), Graph()
    graph.add("x", Input(TensorType((inputs,), 0, 15)))
    weights, bias = random.integers(-8, 8, (inputs, outputs)), random.integers(-9, 9, outputs)
    graph.end("out", graph.add("sums", Linear(weights, bias, 1, 1), "x"))
    return graph


@pytest.fixture(scope="module")
def graph() -> Graph:
    """65 block RAMs of weights and starts."""
    return dense(256, 256)


def loaded(fitted: Fitted) -> list[str]:
    units, stages = fitted.netlist.units, fitted.netlist.stages
    return [stage for unit, stage in zip(units, stages, strict=True) if unit.loaded]


@pytest.fixture(scope="module")
def fitted(graph: Graph) -> Fitted:
    return fit(graph, LIMITS, None, ICE40, loads=True)


def test_weights_are_loaded_where_they_fit_nowhere_else(graph: Graph, fitted: Fitted) -> None:
    with pytest.raises(TooLargeError, match=r"block RAMs where \d\d are free"):
        fit(graph, LIMITS, None, ICE40)
    assert loaded(fitted) == ["sums"]
    assert 1 <= fitted.resources.one_port <= 4
    assert fitted.resources.blocks <= 24


def test_the_loader_counts_once(fitted: Fitted) -> None:
    parts = fitted.resources.lut - sum(unit.needs.lut for unit in fitted.netlist.units)
    assert parts > LOADER.lut


def test_a_network_that_fits_keeps_its_core(graph: Graph) -> None:
    roomy = replace(LIMITS, blocks=100)
    with_flash, without = (fit(graph, roomy, 2**20, ICE40, loads=loads) for loads in (True, False))
    assert with_flash.folded.options.keys() == without.folded.options.keys()
    assert [o.name for o in with_flash.folded.options.values()] == [o.name for o in without.folded.options.values()]
    assert not loaded(with_flash)


def test_weights_are_loaded_where_a_rate_needs_it() -> None:
    """Without, they fit in LUTs, which products then lack."""
    graph, scarce = dense(48, 48), replace(LIMITS, lut=2000, cells=2600, blocks=2)
    slow = fit(graph, scarce, None, ICE40)
    wanted = slow.netlist.interval - 1
    with pytest.raises(FitError, match="out of reach"):
        fit(graph, scarce, wanted, ICE40)
    fast = fit(graph, scarce, wanted, ICE40, loads=True)
    assert loaded(fast) == ["sums"] and fast.netlist.interval <= wanted


def test_pages_hold_all_weights_in_order(fitted: Fitted) -> None:
    netlist = fitted.netlist
    (unit,) = (unit for unit in netlist.units if unit.loaded)
    pages, rom = pages_of(netlist.units), unit.rom(unit.loaded)
    assert pages is not None
    columns = -(-rom.width // 16)
    assert pages == Pages(14 if len(rom.words) > 8192 else (len(rom.words) - 1).bit_length(), columns)
    halves = np.frombuffer(contents(netlist.units), "<u2").reshape(columns, -1)
    words = [sum(int(half) << 16 * c for c, half in enumerate(row)) for row in halves.T]
    assert words[: len(rom.words)] == list(rom.words)
    assert unit.parameters["FIRST_PAGE"] == 0 and unit.parameters["LOAD_BITS"] == pages.address_bits


def test_a_netlist_that_loads_nothing_has_no_pages(graph: Graph) -> None:
    assert pages_of(Netlist((), ()).units) is None
