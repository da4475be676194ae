"""Answers as bytes: every element extended by its sign, low byte first, the last byte of each answer marked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hls.pack import words
from tests.sim.hls.rtl.bench import run_text

_BENCH = """module bench (
    input clk, input rst, input [63:0] in_data, input in_valid, output in_ready,
    output [63:0] out_data, output out_valid, input out_ready
);
    wire ends, holds, last;
    wire [7:0] data;
    assign out_data = {{55'd0, last, data}};
    result_bytes #(.BITS({bits}), .ELEMENTS({lanes}), .BEATS({beats}), .SIGNED({signed})) dut (
        .clk(clk), .rst(rst), .in_data(in_data[{width}-1:0]), .in_valid(in_valid), .in_ready(in_ready), .ends(ends),
        .out_data(data), .out_last(last), .out_valid(out_valid), .out_ready(out_ready), .holds(holds));
endmodule
"""
_LAST = 0x100


@pytest.mark.parametrize(
    ("bits", "lanes", "beats", "signed"),
    [(8, 1, 12, True), (5, 4, 3, True), (40, 1, 1, False)],
)
def test_bytes_of_an_answer(bits: int, lanes: int, beats: int, signed: bool, tmp_path: Path) -> None:
    low = -(1 << (bits - 1)) if signed else 0
    values = np.random.default_rng(bits).integers(low, low + (1 << bits), (20, beats * lanes))
    values[:2] = [[low], [low + (1 << bits) - 1]]
    size = -(-bits // 8)
    expected: list[int] = []
    for answer in values.tolist():
        expected += b"".join(value.to_bytes(size, "little", signed=signed) for value in answer)
        expected[-1] |= _LAST
    text = _BENCH.format(bits=bits, lanes=lanes, beats=beats, signed=int(signed), width=bits * lanes)
    sent = words((values & ((1 << bits) - 1)).reshape(-1, lanes), bits)
    assert run_text(text, ["result_bytes"], sent, tmp_path, (0, 1)) == expected
