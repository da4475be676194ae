"""The real tools on a chip that uses every kind of memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fast.boards.folders import one_of_each_family
from toolchain.errors import FitError, TimingError
from toolchain.fpga import backend_for

from .conftest import Build, Rtl, build_chip, load

_BOARDS = one_of_each_family()
# Another family is enough to see it twice; the ECP5 takes longest.
_SMALL = [name for name in _BOARDS if name != "ulx3s"]


@pytest.mark.parametrize("name", _BOARDS)
def test_a_chip_becomes_a_bitstream_that_meets_its_clock(build: Build, name: str) -> None:
    built = build(name)
    result, estimate = built.implementation, built.synthesis.resources
    assert result.fmax_mhz > result.clock_mhz == built.board.clock.mhz
    assert len(result.critical_path) > 5 and " ns " in result.critical_path[0]
    # Place and route adds cells and joins LUTs with flip-flops; it must see the same memories.
    assert estimate.lut <= result.resources.lut < 1.5 * estimate.lut
    assert result.resources.ff == estimate.ff > 200
    assert result.resources.bram == estimate.bram >= 6
    assert result.resources.dsp == estimate.dsp == (0 if name == "icebreaker" else 2)
    assert 0 < result.used_percent["lut"] < 50
    assert built.bitstream.stat().st_size > 50_000


@pytest.mark.parametrize("name", _BOARDS)
def test_no_output_names_a_folder_of_this_machine(build: Build, name: str) -> None:
    built = build(name)
    machine = str(Path(__file__).parents[3]).encode()
    outputs = [path for path in built.folder.rglob("*") if path.is_file() and path.suffix != ".log"]
    assert len(outputs) >= 6
    for path in outputs:
        data = path.read_bytes()
        assert machine not in data and str(built.folder).encode() not in data, path


@pytest.mark.parametrize("name", _SMALL)
def test_equal_inputs_give_equal_bytes_elsewhere(build: Build, name: str, rtl: Rtl, tmp_path: Path) -> None:
    first = build(name)
    again = build_chip(name, rtl(name), tmp_path / "a folder" / "deeper")
    for path in sorted(path for path in first.folder.rglob("*") if path.suffix != ".log"):
        if path.is_file() and path.suffix != ".ys":  # scripts hold relative paths
            other = again.folder / path.relative_to(first.folder)
            assert other.read_bytes() == path.read_bytes(), path.name


def test_ice40_multipliers_are_used_and_not_read_back(tmp_path: Path) -> None:
    board = load("icebreaker")
    backend = backend_for(board.fpga)
    (tmp_path / "chip.v").write_text("""
        module chip (input clk, input uart_rx, output reg uart_tx, output led);
          reg [31:0] factors;
          reg [31:0] product;
          always @(posedge clk) begin
            factors <= {factors, uart_rx};
            product <= factors[15:0] * factors[31:16];
            uart_tx <= ^product;
          end
          assign led = uart_tx;
        endmodule""")
    mapped = backend.synthesise("chip", [tmp_path / "chip.v"], tmp_path, tmp_path / "synthesise", multipliers=True)
    result = backend.implement(board, mapped.netlist, tmp_path / "implement")
    assert mapped.resources.dsp == result.resources.dsp == 1 and mapped.resources.lut < 50
    assert backend.read_back_is(tmp_path / "implement") == "post-route netlist"


def test_ice40_narrow_products_take_multipliers_too(tmp_path: Path) -> None:
    backend = backend_for(load("icebreaker").fpga)
    (tmp_path / "chip.v").write_text("""
        module chip (input clk, input uart_rx, output reg uart_tx, output led);
          reg [7:0] given;
          reg signed [8:0] product;
          reg [3:0] narrower;
          wire signed [4:0] code = {1'b0, given[3:0]};
          wire signed [3:0] weight = given[7:4];
          always @(posedge clk) begin
            given <= {given, uart_rx};
            product <= code * weight;
            narrower <= given[1:0] * given[6:5];
            uart_tx <= ^product ^ ^narrower;
          end
          assign led = uart_tx;
        endmodule""")
    mapped = backend.synthesise("chip", [tmp_path / "chip.v"], tmp_path, tmp_path / "synthesise", multipliers=True)
    assert mapped.resources.dsp == 1 and 0 < mapped.resources.lut < 25


def test_too_fast_a_clock_is_refused_with_the_path(build: Build, tmp_path: Path) -> None:
    board = load("icebreaker", mhz=400)
    netlist = build("icebreaker").synthesis.netlist
    with pytest.raises(TimingError, match=r"clock clk reaches \d+\.\d+ MHz, 400\.00 MHz needed"):
        backend_for(board.fpga).implement(board, netlist, tmp_path)
    assert len((tmp_path / "critical-path.txt").read_text().splitlines()) > 5


def test_too_many_block_rams_are_refused_by_how_many(tmp_path: Path) -> None:
    board = load("icebreaker")
    backend = backend_for(board.fpga)
    (tmp_path / "chip.v").write_text("""
        module chip (input clk, input uart_rx, output reg uart_tx, output reg led);
          reg [511:0] memory[0:255];
          reg [511:0] word;
          reg [7:0] address;
          always @(posedge clk) begin
            address <= {address[6:0], uart_rx};
            if (uart_rx) memory[address] <= {word[510:0], uart_rx};
            word <= memory[~address];
            uart_tx <= ^word;
            led <= word[0];
          end
        endmodule""")
    mapped = backend.synthesise("chip", [tmp_path / "chip.v"], tmp_path, tmp_path / "synthesise")
    assert mapped.resources.bram == 32
    with pytest.raises(FitError, match=r"32 block RAMs needed, 30 available \(2 or 7 % too many\)"):
        backend.implement(board, mapped.netlist, tmp_path / "implement")
