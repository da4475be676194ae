from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.board import OpenBoard
from toolchain.errors import ToolError
from toolchain.fpga import Usage, backend_for
from toolchain.fpga.ecp5 import Ecp5Backend
from toolchain.fpga.gowin import GowinBackend
from toolchain.fpga.ice40 import Ice40Backend

_CONSTRAINTS = {
    "ulx3s": (
        "chip.lpf",
        [
            'LOCATE COMP "clk" SITE "G2";',
            'IOBUF PORT "clk" IO_TYPE=LVCMOS33 PULLMODE=NONE;',
            'LOCATE COMP "uart_rx" SITE "M1";',
            'LOCATE COMP "uart_tx" SITE "L4";',
            'LOCATE COMP "led" SITE "B2";',
            'FREQUENCY PORT "clk" 25 MHZ;',
        ],
    ),
    "icebreaker": (
        "chip.pcf",
        [
            "set_io clk 35",
            "set_io -pullup yes uart_rx 6",
            "set_io uart_tx 9",
            "set_io led 11",
            "set_frequency clk 12",
        ],
    ),
    "tangnano9k": (
        "chip.cst",
        [
            'IO_LOC "clk" 52;',
            'IO_PORT "uart_rx" IO_TYPE=LVCMOS33 PULL_MODE=UP;',
            'IO_LOC "uart_rx" 18;',
            'IO_LOC "uart_tx" 17;',
            'IO_LOC "led" 10;',
            'IO_PORT "led" IO_TYPE=LVCMOS18;',
        ],
    ),
}


def test_constraints_name_every_pin(board: OpenBoard) -> None:
    name, lines = _CONSTRAINTS[board.name]
    found, text = backend_for(board.fpga).constraints(board)
    assert found == name
    assert not set(lines) - set(text.splitlines())


def test_each_family_has_its_backend(board: OpenBoard) -> None:
    kinds = {"ecp5": Ecp5Backend, "ice40": Ice40Backend, "gowin": GowinBackend}
    assert type(backend_for(board.fpga)) is kinds[board.fpga.family]


def test_tools_are_told_with_versions(board: OpenBoard) -> None:
    found = backend_for(board.fpga).tools()
    assert len(found) == 3 and found["yosys"] and all(found.values())


def test_only_gowin_cannot_be_read_back_and_says_why(board: OpenBoard, tmp_path: Path) -> None:
    backend = backend_for(board.fpga)
    reason = backend.why_no_read_back()
    assert (reason is not None) == (board.fpga.family == "gowin")
    if reason:
        assert backend.read_back(board, tmp_path, tmp_path / "x.fs", tmp_path) is None


def test_counts_weigh_cells_by_what_they_take() -> None:
    ecp5 = {"LUT4": 10, "CCU2C": 3, "TRELLIS_DPR16X4": 2, "TRELLIS_FF": 7, "DP16KD": 1, "PFUMX": 4}
    assert Usage.count(ecp5, Ecp5Backend.cell_weights) == Usage(lut=28, ff=7, bram=1, dsp=0)
    ice40 = {"SB_LUT4": 5, "SB_CARRY": 4, "SB_DFFESR": 2, "SB_DFF": 1, "SB_RAM40_4KNR": 2}
    assert Usage.count(ice40, Ice40Backend.cell_weights) == Usage(lut=5, ff=3, bram=2, dsp=0)
    gowin = {"LUT1": 1, "LUT4": 2, "ALU": 3, "DFFRE": 4, "SPX9": 1, "pROM": 1, "SDPB": 1, "MUX2_LUT5": 9}
    assert Usage.count(gowin, GowinBackend.cell_weights) == Usage(lut=6, ff=4, bram=3, dsp=0)


def test_percent_is_of_the_device(board: OpenBoard) -> None:
    have = board.fpga.resources
    full = Usage(have.lut, have.ff // 2, 0, have.dsp).percent_of(have)
    assert full == {"lut": 100.0, "ff": 50.0, "bram": 0.0, "dsp": 100.0}


def test_broken_verilog_names_file_and_line(ulx3s: OpenBoard, tmp_path: Path) -> None:
    source = tmp_path / "chip.v"
    source.write_text("module chip (input clk);\n  assign x = ;\nendmodule\n")
    with pytest.raises(ToolError, match=r"yosys failed \(exit 1\): chip\.v:2: ERROR"):
        backend_for(ulx3s.fpga).synthesise("chip", [source], tmp_path, tmp_path / "out")
