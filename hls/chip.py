"""The chip: power-on reset, host link and core, wired together in one generated top module."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hls import loading, settings
from hls.cost import BlockRam, blocks_of
from hls.library import copy_modules
from hls.pack import encode, words, write_rom
from hls.units.unit import Memory
from toolchain.device.link.protocol import (
    BIPOLAR,
    CRC_BYTES,
    HEADER_BYTES,
    LEAST_CYCLES_PER_BIT,
    SIGNED,
    STREAMED_VERSION,
    UNSIGNED,
    Identity,
    Tensor,
    Types,
    encode_reply,
)
from toolchain.errors import ConfigError, FitError, TooLargeError
from toolchain.graph.types import IntType
from toolchain.results.core import CoreDescription, CoreOutput

# Modules of the library that a chip uses, by the form of its host link.
LINK_SOURCES = (
    "reset_generator.v",
    "uart_timer.v",
    "uart_rx.v",
    "uart_tx.v",
    "crc32.v",
    "bench_source.v",
    "bench_feeder.v",
    "bench_meter.v",
    "host_link_buffer.v",
    "host_link_receiver.v",
    "host_link_vector.v",
    "host_link_counters.v",
    "result_bytes.v",
    "host_link_answer.v",
    "host_link_payload.v",
    "host_link_responder.v",
    "host_link.v",
)
_HOLDING = {
    "bench_source.v",
    "bench_feeder.v",
    "host_link_vector.v",
    "host_link_answer.v",
    "host_link_payload.v",
    "host_link.v",
}
STREAM_SOURCES = (
    *(name for name in LINK_SOURCES if name not in _HOLDING),
    "stream_link_parts.v",
    "stream_link_answer.v",
    "stream_link_payload.v",
    "stream_link.v",
)
_TOP = "chip.v"
_PLL = "pll.v"
BENCH = "bench.hex"


@dataclass(frozen=True)
class PllCell:
    """The PLL that makes the chip's clock.

    Attributes:
        instance: Verilog of its cell, which makes `clock` and `locked` of `crystal`.
        models: file with a model of the cell for a simulator.
    """

    instance: str
    models: Path


@dataclass(frozen=True)
class LinkCost:
    """What reset, host link and stored vectors take, rounded up: the core cannot have it.

    Attributes:
        lut: look-up tables as the device has them.
        ff: flip-flops.
        kbit: kilobits of block RAM, the vectors of a chain of dense layers among them, which are small.
        memories: words and bits of each memory that holds no vectors.
        most_vector, most_answer: bytes of the largest that the link carries; of any size where None.
        streamed: the form of the link that holds neither a vector nor an answer; None where it has none, or is it.
        holds: whether it holds them.
        beat_bit: LUTs, and flip-flops, for each bit of a wide beat; `lut` and `ff` are for narrow ones.
    """

    lut: int
    ff: int
    kbit: int
    most_answer: int | None = None
    most_vector: int | None = None
    memories: tuple[Memory, ...] = ()
    streamed: LinkCost | None = None
    holds: bool = True
    beat_bit: float = 0.0

    def for_beats(self, bits: int) -> LinkCost:
        """The link of a core that takes beats of so many bits."""
        more = round(self.beat_bit * bits)
        return replace(self, lut=self.lut + more, ff=self.ff + more)

    def form_for(self, vector: int, answer: int, memory: float) -> LinkCost:
        """The form for vectors and answers of so many bytes: the one that holds them, if that is not too much.

        Args:
            memory: of the board, bytes of block RAM.
        """
        sizes = ((vector, self.most_vector), (answer, self.most_answer))
        carries = all(most is None or size <= most for size, most in sizes)
        if self.streamed is None or (carries and vector + answer <= memory * _HELD_SHARE):
            return self
        return self.streamed

    def must_carry(self, vector: int, answer: int) -> None:
        """Refuse a network whose vectors or answers of so many bytes are too large for the link.

        Raises:
            TooLargeError: names the size and the most.
        """
        for what, size, most in (("a vector", vector, self.most_vector), ("an answer", answer, self.most_answer)):
            if most is not None and size > most:
                raise TooLargeError(f"the host link carries {what} of up to {most:,} bytes, not of {size:,}")

    def blocks_beside(self, vectors: Iterable[Memory], block: BlockRam) -> int:
        """Block RAMs with memories of vectors that may be large."""
        return sum(blocks_of(words, bits, block) for words, bits in (*self.memories, *vectors))

    def with_core(self, core: Mapping[str, int], blocks: int) -> dict[str, int]:
        """What the whole chip takes, of what its core does, `lut`, `ff` and `bram`, and of the link's own blocks."""
        return {"lut": core["lut"] + self.lut, "ff": core["ff"] + self.ff, "bram": core["bram"] + blocks}


