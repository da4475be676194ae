from __future__ import annotations

from pathlib import Path

from tests.fast.boards.folders import open_board
from toolchain.fpga import Usage
from toolchain.fpga.families.gowin import GowinBackend

BOARD = open_board("tangnano9k")


def test_constraints_name_every_pin() -> None:
    name, text = GowinBackend(BOARD.fpga).constraints(BOARD)
    assert name == "chip.cst"
    assert not {
        'IO_LOC "clk" 52;',
        'IO_PORT "uart_rx" IO_TYPE=LVCMOS33 PULL_MODE=UP;',
        'IO_LOC "uart_rx" 18;',
        'IO_LOC "uart_tx" 17;',
        'IO_LOC "led" 10;',
        'IO_PORT "led" IO_TYPE=LVCMOS18;',
    } - set(text.splitlines())


def test_cells_count_by_what_they_take() -> None:
    cells = {"LUT1": 1, "LUT4": 2, "ALU": 3, "DFFRE": 4, "SPX9": 1, "pROM": 1, "SDPB": 1, "MUX2_LUT5": 9}
    assert Usage.count(cells, GowinBackend.cell_weights) == Usage(lut=6, ff=4, bram=3, dsp=0)


def test_it_cannot_be_read_back_and_says_why(tmp_path: Path) -> None:
    backend = GowinBackend(BOARD.fpga)
    assert "gowin_unpack" in (backend.why_no_read_back(Path("implement")) or "")
    assert backend.read_back(BOARD, tmp_path, tmp_path / "x.fs", tmp_path) is None
    assert (GowinBackend.suffix, GowinBackend.answers_jtag) == (".fs", True)
