"""A tiny core with the ports of a generated one, and its software model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from hls.chip import PllCell, generate_chip, models_of
from hls.simulate_chip import ChipSimulator
from toolchain.device.link.protocol import pack_vector
from toolchain.graph.dense import DenseLayer, DenseNetwork, network_of
from toolchain.results.core import CoreDescription, CoreOutput

# The class is a hash of all beats, modulo the number of classes. FOLDED: not ready for DELAY cycles
# after the last beat, then gives the class; else: a pipeline of DELAY stages that is always ready.
_VERILOG = """
module gateweave_core (
    input wire clk, input wire rst, input wire [{width}-1:0] in_data, input wire in_valid,
    output wire in_ready, output wire [{class_bits}-1:0] out_data, output wire out_valid,
    input wire out_ready
);
    reg [7:0] hash = 0;
    reg [15:0] beat = 0;
    wire [{padded}-1:0] data = in_data;
    reg [7:0] folded;
    integer i;
    always @* begin
        folded = {{hash[6:0], hash[7]}};
        for (i = 0; i < {padded}; i = i + 8) folded = folded ^ data[i +: 8];
    end
    wire moves = in_valid && in_ready, last = beat == {beats} - 1;
    always @(posedge clk) begin
        if (moves) begin
            hash <= last ? 8'd0 : folded;
            beat <= last ? 16'd0 : beat + 1'b1;
        end
        if (rst) begin
            hash <= 0;
            beat <= 0;
        end
    end
    wire [7:0] label = folded % {classes};
    reg [{class_bits}-1:0] line [0:{delay}-1];
    reg [{delay}-1:0] full = 0;
    assign out_data = line[{delay}-1];
    assign out_valid = full[{delay}-1];
    reg [15:0] noise = 1;
    always @(posedge clk) noise <= (noise << 1) | (noise[15] ^ noise[13] ^ noise[12] ^ noise[10]);
    wire go = out_ready || !out_valid;
    assign in_ready = ({folded} ? full == 0 : go) && (!{stutters} || noise[0]);
    always @(posedge clk) begin
        if (go) begin
            line[0] <= label[{class_bits}-1:0];
            for (i = 1; i < {delay}; i = i + 1) line[i] <= line[i-1];
            full <= (full << 1) | (moves && last);
        end
        if (rst) full <= 0;
    end
endmodule
"""


@dataclass(frozen=True)
class FakeCore:
    """Shape of a fake core; `delay` is its latency after the last beat; `stutters`: ready at random."""

    inputs: int = 22
    type_name: str = "UINT2"
    bits: int = 2
    elements_per_beat: int = 2
    classes: int = 5
    delay: int = 7
    folded: bool = True
    stutters: bool = False

    @property
    def beats(self) -> int:
        return self.inputs // self.elements_per_beat

    @property
    def interval(self) -> int:
        return self.beats + (self.delay if self.folded else 0)

    @property
    def latency(self) -> int:
        return self.beats - 1 + self.delay

    @property
    def width(self) -> int:
        return self.elements_per_beat * self.bits

    def label(self, vector: np.ndarray) -> int:
        """Class of one vector of values."""
        packed = int.from_bytes(pack_vector([int(v) for v in vector], self.type_name), "little")
        value = 0
        for beat in range(self.beats):
            data = packed >> beat * self.width & ((1 << self.width) - 1)
            value = (value << 1 | value >> 7) & 0xFF
            while data:
                value, data = value ^ (data & 0xFF), data >> 8
        return value % self.classes

    def random(self, seed: int, count: int) -> np.ndarray:
        return np.random.default_rng(seed).integers(0, 1 << self.bits, (count, self.inputs))

    def network(self) -> DenseNetwork:
        """A network of the right input type, for `generate_chip`."""
        weights = np.zeros((self.inputs, self.classes), dtype=np.int64)
        layer = DenseLayer("last", weights, self.type_name, "INT8")
        return network_of((layer,))

    def generate(self, folder: Path) -> CoreDescription:
        class_bits = max(1, (self.classes - 1).bit_length())
        text = _VERILOG.format(
            width=self.width,
            padded=-(-self.width // 8) * 8,
            beats=self.beats,
            classes=self.classes,
            class_bits=class_bits,
            delay=self.delay,
            folded=int(self.folded),
            stutters=int(self.stutters),
        )
        (folder / "gateweave_core.v").write_text(text)
        bits = self.inputs * self.bits
        files = ("gateweave_core.v",)
        counts = (bits, self.width, self.beats, CoreOutput.label(self.classes), self.interval)
        return CoreDescription("folded", files, (), self.type_name, *counts, ())


MODEL_HASH = bytes(range(0x10, 0x18))
BUILD_ID = bytes(range(0xA0, 0xA8))


class Maker(Protocol):
    """What writes a core."""

    def generate(self, folder: Path) -> CoreDescription: ...


def build_chip(
    core: Maker,
    folder: Path,
    bench: np.ndarray,
    *,
    clock_hz: int = 12_000_000,
    baud: int = 1_000_000,
    host_baud: float | None = None,
    timeout_us: int = 1000,
    pll: PllCell | None = None,
    streamed: bool = False,
) -> ChipSimulator:
    """Simulator of a chip around a fake core."""
    rtl = folder / "rtl"
    rtl.mkdir(parents=True, exist_ok=True)
    sources = generate_chip(
        core.generate(rtl),
        rtl,
        clock_hz=clock_hz,
        baud=baud,
        model_hash=MODEL_HASH,
        build_id=BUILD_ID,
        bench=bench,
        timeout_us=timeout_us,
        pll=pll,
        streamed=streamed,
    )
    paths = [rtl / name for name in (*sources, *models_of(pll))]
    return ChipSimulator(paths, folder, clock_hz=clock_hz, baud=host_baud or baud)
