"""What ECP5 synthesis makes of a core whose paths were laid out for a clock."""

from __future__ import annotations

from pathlib import Path

from tests.fast.boards.folders import open_board
from toolchain.fpga.families.ecp5 import Ecp5Backend

_CHAIN = """\
module chip (input clk, input [31:0] a, output reg [7:0] y);
    wire [32:0] c;
    assign c[0] = 1'b0;
    genvar i;
    generate
        for (i = 0; i < 32; i = i + 1) begin : place
            assign c[i + 1] = a[i] & (c[i] | a[(i * 7 + 3) % 32]);
        end
    endgenerate
    always @(posedge clk) y <= {c[32:29], a[31:28] ^ c[31:28]};
endmodule
"""


def test_logic_of_an_unrolled_core_takes_the_time_that_its_clock_leaves_instead_of_luts(tmp_path: Path) -> None:
    source, backend = tmp_path / "chip.v", Ecp5Backend(open_board("ulx3s").fpga)
    source.write_text(_CHAIN)
    plain = backend.synthesise("chip", [source], tmp_path, tmp_path / "plain")
    slow = backend.synthesise("chip", [source], tmp_path, tmp_path / "slow", unrolled_hz=25_000_000)
    assert slow.resources.lut < plain.resources.lut