# Of a vector in one frame; longer ones come in parts, each with a CRC of its own.
_PART_BYTES = 1024
# A frame tells its length in 16 bits; bench and load say a little besides.
_MOST_BYTES = 0xFF00

# Of a board's block RAM, what a vector and an answer may take; larger ones are streamed.
_HELD_SHARE = 1 / 4

# Both synthesised for iCE40 with beats of a few bits. Of what is streamed, two parts are kept each way.
_OWN_MEMORIES = ((64, 9), (16, 8))
_STREAMED_COST = LinkCost(
    lut=1300, ff=650, kbit=40, memories=(*_OWN_MEMORIES, *((2 * _PART_BYTES, 8),) * 2), holds=False
)
# A beat of 784 bits takes 650 LUTs and 840 flip-flops more than one of 16, and one of 183 bits 280 and 260.
LINK_COST = LinkCost(
    lut=1000, ff=450, kbit=24, most_answer=_MOST_BYTES, memories=_OWN_MEMORIES, streamed=_STREAMED_COST, beat_bit=1.0
)

# What the receive buffer of the host link holds.
_BUFFER_BYTES = 63

# Silence inside a frame that ends it; far above the gaps that USB serial adapters leave.
TIMEOUT_US = 10_000

_TEMPLATE = """\
// Generated: the whole design of the chip. All that depends on board and model is a constant here.
`default_nettype none
module chip (
    input  wire clk,
    input  wire uart_rx,
    output wire uart_tx,{ports}
    output wire led       // heartbeat, inverted while a request is being worked on
);
    localparam CLOCK_HZ      = {clock_hz};
    localparam BAUD          = {baud};
    localparam TIMEOUT_US    = {timeout_us};  // silence that ends a frame
    localparam IN_WIDTH      = {in_width};
    localparam IN_BEATS      = {in_beats};
    localparam OUT_BITS      = {out_bits};  // of an element of the answer
    localparam OUT_ELEMENTS  = {out_elements};  // of a beat
    localparam OUT_BEATS     = {out_beats};
    localparam OUT_SIGNED    = {out_signed};
{link_constants}
    localparam HEART = {heart};  // the heartbeat changes every 2**HEART cycles
{clocking}
    wire rst, restart, busy, in_valid, in_ready, out_valid, out_ready;
    wire [IN_WIDTH-1:0]   in_data;
    wire [OUT_BITS*OUT_ELEMENTS-1:0] out_data;

    reset_generator resetting (.clk({clock}), .request({request}), .rst({reset}));
{loading}{setting_registers}
    {link} #({setting_parameter}
        .CLOCK_HZ(CLOCK_HZ), .BAUD(BAUD), .TIMEOUT_US(TIMEOUT_US), .IN_WIDTH(IN_WIDTH), .IN_BEATS(IN_BEATS),
        .OUT_BITS(OUT_BITS), .OUT_ELEMENTS(OUT_ELEMENTS), .OUT_BEATS(OUT_BEATS), .OUT_SIGNED(OUT_SIGNED),
        {link_parameters}
    ) link (
        .clk({clock}), .rst(rst), .uart_rx(uart_rx), .uart_tx(uart_tx),
        .in_data(in_data), .in_valid(in_valid), .in_ready(in_ready),
        .out_data(out_data), .out_valid(out_valid), .out_ready(out_ready),{setting_ports}
        .busy(busy), .restart(restart));

    {core} core (
        .clk({clock}), .rst(rst), .in_data(in_data), .in_valid(in_valid), .in_ready(in_ready),
        .out_data(out_data), .out_valid(out_valid), .out_ready(out_ready){core_ports}{setting_wires});

    reg [HEART:0] heart = 0;
    always @(posedge {clock}) heart <= heart + 1'b1;
    assign led = {light};
endmodule
`default_nettype wire
"""

