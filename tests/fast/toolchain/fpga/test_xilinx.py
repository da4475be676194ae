"""What a core takes of an AMD device, from the cells that Yosys counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toolchain.errors import ToolError
from toolchain.fpga import xilinx, yosys
from toolchain.fpga.results import Usage

CELLS = {
    "LUT2": 3,
    "LUT6": 4,
    "LUT6_2": 1,
    "INV": 2,
    "SRL16E": 5,
    "RAM32M16": 1,
    "RAM32M": 1,
    "RAM64M8": 1,
    "RAM64X1D": 1,
    "FDRE": 7,
    "FDSE_1": 1,
    "LDCE": 1,
    "RAMB18E2": 1,
    "RAMB36E2": 2,
    "DSP48E2": 6,
    "CARRY4": 9,
    "MUXF7": 9,
}
USAGE = Usage(lut=3 + 4 + 1 + 2 + 5 + 8 + 4 + 8 + 2, ff=9, bram=5, dsp=6)


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[Path]]]:
    """The command and the sources of each call of Yosys, which counts `CELLS` each time."""
    calls: list[tuple[str, list[Path]]] = []

    def synthesise(top: str, sources: list[Path], rtl: Path, out: Path, *, command: str, **_: Any) -> Any:
        calls.append((command, list(sources)))
        return out / "netlist.json", CELLS

    monkeypatch.setattr(yosys, "synthesise", synthesise)
    return calls


def test_counts(scripts: list[tuple[str, list[Path]]], tmp_path: Path) -> None:
    source = tmp_path / "a.v"
    result = xilinx.synthesise("zynq_7000", "top", [source], tmp_path, tmp_path)
    assert (result.netlist, result.resources) == (tmp_path / "netlist.json", USAGE)
    assert result.tool.startswith("yosys ")
    assert scripts == [("synth_xilinx -family xc7 -flatten -noiopad -noclkbuf", [source])]


@pytest.mark.parametrize(
    ("family", "name", "cell"), [("zynq_7000", "xc7", "DSP48E1"), ("zynq_ultrascale", "xcup", "DSP48E2")]
)
def test_system_verilog_is_read_with_the_familys_cells(
    scripts: list[tuple[str, list[Path]]], tmp_path: Path, family: xilinx.Family, name: str, cell: str
) -> None:
    rtl, out = tmp_path / "rtl", tmp_path / "out"
    xilinx.synthesise(family, "top", [rtl / "a.sv"], rtl, out, system_verilog=True)
    ((command, sources),) = scripts
    read, map_ = command.splitlines()
    assert read.startswith("read_slang -j 1 --top top ")
    assert f"--blackboxed-module {cell}" in read
    assert read.endswith(" ../out/cells.v a.sv")
    assert (map_, sources) == (f"synth_xilinx -family {name} -flatten -noiopad -noclkbuf", [])
    text = (out / "cells.v").read_text()
    assert text.count("\nendmodule\n") == 2
    assert f"module {cell}" in text
    assert "parameter [63:0] INIT" in text
    assert "always" not in text


def test_a_library_without_the_cell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    library = tmp_path / "cells.v"
    library.write_text("module OTHER();\nendmodule\n")
    monkeypatch.setattr(yosys, "share", lambda _: library)
    with pytest.raises(ToolError, match=r"cells\.v: no module LUT6_2; pyosys is not of the pinned version"):
        xilinx.synthesise("zynq_7000", "top", [], tmp_path, tmp_path, system_verilog=True)
