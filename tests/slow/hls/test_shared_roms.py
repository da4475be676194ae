"""ROMs of two units share a block RAM of two ports where a core fits or is faster by that, and only there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flows.stages.rtl.unit_folding import folding_of, netlist_of
from hls.cost import BlockRam, blocks_of
from hls.graph_core import Fitted, core_of, finished, fit
from hls.graph_netlist import build_netlist
from hls.graph_stages import stages_of
from hls.memories import Resources, resources_of
from hls.netlist_core import core_text, rom_files, write_core
from hls.netlist_needs import netlist_needs
from hls.shared_roms import shared_roms, sharing_units
from toolchain.errors import BuildError, TooLargeError
from toolchain.fpga.families.ecp5 import Ecp5Backend
from toolchain.fpga.families.gowin import GowinBackend
from toolchain.fpga.families.ice40 import Ice40Backend
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input, Linear, Threshold
from toolchain.graph.types import TensorType
from toolchain.results.folding import FoldedUnits, read_folding, write_folding

ECP5 = Ecp5Backend.block_ram
ALONE = replace(ECP5, two_port_bits=0)
# Enough of all but block RAMs, and too few LUTs for weights in them.
LIMITS = Resources(lut=4_000, ff=20_000, blocks=5, dsp=8)


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Six dense layers of 32 to 32 with weights of 8 bits: one at a time, 1,024 words each."""
    random, graph = np.random.default_rng(5), Graph()
    last = graph.add("x", Input(TensorType((32,), 0, 15)))
    for layer in range(6):
        sums = Linear(random.integers(-128, 128, (32, 32)), random.integers(-9, 9, 32))
        last = graph.add(f"sums{layer}", sums, last)
        last = graph.add(f"codes{layer}", Threshold(1000 * np.arange(15)[None] - 7000), last)
    graph.end("out", last)
    return graph


@pytest.fixture(scope="module")
def shared(graph: Graph) -> Fitted:
    return fit(graph, LIMITS, None, ECP5)


def test_what_fits_only_with_shared_roms(graph: Graph, shared: Fitted) -> None:
    with pytest.raises(TooLargeError, match="where 5 are free"):
        fit(graph, LIMITS, None, ALONE)
    assert len(shared.netlist.shared) == shared.resources.blocks == 3
    assert shared.resources == resources_of(netlist_needs(shared.netlist), ECP5)


def test_what_fits_by_itself_shares_nothing(graph: Graph) -> None:
    core = fit(graph, replace(LIMITS, blocks=40), None, ECP5)
    assert core.netlist.shared == ()
    assert core.resources == fit(graph, replace(LIMITS, blocks=40), None, ALONE).resources


def test_what_does_not_fit_either_way_is_told_by_the_blocks_that_there_are(graph: Graph) -> None:
    told = []
    for block in (ECP5, ALONE):
        with pytest.raises(TooLargeError) as caught:
            fit(graph, replace(LIMITS, lut=1_000), None, block)
        told.append(str(caught.value))
    assert told[0] == told[1]


@pytest.mark.parametrize(("block", "pairs"), [(ECP5, 3), (GowinBackend.block_ram, 3), (Ice40Backend.block_ram, 0)])
def test_pairs_save_block_rams_where_both_ports_read(graph: Graph, shared: Fitted, block: BlockRam, pairs: int) -> None:
    apart = build_netlist(graph, stages_of(shared.graph), shared.folded.options, "codes5")
    assert len(sharing_units(apart, block)) == pairs


def test_a_port_that_reads_is_half_as_wide() -> None:
    assert blocks_of(512, 36, ECP5) == 1
    assert blocks_of(512, 36, ECP5, two_ports=True) == 2
    assert blocks_of(2048, 9, ECP5, two_ports=True) == 1


def test_one_rom_holds_the_words_of_both_from_its_two_ends(shared: Fitted) -> None:
    memory = next(shared_roms(shared.netlist))
    first, second = (unit.rom(unit.shareable).words for unit in (memory.first, memory.second))
    words = memory.rom.words
    assert len(words) == 1024 and words[: len(first)] == first and words[::-1][: len(second)] == second


def test_its_verilog_and_files_are_written_once(tmp_path: Path, shared: Fitted) -> None:
    core = write_core(shared.netlist, tmp_path)
    hex_files = {path.name for path in tmp_path.glob("*.hex")}
    assert hex_files == set(rom_files(shared.netlist))
    assert sum("_and_" in name for name in hex_files) == 3
    assert "shared_rom.v" in core.sources and core_text(shared.netlist).count("shared_rom #(") == 3


@pytest.mark.parametrize("pairs", [[("u1_sums0", "nobody")], [("u1_sums0", "u4_sums1"), ("u4_sums1", "u7_sums2")]])
def test_a_folding_with_pairs_that_cannot_be_is_refused(
    graph: Graph, shared: Fitted, pairs: list[tuple[str, str]]
) -> None:
    folding = folding_of(shared.graph, finished(shared, LIMITS, None, ECP5), 25_000_000, None)
    with pytest.raises(BuildError, match=f"{pairs[-1][len(pairs) == 1]} has no ROM that it could share"):
        netlist_of(shared.graph, folding.model_copy(update={"shared": tuple(pairs)}))


def test_the_file_of_a_folding_tells_the_pairs(tmp_path: Path, graph: Graph, shared: Fitted) -> None:
    core = core_of(graph, LIMITS, None, ECP5)
    write_folding(tmp_path, folding_of(core.graph, core, 25_000_000, None))
    folding = read_folding(tmp_path)
    assert isinstance(folding, FoldedUnits)
    again = netlist_of(core.graph, folding)
    assert folding.shared == again.shared == shared.netlist.shared
    assert [unit.parameters for unit in again.units] == [unit.parameters for unit in core.netlist.units]