# What the forms of the host link have of their own: module, constants and parameters.
_HELD = {
    "link": "host_link",
    "link_constants": """\
    localparam VECTOR_BYTES  = {vector_bytes};
    localparam PARTS         = {parts};  // of a vector, each with a frame of its own, before the rest
    localparam PART_BYTES    = {part_bytes};
    localparam BENCH_VECTORS = {bench_vectors};
    localparam [63:0] MODEL_HASH = 64'h{model_hash};
    localparam [63:0] BUILD_ID   = 64'h{build_id};
    localparam [175:0] TYPES = 176'h{types};  // of input and output, as identify tells them""",
    "link_parameters": """\
.VECTOR_BYTES(VECTOR_BYTES), .PARTS(PARTS), .PART_BYTES(PART_BYTES), .TYPES(TYPES), .MODEL_HASH(MODEL_HASH),
        .BUILD_ID(BUILD_ID), .BENCH_VECTORS(BENCH_VECTORS), .BENCH_FILE("{bench_file}")""",
}
_STREAMED = {
    "link": "stream_link",
    "link_constants": """\
    localparam PART_BYTES    = {part_bytes};  // of a vector, and at most of an answer
    localparam MAX_PAYLOAD   = {max_payload};
    localparam [455:0] IDENTITY = 456'h{identity};  // the reply to identify""",
    "link_parameters": ".PART_BYTES(PART_BYTES), .MAX_PAYLOAD(MAX_PAYLOAD), .IDENTITY(IDENTITY)",
}

# How the top is clocked: by the crystal as it is, or by a PLL, until whose lock all is in reset.
_BY_CRYSTAL = {"clocking": "", "clock": "clk", "request": "restart"}
_BY_PLL = {
    "clocking": """
    wire clock, locked;  // until the PLL is locked, all is in reset
    pll making_the_clock (.crystal(clk), .clock(clock), .locked(locked));
    reg [1:0] steady = 0;
    always @(posedge clock) steady <= {steady[0], locked};
""",
    "clock": "clock",
    "request": "restart || !steady[1]",
}

_PLL_TEMPLATE = """\
// Generated: the PLL of the device, which makes {clock_hz} Hz of the crystal's clock.
`default_nettype none
module pll (
    input  wire crystal,
    output wire clock,
    output wire locked
);
{instance}endmodule
`default_nettype wire
"""


