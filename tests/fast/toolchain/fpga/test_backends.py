from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.fast.boards.folders import open_board
from toolchain.board import Fpga, OpenBoard
from toolchain.errors import ToolError
from toolchain.fpga import Backend, Usage, all_families, backend_for
from toolchain.fpga.tools import Tool


@pytest.fixture(params=sorted(all_families()))
def family(request: pytest.FixtureRequest) -> type[Backend]:
    """Each family's class in turn."""
    return all_families()[request.param]


def test_a_family_is_the_file_that_is_named_like_it() -> None:
    for name, family in all_families().items():
        assert family.__module__ == f"toolchain.fpga.families.{name}"
    assert type(backend_for(open_board("icebreaker").fpga)) is all_families()["ice40"]


def test_an_unknown_family_is_refused_with_those_that_are_there() -> None:
    raw = open_board("ulx3s").fpga.model_dump() | {"family": "machxo2"}
    with pytest.raises(ValidationError, match="ecp5, gowin or ice40"):
        Fpga(**raw)


def test_a_family_says_all_that_others_ask_it(family: type[Backend]) -> None:
    assert family.suffix.startswith(".")
    assert family.read_back_vectors >= 64, "as many as a build promises"
    assert isinstance(family.answers_jtag, bool)
    assert all(isinstance(tool, Tool) for tool in family.read_back_tools)
    resources = {resource for _, resource, _ in family.cell_weights}
    assert {"lut", "ff", "bram"} <= resources <= {"lut", "ff", "bram", "dsp"}


def test_shapes_of_a_block_ram_are_of_one_block(family: type[Backend]) -> None:
    block = family.block_ram
    widest = max(words * bits for words, bits in block.shapes)
    assert block.kbit == widest // 1024 > 0
    # The bits of parity lie idle in the narrow ones.
    assert all(0.8 * widest < words * bits <= widest for words, bits in block.shapes)


def test_tools_are_told_with_versions(family: type[Backend]) -> None:
    found = family.tools()
    assert len(found) == 3 and found["yosys"] and all(found.values())


def test_percent_is_of_the_device(board: OpenBoard) -> None:
    have = board.fpga.resources
    full = Usage(have.lut, have.ff // 2, 0, have.dsp).percent_of(have)
    assert full == {"lut": 100.0, "ff": 50.0, "bram": 0.0, "dsp": 100.0}


def test_broken_verilog_names_file_and_line(ulx3s: OpenBoard, tmp_path: Path) -> None:
    source = tmp_path / "chip.v"
    source.write_text("module chip (input clk);\n  assign x = ;\nendmodule\n")
    with pytest.raises(ToolError, match=r"yosys failed \(exit 1\): chip\.v:2: ERROR"):
        backend_for(ulx3s.fpga).synthesise("chip", [source], tmp_path, tmp_path / "out")
