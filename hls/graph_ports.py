"""A core of units behind the ports that every chip expects: values as the network counts them, not codes."""

from __future__ import annotations

import zlib
from pathlib import Path

from hls import answer_memory
from hls.library import copy_modules
from hls.netlist import Netlist
from hls.netlist_core import LOADING, rom_files, write_core
from hls.settings import connections, port_lines, wire_of
from hls.units.instance import LOAD_PORTS
from hls.units.stream import Stream
from hls.weight_loading import contents, pages_of
from toolchain.device.link.protocol import MOST_DIMENSIONS
from toolchain.errors import ModelError
from toolchain.graph.graph import Graph
from toolchain.graph.ops import ArgMax
from toolchain.graph.types import IntType
from toolchain.results.core import CoreDescription, CoreOutput, LoadedWeights

TOP = "graph_core"
WEIGHTS = "weights.bin"


def generate_graph_core(netlist: Netlist, graph: Graph, rtl_dir: Path, kept_answers: int = 0) -> CoreDescription:
    """Write the Verilog and ROM files of a graph's core into `rtl_dir` and describe it.

    Args:
        kept_answers: earlier answers that it keeps.

    Raises:
        ModelError: the input counts in steps that its type has no name for.
    """
    source, output = netlist.input.stream, output_of(netlist, graph)
    kind = _input_type(graph)
    bits = IntType.of(kind).bits
    core = write_core(netlist, rtl_dir)
    (rtl_dir / f"{TOP}.v").write_text(_text(core.top, netlist, kind, output, kept_answers))
    sources = answer_memory.SOURCES if kept_answers else ()
    copy_modules(sources, rtl_dir, settings=False)
    return CoreDescription(
        strategy="units",
        sources=(*core.sources, *sources, f"{TOP}.v"),
        roms=rom_files(netlist),
        input_type=kind,
        vector_bits=source.elements * bits,
        in_width=source.lanes * bits,
        in_beats=source.beats,
        output=output,
        initiation_interval=core.initiation_interval,
        layers=(),
        top=TOP,
        multipliers=any(unit.needs.dsp for unit in netlist.units),
        input_shape=_told_shape(graph, graph.sole_input),
        loaded=_loaded(netlist, rtl_dir),
        settings=netlist.settings,
        kept_answers=kept_answers,
    )


def _loaded(netlist: Netlist, rtl_dir: Path) -> LoadedWeights | None:
    """What is to be loaded, written into a file."""
    pages = pages_of(netlist.units)
    if pages is None:
        return None
    data = contents(netlist.units)
    (rtl_dir / WEIGHTS).write_bytes(data)
    return LoadedWeights(WEIGHTS, pages.words, pages.address_bits, zlib.crc32(data))


def output_of(netlist: Netlist, graph: Graph) -> CoreOutput:
    """What the core answers with: a class where the network ends in one, else its integers."""
    stream = netlist.output.stream
    last = graph[graph.outputs[0].node]
    if isinstance(last.op, ArgMax) and stream.elements == 1:
        return CoreOutput.label(graph.types[last.inputs[0]].channels)
    kind = IntType.of(stream.element.datatype)
    shape = _told_shape(graph, last.name)
    return CoreOutput(stream.elements, kind.bits, kind.low < 0, stream.lanes, None, shape)


def _told_shape(graph: Graph, node: str) -> tuple[int, ...]:
    """A tensor's shape, as a chip tells it: flat where it has more dimensions than that tells."""
    shape = graph.types[node].shape
    return shape if len(shape) <= MOST_DIMENSIONS else ()


def _input_type(graph: Graph) -> str:
    element = graph.types[graph.sole_input].element
    if element.step != 1 and element.datatype != "BIPOLAR":
        raise ModelError(
            f"input {graph.sole_input}: counts from {element.low} to {element.high} in steps of {element.step}; "
            "hardware takes steps of 1: fold the step into the first layer's weights"
        )
    return element.datatype


def _text(core: str, netlist: Netlist, kind: str, output: CoreOutput, kept_answers: int) -> str:
    source, sink = netlist.input.stream, netlist.output.stream
    bits = IntType.of(kind).bits
    ends = answer_memory.ENDS if kept_answers else answer_memory.PORTS
    codes = [_code(f"{ends.into}_data[{lane * bits} +: {bits}]", source, kind) for lane in range(source.lanes)]
    pages = pages_of(netlist.units)
    loads = "".join(f",\n        .{port}({port})" for port in LOAD_PORTS) if pages else ""
    settings = connections((setting, wire_of(setting)) for setting in netlist.settings)
    memory = answer_memory.lines(netlist, output, source.lanes * bits, kept_answers)
    fields = _fields("entered", codes, source.bits)
    values = [_value(f"codes[{lane * sink.bits} +: {sink.bits}]", sink, output) for lane in range(sink.lanes)]
    return f"""// Generated. Packed input vectors in, answers out; ready/valid, see toolchain/results/core.py.
module {TOP} (
    input clk,
    input rst,
    input [{source.lanes * bits - 1}:0] in_data,
    input in_valid,
    output in_ready,
    output [{output.width - 1}:0] out_data,
    output out_valid,
    input out_ready{LOADING.format(top=pages.address_bits - 1) if pages else ""}{port_lines(netlist.settings)}
);
    wire [{sink.width - 1}:0] codes;
{memory}{fields}{_fields("answered", values, output.bits)}    assign {ends.out}_data = answered;
    {core} core (
        .clk(clk), .rst_n(!rst),
        .in_tdata(entered), .in_tvalid({ends.into}_valid), .in_tready({ends.into}_ready),
        .out_tdata(codes), .out_tvalid({ends.out}_valid), .out_tready({ends.out}_ready){loads}{settings}
    );
endmodule
"""


def _fields(name: str, fields: list[str], bits: int) -> str:
    """A wire whose fields of so many bits are expressions, cut to their width."""
    lines = [f"    wire [{len(fields) * bits - 1}:0] {name};\n"]
    lines += [f"    assign {name}[{index * bits} +: {bits}] = {text};\n" for index, text in enumerate(fields)]
    return "".join(lines)


def _code(wire: str, stream: Stream, kind: str) -> str:
    """The code of a value on a wire, in two's complement where the type is signed; BIPOLAR is a code already."""
    low, bits = stream.element.low, IntType.of(kind).bits
    return wire if kind == "BIPOLAR" else _added(wire, -low, bits)


def _value(wire: str, stream: Stream, output: CoreOutput) -> str:
    """The value of a code on a wire: an integer of the answer's width."""
    element = stream.element
    scaled = wire if element.step == 1 else f"({output.bits}'d{element.step} * {wire})"
    return _added(scaled, element.low, output.bits)


def _added(wire: str, constant: int, bits: int) -> str:
    """A sum modulo 2**bits; half the range flips the top bit, for which synthesis would build a carry chain."""
    constant %= 1 << bits
    if constant == 0:
        return wire
    return f"{wire} {'^' if constant == 1 << (bits - 1) else '+'} {bits}'d{constant}"