def generate_chip(
    core: CoreDescription,
    rtl_dir: Path,
    *,
    clock_hz: int,
    baud: int,
    model_hash: bytes,
    build_id: bytes,
    bench: NDArray[np.generic],
    timeout_us: int = TIMEOUT_US,
    pll: PllCell | None = None,
    streamed: bool = False,
    flash_offset: int | None = None,
) -> list[str]:
    """Write the chip's top, its library modules and its bench vectors into the core's RTL folder.

    Args:
        core: what `generate_core` wrote into `rtl_dir`.
        rtl_dir: folder of the Verilog files and ROMs.
        clock_hz: frequency of the one clock, behind the PLL where there is one.
        baud: bits per second of the host link.
        model_hash: 8 bytes, told by `identify`.
        build_id: 8 bytes, told by `identify`.
        bench: input vectors to be stored for `bench`, shape (vectors, inputs); with none it plays the vector held.
        timeout_us: silence inside a frame that ends it, microseconds.
        pll: makes the clock; None: the crystal's is taken as it is.
        streamed: the form of the host link that holds neither a vector nor an answer, and stores no vectors.
        flash_offset: where in the flash weights lie that are loaded, bytes; None: the board has no such flash.

    Returns:
        File names of all Verilog sources, with top module ``chip``; a simulator needs `models_of` the PLL besides.

    Raises:
        ConfigError: an identifier of the wrong length, a baud too fast for the clock, a time-out out of range, or
            weights to be loaded on a board without a flash.
        FitError: answers or inputs that the host link's frames cannot carry.
    """
    _check(core, clock_hz, baud, timeout_us, (model_hash, build_id), streamed)
    if len(bench):
        write_bench(core, rtl_dir, bench)
    sources = (
        *(STREAM_SOURCES if streamed else LINK_SOURCES),
        *(loading.SOURCES if core.loaded else ()),
        *(settings.UART_SOURCES if core.settings else ()),
    )
    copy_modules(sources, rtl_dir, settings=bool(core.settings))
    if pll is not None:
        (rtl_dir / _PLL).write_text(_PLL_TEMPLATE.format(clock_hz=clock_hz, instance=pll.instance))
        shutil.copyfile(pll.models, rtl_dir / pll.models.name)
    identifiers = (model_hash, build_id)
    form = _streamed(core, clock_hz, timeout_us, identifiers) if streamed else _held(core, len(bench), identifiers)
    clocking = _BY_PLL if pll else _BY_CRYSTAL
    text = _TEMPLATE.format(
        **clocking,
        **loading.lines(core, flash_offset, clocking["clock"]),
        **settings.chip_lines(core.settings, clocking["clock"]),
        **{name: getattr(core, name) for name in ("in_width", "in_beats")},
        **_output(core.output),
        **form,
        clock_hz=clock_hz,
        baud=baud,
        timeout_us=timeout_us,
        heart=max(clock_hz.bit_length() - 2, 1),
        core=core.top,
    )
    (rtl_dir / _TOP).write_text(text)
    return [*core.sources, *sources, *([_PLL] if pll else []), _TOP]


def _held(core: CoreDescription, stored: int, identifiers: tuple[bytes, bytes]) -> dict[str, str]:
    """The lines of the top that are those of the held form."""
    model_hash, build_id = identifiers
    facts = {
        "part_bytes": part_bytes(core),
        "parts": (vector_bytes(core) - 1) // part_bytes(core) if part_bytes(core) else 0,
        "types": types_of(core).encode()[::-1].hex(),
        "vector_bytes": vector_bytes(core),
        "bench_vectors": stored,
        "bench_file": BENCH,
        "model_hash": model_hash.hex(),
        "build_id": build_id.hex(),
    }
    return {name: text.format(**facts) for name, text in _HELD.items()}


def _streamed(
    core: CoreDescription, clock_hz: int, timeout_us: int, identifiers: tuple[bytes, bytes]
) -> dict[str, str]:
    """The lines of the top that are those of the streamed form, which takes the reply to identify as it is."""
    size = frame_bytes(core)
    longest = (1 << (size + 4).bit_length()) - 1
    told = (STREAMED_VERSION, *identifiers, clock_hz, 0, longest, size, _BUFFER_BYTES, timeout_us)
    identity = encode_reply(Identity(0, *told, types_of(core)))[HEADER_BYTES:-CRC_BYTES]
    facts = {"part_bytes": size, "max_payload": longest, "identity": identity[::-1].hex()}
    return {name: text.format(**facts) for name, text in _STREAMED.items()}


def models_of(pll: PllCell | None) -> list[str]:
    """File names beside the chip's sources that only a simulator needs: models of the device's cells."""
    return [pll.models.name] if pll else []


