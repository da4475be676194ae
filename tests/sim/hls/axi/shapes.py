"""Cores and stream widths that the AXI chip is tested with, and the chip around each."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hls.axi_chip import generate_axi_chip
from tests.sim.hls.fake_core import BUILD_ID, MODEL_HASH, FakeCore
from toolchain.device.link.answers import Values
from toolchain.device.link.protocol import AnswerLayout, bench_checksum, pack_vector
from toolchain.results.core import CoreDescription, CoreOutput

CLOCK_HZ = 100_000_000


# Makes a vector of each class that comes out of the core: element i is (class + 1) * (2 * i + 1) * FACTOR.
_FACTOR = 0x9E3779B97F
_SPREAD = """
module spread_core (
    input wire clk, input wire rst, input wire [{in_width}-1:0] in_data, input wire in_valid, output wire in_ready,
    output wire [{lanes}*{bits}-1:0] out_data, output wire out_valid, input wire out_ready
);
    wire [{class_bits}-1:0] label;
    reg [15:0] beat = 0;
    wire ends = beat == {beats} - 1;
    gateweave_core core (
        .clk(clk), .rst(rst), .in_data(in_data), .in_valid(in_valid), .in_ready(in_ready),
        .out_data(label), .out_valid(out_valid), .out_ready(out_ready && ends));
    genvar i;
    generate
        for (i = 0; i < {lanes}; i = i + 1) begin : lane
            wire [47:0] place = beat * {lanes} + i;
            wire [47:0] value = ({{48'd0, label}} + 48'd1) * (2 * place + 48'd1) * 48'h{factor:x};
            assign out_data[i*{bits} +: {bits}] = value[{bits}-1:0];
        end
    endgenerate
    always @(posedge clk)
        if (rst) beat <= 0;
        else if (out_valid && out_ready) beat <= ends ? 16'd0 : beat + 1'b1;
endmodule
"""


@dataclass(frozen=True)
class Shape:
    """One core behind one stream width, with six stored vectors; with `output` it answers with such vectors."""

    core: FakeCore
    data_bits: int
    output: CoreOutput | None = None

    @property
    def bench(self) -> np.ndarray:
        return self.core.random(1, 6)

    @property
    def bench_answers(self) -> list[Values]:
        return self.answers(self.bench)

    @property
    def answer(self) -> CoreOutput:
        return self.output or CoreOutput.label(self.core.classes)

    @property
    def layout(self) -> AnswerLayout:
        return self.answer.layout

    @property
    def latency(self) -> int:
        """Cycles of one inference, to the last beat of its answer; each waits for the bytes of the one before."""
        return self.core.latency + self.layout.size - self.layout.size // self.answer.beats

    @property
    def interval(self) -> int:
        """Cycles from one answer to the next: those of the core, or a byte a cycle and one for the end."""
        return max(self.core.interval, self.layout.size + 1) if self.output else self.core.interval

    def cycles(self, count: int) -> int:
        """Cycles of so many inferences back to back."""
        # An answer of one beat is taken while the end of the one before goes.
        early = self.interval > self.core.interval and self.answer.beats == 1 and count > 1
        return (count - 1) * self.interval + self.latency - early

    def answers(self, x: np.ndarray) -> list[Values]:
        """The answer to each vector."""
        return [self._answer(self.core.label(vector)) for vector in x]

    def sent(self, x: np.ndarray) -> list[bytes]:
        """The bytes of each answer."""
        return [self.layout.encode(answer) for answer in self.answers(x)]

    def checksum(self, count: int) -> int:
        """CRC-32 of a bench."""
        return bench_checksum(self.sent(self.bench), count)

    def _answer(self, label: int) -> Values:
        if self.output is None:
            return (label,)
        bits = self.output.bits
        values = [(label + 1) * (2 * i + 1) * _FACTOR & ((1 << bits) - 1) for i in range(self.output.elements)]
        return tuple(v - (v >> (bits - 1) << bits) if self.output.signed else v for v in values)

    def packed(self, x: np.ndarray) -> NDArray[np.uint8]:
        """Packed vectors, shape (vectors, bytes)."""
        rows = [list(pack_vector([int(value) for value in vector], self.core.type_name)) for vector in x]
        return np.array(rows, dtype=np.uint8)

    def generate(self, rtl: Path) -> tuple[CoreDescription, list[Path]]:
        """The core, and all Verilog files of the chip around it."""
        rtl.mkdir(parents=True, exist_ok=True)
        core = self.generate_core(rtl)
        names = generate_axi_chip(
            core,
            rtl,
            clock_hz=CLOCK_HZ,
            model_hash=MODEL_HASH,
            build_id=BUILD_ID,
            bench=self.bench,
            data_bits=self.data_bits,
        )
        return core, [rtl / name for name in names]

    def generate_core(self, rtl: Path) -> CoreDescription:
        """The core alone."""
        core = self.core.generate(rtl)
        if self.output is None:
            return core
        text = _SPREAD.format(
            in_width=core.in_width,
            lanes=self.output.elements_per_beat,
            bits=self.output.bits,
            beats=self.output.beats,
            class_bits=core.output.bits,
            factor=_FACTOR,
        )
        (rtl / "spread_core.v").write_text(text)
        return dataclasses.replace(
            core, sources=(*core.sources, "spread_core.v"), output=self.output, top="spread_core"
        )


SHAPES = {
    # Vectors end inside a byte, inside a beat of the stream; 22 bits do not divide 32. A vector every other cycle.
    "pipeline": Shape(FakeCore(elements_per_beat=11, folded=False, delay=9), 32),
    # As narrow as a core gets; takes no vector while it works on one, and beats only now and then. Answers of 7 bytes.
    "slow": Shape(
        FakeCore(inputs=26, type_name="BINARY", bits=1, elements_per_beat=1, stutters=True),
        64,
        CoreOutput(7, 6, True, 1, None),
    ),
    # One beat a vector, several words wide; the vector's last word has a single byte. More classes than a byte has.
    "wide": Shape(
        FakeCore(inputs=68, elements_per_beat=68, folded=False, classes=256), 64, CoreOutput(1, 10, False, 1, 1000)
    ),
    # Beats a little wider than words, three of them. Four scores a beat; the answer's end is a word of its own.
    "odd": Shape(
        FakeCore(inputs=33 * 3, type_name="UINT1", bits=1, elements_per_beat=33, folded=False, classes=200),
        32,
        CoreOutput(12, 8, True, 4, None),
    ),
    # One word, one beat; so long a pipeline that more vectors would be under way than may. A class a cycle.
    "tiny": Shape(FakeCore(inputs=6, elements_per_beat=6, folded=False, delay=300, classes=256), 32),
    # Accumulators: 25 bytes, which a pipeline waits for.
    "sums": Shape(FakeCore(elements_per_beat=11, folded=False, classes=200), 64, CoreOutput(5, 40, True, 1, None)),
    # An answer that no window holds: the streamed form.
    "large": Shape(FakeCore(classes=200), 64, CoreOutput(4100, 32, True, 4, None)),
}
