from __future__ import annotations

from pathlib import Path

import pytest

from tests.fast.boards.folders import open_board
from toolchain.board import OpenBoard
from toolchain.errors import CongestionError, ToolError
from toolchain.fpga import Backend, Usage
from toolchain.fpga.backend import Aim
from toolchain.fpga.families.ice40 import Ice40Backend, plain_header
from toolchain.fpga.results import Implementation
from toolchain.fpga.yosys import cells_of

BOARD = open_board("icebreaker")
DONE = Implementation(Path("c"), Usage(0, 0, 0, 0), {}, 24.0, 24.0, [], None, 1, "nextpnr")

# Three flip-flops that each have an input that forces 0, and eight that share an enable.
_CONTROLS = """\
module chip (input clk, input [7:0] a, input [2:0] b, input enable, output reg [2:0] own, output reg [7:0] shared);
    always @(posedge clk) begin
        own <= {b[2] ? 1'b0 : a[2], b[1] ? 1'b0 : a[1], b[0] ? 1'b0 : a[0]};
        if (enable) shared <= a;
    end
endmodule
"""


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


def test_a_reset_of_few_flip_flops_goes_into_their_luts_where_that_is_asked(tmp_path: Path) -> None:
    source, backend = tmp_path / "chip.v", Ice40Backend(BOARD.fpga)
    source.write_text(_CONTROLS)
    plain = backend.synthesise("chip", [source], tmp_path, tmp_path / "plain")
    assert cells_of(plain.netlist, "chip") == {"SB_DFFSR": 3, "SB_DFFE": 8}
    sparse = backend.synthesise("chip", [source], tmp_path, tmp_path / "sparse", unrolled_hz=12_000_000)
    assert cells_of(sparse.netlist, "chip") == {"SB_DFF": 3, "SB_LUT4": 3, "SB_DFFE": 8}


def test_what_one_seed_leaves_open_is_placed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Aim | None] = []

    def implement(_backend: Backend, _board: OpenBoard, _netlist: Path, _out: Path, aim: Aim | None) -> Implementation:
        runs.append(aim)
        if len(runs) == 1:
            raise CongestionError("too dense")
        return DONE

    monkeypatch.setattr(Backend, "implement", implement)
    said: list[str] = []
    backend, aim = Ice40Backend(BOARD.fpga, said.append), Aim(24.0, 0.05, (1, 2, 3))
    assert backend.implement(BOARD, tmp_path / "netlist.json", tmp_path, aim) is DONE
    assert runs == [aim, Aim(24.0, 0.05, (2, 3))]
    assert said == ["the router gets nowhere: placed anew, by another seed"]
    runs.clear()
    with pytest.raises(CongestionError):
        backend.implement(BOARD, tmp_path / "netlist.json", tmp_path, Aim(24.0, 0.05, (1,)))


def test_an_empty_device_is_refused() -> None:
    with pytest.raises(ToolError, match=r"x\.bin: icebox found no design"):
        plain_header("// nothing\n", Path("x.bin"))
