"""The Verilog of a core of units: its top, its ROM files, and what its simulation compares."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from hls.netlist import Fifo, Netlist
from hls.pack import write_rom
from hls.stream import Stream as Axi
from hls.stream import StreamCore
from hls.units.stream import Stream
from hls.units.unit import Unit

LIBRARY = Path(__file__).parent / "rtl"

TOP = "gateweave_core"


def write_core(netlist: Netlist, rtl_dir: Path) -> StreamCore:
    """Write the Verilog and ROM files of a core into `rtl_dir`.

    The core has the streams ``in`` and ``out`` of the netlist's input and output.
    """
    rtl_dir.mkdir(parents=True, exist_ok=True)
    for unit in netlist.units:
        for rom in unit.roms:
            write_rom(rtl_dir / rom_file(unit, rom.parameter), rom.words, rom.width)
    modules = sorted({"fifo", *(m for unit in netlist.units for m in (unit.module, *unit.uses))})
    for module in modules:
        shutil.copyfile(LIBRARY / f"{module}.v", rtl_dir / f"{module}.v")
    (rtl_dir / f"{TOP}.v").write_text(core_text(netlist))
    return StreamCore(
        top=TOP,
        sources=(f"{TOP}.v", *(f"{module}.v" for module in modules)),
        input=_axi(netlist.input.stream, "in"),
        layers=(*_taps(netlist), _axi(netlist.output.stream, "out")),
        initiation_interval=netlist.interval,
        clock="clk",
        reset="rst_n",
    )


def rom_file(unit: Unit, parameter: str) -> str:
    """Name of the file of a unit's ROM."""
    return f"{unit.name}_{parameter.lower().removesuffix('_file')}.hex"


def core_text(netlist: Netlist) -> str:
    """Verilog of the top: FIFOs, units, and a stream of its own name for every tensor."""
    parts = [_header(netlist)]
    parts += [_fifo(index, fifo) for index, fifo in enumerate(netlist.fifos)]
    parts += [_unit(netlist, index) for index in range(len(netlist.units))]
    parts += [_ports(netlist), "endmodule\n"]
    return "".join(parts)


def _header(netlist: Netlist) -> str:
    return f"""// Generated. Codes of one tensor in, those of the result out; AXI4-Streams, see hls/netlist.py.
module {TOP} (
    input clk,
    input rst_n,
    input [{netlist.input.stream.width - 1}:0] in_tdata,
    input in_tvalid,
    output in_tready,
    output [{netlist.output.stream.width - 1}:0] out_tdata,
    output out_tvalid,
    input out_tready
);
    wire rst = !rst_n;
"""


def _fifo(index: int, fifo: Fifo) -> str:
    """FIFO ``f<i>`` and its wires: ``p<i>_`` where beats come in, ``t<i>_`` where they leave."""
    top = fifo.stream.width - 1
    parameters = f".WIDTH({top + 1}), .DEPTH({fifo.depth}), .BLOCK({int(fifo.block)})"
    return f"""
    wire p{index}_room, p{index}_reserve, p{index}_push, t{index}_tvalid, t{index}_tready;
    wire [{top}:0] p{index}_data, t{index}_tdata;
    fifo #({parameters}) f{index} (
        .clk(clk), .rst(rst), .in_room(p{index}_room), .in_reserve(p{index}_reserve), .in_push(p{index}_push),
        .in_data(p{index}_data), .out_valid(t{index}_tvalid), .out_ready(t{index}_tready), .out_data(t{index}_tdata)
    );
"""


def _unit(netlist: Netlist, index: int) -> str:
    unit = netlist.units[index]
    values = {**unit.parameters, **{rom.parameter: f'"{rom_file(unit, rom.parameter)}"' for rom in unit.roms}}
    parameters = ", ".join(f".{key}({value})" for key, value in values.items())
    ports = ", ".join([".clk(clk)", ".rst(rst)", *_connections(netlist, index)])
    return f"\n    {unit.module} #({parameters}) {unit.name} (\n        {ports}\n    );\n"


def _connections(netlist: Netlist, index: int) -> Iterator[str]:
    unit = netlist.units[index]
    for i, fifo in enumerate(netlist.fifos):
        if fifo.sink and fifo.sink[0] == index:
            name = port_name("in", fifo.sink[1], len(unit.inputs))
            for part in ("data", "valid", "ready"):
                yield f".{name}_{part}(t{i}_t{part})"
        if fifo.source and fifo.source[0] == index:
            name = port_name("out", fifo.source[1], len(unit.outputs))
            for part in ("data", "push", "reserve", "room"):
                yield f".{name}_{part}(p{i}_{part})"


def port_name(side: str, port: int, ports: int) -> str:
    """Name of a unit's input or output: a sole one has no number."""
    return side if ports == 1 else f"{side}{port}"


def _ports(netlist: Netlist) -> str:
    source, sink = netlist.fifos.index(netlist.input), netlist.fifos.index(netlist.output)
    return f"""
    assign in_tready = p{source}_room;
    assign p{source}_reserve = in_tvalid && in_tready;
    assign p{source}_push = p{source}_reserve;
    assign p{source}_data = in_tdata;
    assign out_tdata = t{sink}_tdata;
    assign out_tvalid = t{sink}_tvalid;
    assign t{sink}_tready = out_tready;
"""


def _taps(netlist: Netlist) -> list[Axi]:
    """The streams inside that carry a whole tensor of the graph, one a tensor."""
    streams: dict[str, Axi] = {}
    for index, fifo in enumerate(netlist.fifos):
        tensor = fifo.stream.tensor
        if tensor is not None and tensor not in streams and fifo.sink is not None:
            streams[tensor] = _axi(fifo.stream, f"t{index}")
    return list(streams.values())


def _axi(stream: Stream, wires: str) -> Axi:
    name = stream.tensor or wires
    return Axi(name, wires, stream.elements, stream.bits, False, stream.lanes, stream.width)
