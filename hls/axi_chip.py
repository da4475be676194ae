"""The design for a Zynq's logic: reset, AXI host link and core, wired together in one generated top module."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hls import settings
from hls.chip import BENCH, LinkCost, check_content, types_of, vector_bytes, write_bench, write_part
from hls.library import copy_modules
from toolchain.device.link.protocol import ProtocolError
from toolchain.device.link.registers import ANSWER_SPAN, VECTOR_SPAN, tensor_words, windows_hold
from toolchain.errors import ConfigError, FitError
from toolchain.results.core import CoreDescription

# Modules of the library that every AXI chip uses.
AXI_SOURCES = (
    "reset_generator.v",
    "crc32.v",
    "bench_source.v",
    "bench_feeder.v",
    "bench_meter.v",
    "result_bytes.v",
    "result_queue.v",
    "axi_slice.v",
    "axi_lite.v",
    "axi_registers.v",
    "axi_window.v",
    "axi_frame.v",
    "axi_gearbox.v",
    "axi_vector.v",
    "axi_answer.v",
    "axi_answer_window.v",
    "axi_link.v",
)
AXI_TOP = "axi_chip"
_TOP_FILE = f"{AXI_TOP}.v"

_MOST_CLASSES = 0xFFFF

# Synthesised for beats of 61 and 183 bits; the RAM is for networks with far more inputs. Without windows it takes less.
# An answer's end is a byte behind it.
_STREAMED_COST = LinkCost(2000, 1000, 36, memories=((1024, 36),), holds=False)
LINK_COST = LinkCost(
    2000,
    1000,
    36,
    most_answer=ANSWER_SPAN - 1,
    most_vector=VECTOR_SPAN,
    memories=((1024, 36),),
    streamed=_STREAMED_COST,
)

# Interfaces of the top, as Vivado's block designs name them: name, bus, ports as (direction, width, name).
_LITE = (
    "s_axi",
    "aximm",
    (
        ("input", "16", "awaddr"), ("input", "3", "awprot"), ("input", "", "awvalid"), ("output", "", "awready"),
        ("input", "32", "wdata"), ("input", "4", "wstrb"), ("input", "", "wvalid"), ("output", "", "wready"),
        ("output", "2", "bresp"), ("output", "", "bvalid"), ("input", "", "bready"),
        ("input", "16", "araddr"), ("input", "3", "arprot"), ("input", "", "arvalid"), ("output", "", "arready"),
        ("output", "32", "rdata"), ("output", "2", "rresp"), ("output", "", "rvalid"), ("input", "", "rready"),
    ),
)  # fmt: skip
_IN = (
    "s_axis",
    "axis",
    (
        ("input", "{data_bits}", "tdata"), ("input", "{data_bytes}", "tkeep"), ("input", "", "tlast"),
        ("input", "", "tvalid"), ("output", "", "tready"),
    ),
)  # fmt: skip
_OUT = (
    "m_axis",
    "axis",
    (
        ("output", "32", "tdata"), ("output", "4", "tkeep"), ("output", "", "tlast"),
        ("output", "", "tvalid"), ("input", "", "tready"),
    ),
)  # fmt: skip
_INTERFACES = (_LITE, _IN, _OUT)
_UNUSED = ("awprot", "arprot")

_PARAMETERS = {
    "s_axi": "XIL_INTERFACENAME s_axi, PROTOCOL AXI4LITE, DATA_WIDTH 32, ADDR_WIDTH 16",
    "s_axis": "XIL_INTERFACENAME s_axis, TDATA_NUM_BYTES {data_bytes}, HAS_TKEEP 1, HAS_TLAST 1, HAS_TREADY 1",
    "m_axis": "XIL_INTERFACENAME m_axis, TDATA_NUM_BYTES 4, HAS_TKEEP 1, HAS_TLAST 1, HAS_TREADY 1",
}

_TEMPLATE = """\
// Generated: the whole design in the logic. All that depends on board and model is a constant here.
//
// The attributes tell Vivado the interfaces, so that a block design takes the module as it is.
`default_nettype none
module axi_chip (
    (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 aclk CLK" *)
    (* X_INTERFACE_PARAMETER = "ASSOCIATED_BUSIF s_axi:s_axis:m_axis, ASSOCIATED_RESET aresetn" *)
    input  wire aclk,
    (* X_INTERFACE_INFO = "xilinx.com:signal:reset:1.0 aresetn RST" *)
    (* X_INTERFACE_PARAMETER = "POLARITY ACTIVE_LOW" *)
    input  wire aresetn,
{ports}
);
    localparam CLOCK_HZ      = {clock_hz};
    localparam DATA_BITS     = {data_bits};
    localparam VECTOR_BYTES  = {vector_bytes};
    localparam IN_WIDTH      = {in_width};
    localparam IN_BEATS      = {in_beats};
    localparam CLASSES       = {classes};  // 0: an answer is a vector
    localparam OUT_BITS      = {output.bits};
    localparam OUT_ELEMENTS  = {output.elements_per_beat};
    localparam OUT_BEATS     = {output.beats};
    localparam OUT_SIGNED    = {signed};
    localparam OUT_WIDTH     = {output.width};
    localparam [95:0] INPUT  = 96'h{input:024x};
    localparam [95:0] OUTPUT = 96'h{output_word:024x};
    localparam BENCH_VECTORS = {bench_vectors};
    localparam PART_BEATS    = {part_beats};  // not 0: the streamed form, whose bench plays these beats
    localparam [63:0] MODEL_HASH = 64'h{model_hash};
    localparam [63:0] BUILD_ID   = 64'h{build_id};

    wire resetting, restart, in_valid, in_ready, out_valid, out_ready;
    wire bus_rst = !aresetn;
    wire rst     = bus_rst || resetting;
    wire [IN_WIDTH-1:0]  in_data;
    wire [OUT_WIDTH-1:0] out_data;

    reset_generator resetter (.clk(aclk), .request(bus_rst || restart), .rst(resetting));
{setting_registers}
    axi_link #({setting_parameter}
        .CLOCK_HZ(CLOCK_HZ), .DATA_BITS(DATA_BITS), .VECTOR_BYTES(VECTOR_BYTES), .IN_WIDTH(IN_WIDTH),
        .IN_BEATS(IN_BEATS), .CLASSES(CLASSES), .OUT_BITS(OUT_BITS), .OUT_ELEMENTS(OUT_ELEMENTS),
        .OUT_BEATS(OUT_BEATS), .OUT_SIGNED(OUT_SIGNED), .INPUT(INPUT), .OUTPUT(OUTPUT), .MODEL_HASH(MODEL_HASH),
        .BUILD_ID(BUILD_ID), .BENCH_VECTORS(BENCH_VECTORS), .BENCH_FILE("{bench_file}"),
        .PART_BEATS(PART_BEATS)
    ) link (
        .clk(aclk), .bus_rst(bus_rst), .rst(rst), .restart(restart),
{wires},{setting_ports}
        .in_data(in_data), .in_valid(in_valid), .in_ready(in_ready),
        .out_data(out_data), .out_valid(out_valid), .out_ready(out_ready));

    {core} core (
        .clk(aclk), .rst(rst), .in_data(in_data), .in_valid(in_valid), .in_ready(in_ready),
        .out_data(out_data), .out_valid(out_valid), .out_ready(out_ready){setting_wires});

    wire unused = &{{1'b0, s_axi_awprot, s_axi_arprot}};
endmodule
`default_nettype wire
"""


def generate_axi_chip(
    core: CoreDescription,
    rtl_dir: Path,
    *,
    clock_hz: int,
    model_hash: bytes,
    build_id: bytes,
    bench: NDArray[np.generic],
    data_bits: int,
) -> list[str]:
    """Write the top, its library modules and its bench vectors into the core's RTL folder.

    Args:
        core: what `generate_core` wrote into `rtl_dir`.
        rtl_dir: folder of the Verilog files and ROMs.
        clock_hz: frequency of the one clock.
        model_hash: 8 bytes, told by registers.
        build_id: 8 bytes, told by registers.
        bench: input vectors to be stored for `bench`, shape (vectors, inputs), one or more; of the streamed form (see
            `is_streamed`) the first part of the first one is.
        data_bits: width of the input stream, 32 or 64.

    Returns:
        File names of all Verilog sources, with top module ``axi_chip``.

    Raises:
        ConfigError: an identifier of the wrong length, no bench vectors, or another stream width.
        FitError: more classes, inputs or outputs than the registers can carry.
    """
    _check(core, data_bits, (model_hash, build_id), bench)
    tensors = _tensors(core)
    part_beats = 0
    if is_streamed(core, data_bits):
        bench, part_beats = bench[:1], write_part(core, rtl_dir, bench[0])
    else:
        write_bench(core, rtl_dir, bench)
    sources = (*AXI_SOURCES, *(settings.SOURCES if core.settings else ()))
    copy_modules(sources, rtl_dir, settings=bool(core.settings))
    text = _TEMPLATE.format(
        **{name: getattr(core, name) for name in ("in_width", "in_beats")},
        classes=core.output.classes or 0,
        output=core.output,
        signed=int(core.output.signed),
        input=tensors[0],
        output_word=tensors[1],
        ports=",\n".join(_ports(data_bits)),
        wires=",\n".join(_wires()),
        clock_hz=clock_hz,
        data_bits=data_bits,
        vector_bytes=vector_bytes(core),
        bench_vectors=len(bench),
        bench_file=BENCH,
        part_beats=part_beats,
        model_hash=model_hash.hex(),
        build_id=build_id.hex(),
        core=core.top,
        **settings.chip_lines(core.settings, "aclk", reads_apart=True),
    )
    (rtl_dir / _TOP_FILE).write_text(text)
    return [*core.sources, *(name for name in sources if name not in core.sources), _TOP_FILE]


def is_streamed(core: CoreDescription, data_bits: int) -> bool:
    """Whether the chip holds neither a vector nor an answer, for one of them is too large for its window."""
    return not windows_hold(burst_bytes(core, data_bits), core.output.layout.size)


def burst_bytes(core: CoreDescription, data_bits: int) -> int:
    """Bytes from one vector of a burst to the next: the packed vector, up to whole beats of the stream."""
    beat = data_bits // 8
    return -(-vector_bytes(core) // beat) * beat


def _tensors(core: CoreDescription) -> list[int]:
    """Values of the registers for the vector and for the answer.

    Raises:
        FitError: a size does not fit them.
    """
    types = types_of(core)
    try:
        told = [tensor.encode() for tensor in (types.input, types.output)]
    except ProtocolError as error:
        raise FitError(f"the AXI host link: {error}; use a smaller network") from error
    return [int.from_bytes(tensor_words(tensor), "little") for tensor in told]


def _ports(data_bits: int) -> list[str]:
    lines = []
    for interface, bus, ports in _INTERFACES:
        parameter = f'    (* X_INTERFACE_PARAMETER = "{_PARAMETERS[interface]}" *)\n'
        for index, (direction, width, name) in enumerate(ports):
            lanes = f"[{int(width.format(data_bits=data_bits, data_bytes=data_bits // 8)) - 1}:0] " if width else ""
            info = f'    (* X_INTERFACE_INFO = "xilinx.com:interface:{bus}:1.0 {interface} {name.upper()}" *)\n'
            first = parameter.format(data_bytes=data_bits // 8) if index == 0 else ""
            lines.append(f"{first}{info}    {direction:<6} wire {lanes}{interface}_{name}")
    return lines


def _wires() -> list[str]:
    names = [f"{interface}_{name}" for interface, _, ports in _INTERFACES for *_, name in ports if name not in _UNUSED]
    return [f"        .{name}({name})" for name in names]


def _check(
    core: CoreDescription,
    data_bits: int,
    identifiers: tuple[bytes, bytes],
    bench: NDArray[np.generic],
) -> None:
    check_content(core, identifiers)
    if len(bench) == 0:
        raise ConfigError("no bench vectors; store at least one")
    if data_bits not in (32, 64):
        raise ConfigError(f"host_link.data_bits: a stream of {data_bits} bits; use 32 or 64")
    if (core.output.classes or 0) > _MOST_CLASSES:
        raise FitError(f"the AXI host link carries one of up to {_MOST_CLASSES:,} classes; use a smaller network")
