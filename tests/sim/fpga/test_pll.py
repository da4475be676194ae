"""The real tools on a chip behind its device's PLL: its clock, what is read back, and that chip in a simulator."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from hls.verilate import build_model
from tests.fast.boards.folders import one_of_each_family
from toolchain.errors import ToolError
from toolchain.fpga import Implementation, backend_for
from toolchain.fpga.backend import Aim
from toolchain.fpga.clocks import choices_hz, setting
from toolchain.fpga.pll import PLL_CELLS

from .conftest import load

_HARNESS = Path(__file__).with_name("uart_harness.cpp")
_BYTES = bytes(range(0, 256, 5))
# It sends on what it receives, some clocks later; nothing until the PLL is locked.
_CHIP = """
module pll (input crystal, output clock, locked);
{instance}endmodule
module chip (input clk, input uart_rx, output uart_tx, output led);
  wire clock, locked;
  pll making (.crystal(clk), .clock(clock), .locked(locked));
  reg [1:0] steady = 0;
  reg [7:0] late = 8'hff;
  reg [15:0] count = 0;
  always @(posedge clock) begin
    steady <= {{steady[0], locked}};
    late <= steady[1] ? {{late[6:0], uart_rx}} : 8'hff;
    count <= count + {{15'd0, late[0]}};
  end
  assign uart_tx = late[7];
  assign led = count[15];
endmodule
"""


class Made:
    """The chip as its tools have made it, at the third of the board's clocks."""

    def __init__(self, name: str, folder: Path) -> None:
        self.board, self.folder = load(name), folder
        self.backend, self.hz = backend_for(self.board.fpga), choices_hz(self.board)[2]
        found = setting(self.board, self.hz)
        assert found is not None
        self.setting = found
        (folder / "chip.v").write_text(_CHIP.format(instance=self.backend.pll_instance(self.board, found)))
        mapped = self.backend.synthesise("chip", [folder / "chip.v"], folder, folder / "synthesise")
        self.netlist = mapped.netlist
        self.routed = self.implement(self.hz, "implement")
        self.bitstream = self.backend.bitstream(self.board, self.routed.config, folder / "chip.bits")

    def implement(self, hz: int, folder: str) -> Implementation:
        return self.backend.implement(self.board, self.netlist, self.folder / folder, Aim(hz / 1e6))

    def read_back(self) -> list[Path]:
        out = self.folder / "netlist"
        found = self.backend.read_back(self.board, self.folder / "implement", self.bitstream, out)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> object:
    """Gives the chip of a board by its name."""
    return cache(lambda name: Made(name, tmp_path_factory.mktemp(name)))


def answers(sources: list[Path], work: Path) -> bytes:
    program = build_model(sources, "chip", _HARNESS, work, optimise=False)
    result = subprocess.run([program], cwd=sources[0].parent, input=_BYTES, capture_output=True, check=True)
    return bytes.fromhex(result.stdout.decode())


@pytest.mark.parametrize("name", one_of_each_family())
def test_the_routed_chip_bears_the_pll_s_clock(made: object, name: str) -> None:
    chip = made(name)  # type: ignore[operator]
    assert chip.routed.fmax_mhz > chip.routed.clock_mhz == chip.hz / 1e6
    assert chip.bitstream.stat().st_size > 20_000


@pytest.mark.parametrize("name", ["ulx3s", "icebreaker"])
def test_a_clock_that_the_dividers_do_not_make_is_noticed(made: object, name: str) -> None:
    chip = made(name)  # type: ignore[operator]
    said = (
        rf"{name}: nextpnr has computed a clock of {chip.hz / 1e6:.3g}.* MHz, the design is to have {chip.hz / 5e5:g}"
    )
    with pytest.raises(ToolError, match=said):
        chip.implement(2 * chip.hz, "another")


def test_the_rtl_answers_with_the_cell_s_model(made: object, tmp_path: Path) -> None:
    for name in one_of_each_family():
        assert answers([made(name).folder / "chip.v", PLL_CELLS], tmp_path) == _BYTES  # type: ignore[operator]


def test_a_routed_ecp5_netlist_answers_behind_its_pll(made: object, tmp_path: Path) -> None:
    assert answers(made("ulx3s").read_back(), tmp_path) == _BYTES  # type: ignore[operator]


@pytest.mark.skipif(not shutil.which("icebox_vlog"), reason="icebox_vlog is missing (make system-deps)")
def test_an_ice40_bitstream_holds_the_dividers_and_answers_behind_its_pll(made: object, tmp_path: Path) -> None:
    chip = made("icebreaker")  # type: ignore[operator]
    sources = chip.read_back()
    text, found = sources[0].read_text(), chip.setting
    assert f".DIVR(4'b{found.reference - 1:04b})" in text and f".DIVF(7'b{found.feedback - 1:07b})" in text
    assert f".DIVQ(3'b{found.output.bit_length() - 1:03b})" in text and ".PACKAGEPIN(clk)" in text
    assert answers(sources, tmp_path) == _BYTES
