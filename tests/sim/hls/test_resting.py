"""Parts of a core that no input needs rest: nothing in them is clocked then, as synthesis sees it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from pyosys import libyosys

from hls.fifo_depths import with_depths
from hls.netlist_core import write_core
from hls.resting import resting
from hls.verilate import build_model
from tests.fast.toolchain.graph.staged_graphs import WIDTHS, decides, nested, staged, vectors
from tests.sim.hls.graphs import smallest_of
from toolchain.graph.deciding import deciding
from toolchain.graph.graph import Graph

LIBRARY = Path(__file__).parents[3] / "hls" / "rtl"
STUB = """module rests #(parameter BEATS = 1)
    (input clk, input rst, input wanted, input enters, input leaves, output awake);
    assign awake = 1'b{enable};
endmodule
"""
BENCH = """#include "Vmodel.h"
#include <cstdio>
int main() {
    Vmodel dut;
    auto clock = [&](int rst, int wanted, int enters, int leaves) {
        dut.rst = rst; dut.wanted = wanted; dut.enters = enters; dut.leaves = leaves;
        dut.clk = 0; dut.eval();
        std::printf("%d", dut.awake);
        dut.clk = 1; dut.eval();
    };
    auto many = [&](int count, int wanted = 0) { while (count--) clock(0, wanted, 0, 0); std::printf("\\n"); };
    clock(1, 0, 0, 0); many(8);                  // rests after a reset
    clock(0, 0, 1, 0); many(20);                 // an inference enters, and stays
    clock(0, 0, 1, 1); clock(0, 0, 0, 1); many(8);  // another one, while half and all of the first answer leave
    clock(0, 0, 0, 1); clock(0, 0, 0, 1); many(8);
    clock(0, 1, 0, 0); many(8);                  // a beat waits
}
"""


def cells_of(rtl: Path, enable: int) -> list[str]:
    """Names of all that a clock can change in a core, where the enables of all parts that rest have one value."""
    design, found = libyosys.Design(), rtl.parent / f"netlist{enable}.json"
    stub = rtl.parent / f"rests{enable}.v"
    stub.write_text(STUB.format(enable=enable))
    for path in (*sorted(rtl.glob("*.v")), stub):
        if path.name != "rests.v":
            design.run_pass(f"read_verilog {path}")
    for words in ("hierarchy -top gateweave_core", "proc", "flatten", "opt -full", "memory -nomap", "opt -full"):
        design.run_pass(words)
    design.run_pass(f"write_json {found}")
    cells = json.loads(found.read_text())["modules"]["gateweave_core"]["cells"]
    return [name for name, cell in cells.items() if "dff" in cell["type"] or _is_clocked(cell)]


def _is_clocked(cell: dict[str, dict[str, list[object]]]) -> bool:
    """Whether a memory has a port by which a clock can write or read."""
    if cell["type"] != "$mem_v2":
        return False
    kinds = cell["parameters"]["RD_CLK_ENABLE"]
    reads = [bit for bit, kind in zip(cell["connections"]["RD_EN"], reversed(list(kinds)), strict=True) if kind == "1"]
    return any(bit != "0" for bit in [*reads, *cell["connections"]["WR_EN"]])


@pytest.mark.parametrize(
    "graph", [decides(staged(3, 2), vectors(staged(3, 2), 20)), deciding(nested(3), 4, (1, 1), WIDTHS)]
)
def test_nothing_in_a_part_that_rests_is_clocked(graph: Graph, tmp_path: Path) -> None:
    netlist, _ = with_depths(smallest_of(graph), blocks=False)
    write_core(netlist, tmp_path / "rtl")
    parts = resting(netlist).parts
    inside = {netlist.units[index].name for part in parts for index in part.units}
    inside |= {f"f{index}" for index, fifo in enumerate(netlist.fifos) if len({*resting(netlist).of(fifo)}) == 1}
    inside -= {f"f{index}" for index, fifo in enumerate(netlist.fifos) if resting(netlist).of(fifo)[0] is None}

    def within(cells: list[str]) -> list[str]:
        return [name for name in cells if set(re.split(r"[.\\$]", name)) & inside]

    assert len(parts) == 2 and inside
    at_work, at_rest = (cells_of(tmp_path / "rtl", enable) for enable in (1, 0))
    assert len(within(at_work)) > 50 and within(at_rest) == []
    assert len(at_rest) > 50  # what always runs


def test_a_part_is_awake_while_it_holds_an_inference_and_a_little_longer(tmp_path: Path) -> None:
    (tmp_path / "bench.cpp").write_text(BENCH)
    sources = [LIBRARY / "rests.v", LIBRARY / "loop_end.v"]
    flags = ("-GBEATS=2", "-GLINGER_BITS=2")
    program = build_model(sources, "rests", tmp_path / "bench.cpp", tmp_path / "work", flags=flags, optimise=False)
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()
    assert lines == [
        "1" + "11110000",
        "0" + "1" * 20,
        "11" + "1" * 8,
        "11" + "11110000",
        "0" + "11110000",
    ]
