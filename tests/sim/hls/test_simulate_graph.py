"""Cores of whole graphs in Verilator: every element of every tensor, and the clocks that the token simulator tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hls.fifo_depths import must_run, with_depths
from hls.netlist import Netlist
from hls.netlist_needs import fifo_needs
from hls.token_simulator import TokenRun
from tests.sim.hls.graphs import Growing, fastest_of, run_core, values_of
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Linear
from toolchain.graph.ops.moves import window


@pytest.fixture(scope="module")
def residual() -> tuple[Graph, Netlist, TokenRun]:
    growing = Growing(np.random.default_rng(5), (4, 48, 2), -8, 7)
    growing.residual()
    graph = growing.end()
    return graph, *with_depths(fastest_of(graph), blocks=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tmp_path_factory.mktemp("residual")


def test_where_branches_meet_the_shorter_waits_in_a_deep_fifo(
    residual: tuple[Graph, Netlist, TokenRun], folder: Path
) -> None:
    graph, netlist, told = residual
    x = values_of(graph, np.random.default_rng(0), 6)
    run = run_core(netlist, graph, x, folder)

    assert max(fifo.depth for fifo in netlist.fifos) > netlist.shallow
    assert run.first_difference is None
    assert (run.initiation_interval, run.greatest) == (told.interval, told.peaks)


def test_a_fifo_in_block_ram_goes_round_as_many_places_as_it_has(
    residual: tuple[Graph, Netlist, TokenRun], tmp_path: Path
) -> None:
    """A depth that is no power of two takes no memory beyond it."""
    graph, netlist, _ = residual
    deep = max(range(len(netlist.fifos)), key=lambda index: netlist.fifos[index].depth)
    depth = netlist.fifos[deep].depth | 1
    block = netlist.with_depths({deep: (depth, True)})
    told = must_run(block)
    x = values_of(graph, np.random.default_rng(0), 6)
    run = run_core(block, graph, x, tmp_path)

    assert depth.bit_count() > 1 and fifo_needs(block.fifos[deep]).blocks == ((depth, block.fifos[deep].stream.width),)
    assert run.first_difference is None
    assert (run.initiation_interval, run.greatest) == (told.interval, told.peaks)


def test_padding_begins_a_vector_before_its_beats_come(tmp_path: Path) -> None:
    growing = Growing(np.random.default_rng(1), (3, 2), -8, 7)
    padded = growing.add(window((1,), before=(2,), after=(0,), fill=3), growing.last)
    graph = growing.graph
    graph.end("sums", growing.product(padded, 2))
    netlist, told = with_depths(fastest_of(graph), blocks=False)
    x = values_of(graph, np.random.default_rng(0), 6)
    run = run_core(netlist, graph, x, tmp_path)

    assert (run.first_difference, run.equal) == (None, 6)
    assert (run.latency_cycles, run.greatest) == (told.latency, told.peaks)


@pytest.mark.parametrize("parameter", ["WEIGHT_FILE", "START_FILE"])
def test_a_wrong_word_of_a_rom_is_found_in_its_tensor(
    residual: tuple[Graph, Netlist, TokenRun], folder: Path, parameter: str
) -> None:
    graph, netlist, _ = residual
    tensor = next(node.name for node in graph if isinstance(node.op, Linear))
    broken = _with_wrong_word(netlist, tensor, parameter)
    x = values_of(graph, np.random.default_rng(0), 6)
    run = run_core(broken, graph, x, folder)

    assert run.first_difference is not None and f"({tensor})" in run.first_difference


def test_two_products_have_their_weights_in_one_memory(
    residual: tuple[Graph, Netlist, TokenRun], tmp_path: Path
) -> None:
    """Their words differ in number and width; where they lie, and for whom, is exchanged as well."""
    graph, netlist, told = residual
    first, second, *_ = (unit.name for unit in netlist.units if unit.shareable)
    x = values_of(graph, np.random.default_rng(0), 6)
    for number, pair in enumerate([(first, second), (second, first)]):
        run = run_core(netlist.sharing([pair]), graph, x, tmp_path / str(number))
        assert run.first_difference is None
        assert (run.latency_cycles, run.greatest) == (told.latency, told.peaks)


def test_a_wrong_word_of_a_shared_rom_is_found(residual: tuple[Graph, Netlist, TokenRun], tmp_path: Path) -> None:
    graph, netlist, _ = residual
    pair = [unit.name for unit in netlist.units if unit.shareable][:2]
    tensor = next(node.name for node in graph if isinstance(node.op, Linear))
    broken = _with_wrong_word(netlist.sharing([(pair[0], pair[1])]), tensor, "WEIGHT_FILE")
    run = run_core(broken, graph, values_of(graph, np.random.default_rng(0), 6), tmp_path)

    assert run.first_difference is not None and f"({tensor})" in run.first_difference


def _with_wrong_word(netlist: Netlist, tensor: str, parameter: str) -> Netlist:
    """A core of which one ROM has one bit flipped: that of the unit that yields a tensor."""
    (index,) = {fifo.source[0] for fifo in netlist.fifos if fifo.source and fifo.stream.tensor == tensor}
    unit = netlist.units[index]
    roms = tuple(
        replace(rom, words=(rom.words[0] ^ 1, *rom.words[1:])) if rom.parameter == parameter else rom
        for rom in unit.roms
    )
    units = (*netlist.units[:index], replace(unit, roms=roms), *netlist.units[index + 1 :])
    return replace(netlist, units=units)