def vector_bytes(core: CoreDescription) -> int:
    """Bytes of one packed input vector."""
    return -(-core.vector_bits // 8)


def frame_bytes(core: CoreDescription) -> int:
    """Bytes of a vector that one frame may have: whole bytes of whole beats."""
    whole = math.lcm(8, core.in_width) // 8
    return max(1, _PART_BYTES // whole) * whole


def part_bytes(core: CoreDescription) -> int:
    """The same where a vector takes several frames; 0 where it takes one."""
    return frame_bytes(core) if vector_bytes(core) > frame_bytes(core) else 0


def played_inputs(core: CoreDescription, x: NDArray[Any]) -> NDArray[Any]:
    """What a bench of the streamed form plays of inputs of shape (inputs,): their first part over and over."""
    elements = 8 * frame_bytes(core) // IntType.of(core.input_type).bits
    return np.resize(x[:elements], len(x))


def types_of(core: CoreDescription) -> Types:
    """What goes into a core and comes out of it, as `identify` tells it."""
    kind = IntType.of(core.input_type)
    meaning = BIPOLAR if core.input_type == "BIPOLAR" else SIGNED if kind.low < 0 else UNSIGNED
    output = core.output
    source = Tensor(kind.bits, meaning, core.input_shape or (core.vector_bits // kind.bits,))
    sink = Tensor(output.bits, SIGNED if output.signed else UNSIGNED, output.shape or (output.elements,))
    return Types(source, sink, output.classes or 0)


def _output(output: CoreOutput) -> dict[str, int]:
    return {
        "out_bits": output.bits,
        "out_elements": output.elements_per_beat,
        "out_beats": output.beats,
        "out_signed": int(output.signed),
    }


def write_bench(core: CoreDescription, rtl_dir: Path, bench: NDArray[np.generic]) -> None:
    """Write the ROM of the stored vectors, `BENCH`, as the core takes them beat by beat."""
    rows = encode(bench, core.input_type).reshape(len(bench) * core.in_beats, -1)
    write_rom(rtl_dir / BENCH, words(rows, IntType.of(core.input_type).bits), core.in_width)


def write_part(core: CoreDescription, rtl_dir: Path, x: NDArray[np.generic]) -> int:
    """Write the ROM of what `played_inputs` repeats of inputs of shape (inputs,); returns how many beats those are."""
    beats = min(core.in_beats, 8 * frame_bytes(core) // core.in_width)
    bits = IntType.of(core.input_type).bits
    rows = encode(x[: beats * core.in_width // bits], core.input_type).reshape(beats, -1)
    write_rom(rtl_dir / BENCH, words(rows, bits), core.in_width)
    return beats


def check_content(core: CoreDescription, identifiers: tuple[bytes, bytes]) -> None:
    """Check what every chip holds, whatever its host link.

    Raises:
        ConfigError: an identifier of the wrong length, or a core whose beats are not its vector.
    """
    if any(len(identifier) != 8 for identifier in identifiers):
        raise ConfigError(f"model hash and build id have 8 bytes each, not {[len(i) for i in identifiers]}")
    if core.in_width * core.in_beats != core.vector_bits:
        raise ConfigError(f"core: {core.in_beats} beats of {core.in_width} bits are not {core.vector_bits} bits")


def _check(
    core: CoreDescription,
    clock_hz: int,
    baud: int,
    timeout_us: int,
    identifiers: tuple[bytes, bytes],
    streamed: bool,
) -> None:
    check_content(core, identifiers)
    if clock_hz < LEAST_CYCLES_PER_BIT * baud:
        limit = clock_hz // LEAST_CYCLES_PER_BIT
        raise ConfigError(f"host_link: {baud} baud is too fast for a {clock_hz} Hz clock; use {limit} or less")
    if not 200 <= timeout_us * baud // 1_000_000 < 1 << 24:
        raise ConfigError(f"time-out of {timeout_us} us is outside 200 to 16,777,215 bit times at {baud} baud")
    if not streamed:
        LINK_COST.must_carry(vector_bytes(core), core.output.layout.size)
    if (frame_bytes(core) if streamed else part_bytes(core) or vector_bytes(core)) > _MOST_BYTES:
        raise FitError(
            f"the host link carries {_MOST_BYTES:,} bytes in a frame, not beats of {core.in_width:,} bits; use fewer "
            "elements a beat"
        )
