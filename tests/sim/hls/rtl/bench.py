"""Runs one library module on a stream of beats in Verilator."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from hls.verilate import build_model

LIBRARY = Path(__file__).parents[4] / "hls" / "rtl"


def stream(
    module: str,
    parameters: Mapping[str, object],
    widths: tuple[int, int],
    beats: Sequence[int],
    folder: Path,
    *,
    seeds: Sequence[int],
    in_last: str | None = None,
    helpers: Sequence[str] = (),
) -> list[int]:
    """Beats that come out, the same for all seeds; widths of in and out data up to 63 bits.

    Each seed gives other pauses and stalls, 0 none.

    `in_last` is an expression on in_data for a port of that name; an out_last port leaves as the bit above out_data.
    """
    values = ", ".join(f".{key}({value})" for key, value in parameters.items())
    last = f", .in_last({in_last})" if in_last else ""
    marks = module == "vector_buffer"
    text = f"""module bench (
    input clk, input rst, input [63:0] in_data, input in_valid, output in_ready,
    output [63:0] out_data, output out_valid, input out_ready
);
    wire [{widths[1] - 1}:0] data;
    wire mark;
    assign out_data = {{{63 - widths[1]}'b0, mark, data}};
    {"" if marks else "assign mark = 1'b0;"}
    {module} #({values}) dut (
        .clk(clk), .rst(rst), .in_data(in_data[{widths[0] - 1}:0]), .in_valid(in_valid), .in_ready(in_ready){last},
        .out_data(data), .out_valid(out_valid), .out_ready(out_ready){", .out_last(mark)" if marks else ""}
    );
endmodule
"""
    return run_text(text, [module, *helpers], beats, folder, seeds)


def run_text(text: str, modules: Sequence[str], beats: Sequence[int], folder: Path, seeds: Sequence[int]) -> list[int]:
    """Stream beats through a Verilog module `bench` that uses library modules."""
    (folder / "bench.v").write_text(text)
    (folder / "beats.txt").write_text("".join(f"{beat:x}\n" for beat in beats))
    sources = [folder / "bench.v", *(LIBRARY / f"{name}.v" for name in modules)]
    harness = Path(__file__).with_name("stream.cpp")
    program = build_model(sources, "bench", harness, folder / "work", optimise=False)
    outputs = [_run(program, folder, seed) for seed in seeds]
    assert all(output == outputs[0] for output in outputs)
    return outputs[0]


def _run(program: Path, folder: Path, seed: int) -> list[int]:
    command = [program, folder / "beats.txt", str(seed)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    return [int(line, 16) for line in done.stdout.split()]
