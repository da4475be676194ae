from __future__ import annotations

from pathlib import Path

from tests.fast.boards.folders import open_board
from toolchain.fpga import Usage
from toolchain.fpga.families.ecp5 import Ecp5Backend

BOARD = open_board("ulx3s")


def test_constraints_name_every_pin_and_the_clock() -> None:
    name, text = Ecp5Backend(BOARD.fpga).constraints(BOARD)
    assert name == "chip.lpf"
    assert not {
        'LOCATE COMP "clk" SITE "G2";',
        'IOBUF PORT "clk" IO_TYPE=LVCMOS33 PULLMODE=NONE;',
        'LOCATE COMP "uart_rx" SITE "M1";',
        'LOCATE COMP "uart_tx" SITE "L4";',
        'LOCATE COMP "led" SITE "B2";',
        'FREQUENCY PORT "clk" 25 MHZ;',
    } - set(text.splitlines())


def test_cells_count_by_what_they_take() -> None:
    cells = {"LUT4": 10, "CCU2C": 3, "TRELLIS_DPR16X4": 2, "TRELLIS_FF": 7, "DP16KD": 1, "PFUMX": 4}
    assert Usage.count(cells, Ecp5Backend.cell_weights) == Usage(lut=28, ff=7, bram=1, dsp=0)


def test_its_netlist_is_read_back_before_it_becomes_bits() -> None:
    assert Ecp5Backend.suffix == ".bit"
    assert Ecp5Backend(BOARD.fpga).read_back_is(Path("implement")) == "post-route netlist"
    assert Ecp5Backend(BOARD.fpga).why_no_read_back(Path("implement")) is None
    assert Ecp5Backend.answers_jtag
