from __future__ import annotations

from pathlib import Path

import pytest

from tests.fast.boards.folders import open_board
from toolchain.errors import ToolError
from toolchain.fpga import Usage
from toolchain.fpga.families.ice40 import Ice40Backend, plain_header

BOARD = open_board("icebreaker")


def test_constraints_name_every_pin_and_the_clock() -> None:
    name, text = Ice40Backend(BOARD.fpga).constraints(BOARD)
    assert name == "chip.pcf"
    assert not {
        "set_io clk 35",
        "set_io -pullup yes uart_rx 6",
        "set_io uart_tx 9",
        "set_io led 11",
        "set_io -nowarn flash_select 16",
        "set_io -nowarn flash_clock 15",
        "set_io -nowarn flash_out 14",
        "set_io -nowarn flash_in 17",
        "set_frequency clk 12",
    } - set(text.splitlines())


def test_cells_count_by_what_they_take() -> None:
    cells = {"SB_LUT4": 5, "SB_CARRY": 4, "SB_DFFESR": 2, "SB_DFF": 1, "SB_RAM40_4KNR": 2}
    assert Usage.count(cells, Ice40Backend.cell_weights) == Usage(lut=5, ff=3, bram=2, dsp=0)


def test_its_bitstream_is_read_back() -> None:
    assert Ice40Backend.suffix == ".bin"
    assert [tool.name for tool in Ice40Backend.read_back_tools] == ["iceunpack", "icebox_vlog"]
    assert not Ice40Backend.answers_jtag


def test_ports_are_declared_once_and_apart() -> None:
    decoded = "\nmodule chip (input clk, output uart_tx, output led);\n\nreg led = 0;\nendmodule\n"
    assert plain_header(decoded, Path("x.bin")) == (
        "\nmodule chip (clk, uart_tx, led);\n  input clk;\n  output uart_tx;\n  output led;"
        "\n\nreg led = 0;\nendmodule\n"
    )


def test_an_empty_device_is_refused() -> None:
    with pytest.raises(ToolError, match=r"x\.bin: icebox found no design"):
        plain_header("// nothing\n", Path("x.bin"))
