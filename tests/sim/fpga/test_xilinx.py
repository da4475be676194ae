"""Yosys maps plain Verilog to AMD's cells, and its counts are those of the design."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.errors import ToolError
from toolchain.fpga.results import Usage
from toolchain.fpga.xilinx import Family, synthesise

# A ROM of one RAMB36 (two halves), a product of one DSP slice, eight flip-flops, and four LUTs.
SOURCE = """
module top (
    input clk, input [9:0] address, output reg [35:0] word,
    input signed [15:0] a, b, output signed [31:0] product,
    input [7:0] d, output reg [7:0] q, input [5:0] x, y, z, w, output [3:0] parity
);
    reg [35:0] rom [0:1023];
    initial $readmemh("rom.hex", rom);
    always @(posedge clk) begin
        word <= rom[address];
        q <= d;
    end
    assign product = a * b;
    assign parity = {^x, ^y, ^z, ^w};
endmodule
"""


@pytest.fixture
def rtl(tmp_path: Path) -> Path:
    folder = tmp_path / "with space" / "rtl"
    folder.mkdir(parents=True)
    (folder / "top.v").write_text(SOURCE)
    (folder / "rom.hex").write_text("".join(f"{index * 0x3A5B7 % 2**36:09x}\n" for index in range(1024)))
    return folder


@pytest.mark.parametrize("family", ["zynq_7000", "zynq_ultrascale"])
def test_counts(rtl: Path, family: Family) -> None:
    out = rtl.parent / "out"
    result = synthesise(family, "top", [rtl / "top.v"], rtl, out)
    assert result.resources == Usage(lut=4, ff=8, bram=2, dsp=1)
    if family == "zynq_7000":  # The script is the same for both.
        again = synthesise(family, "top", [rtl / "top.v"], rtl, rtl.parent / "again")
        assert again.netlist.read_bytes() == result.netlist.read_bytes()


@pytest.mark.parametrize("system_verilog", [False, True])
def test_a_design_with_an_error(rtl: Path, system_verilog: bool) -> None:
    (rtl / "top.v").write_text("module top(input clk; endmodule\n")
    with pytest.raises(ToolError, match=r"yosys failed.*error"):
        synthesise("zynq_7000", "top", [rtl / "top.v"], rtl, rtl / "out", system_verilog=system_verilog)
