"""The Verilog of a core of units: its top, its ROM files, and what its simulation compares."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

from hls.clock_enable import SUFFIX
from hls.netlist import Fifo, Netlist
from hls.pack import write_rom
from hls.resting import SOURCES, Resting, resting
from hls.settings import port_lines
from hls.shared_roms import MODULE, shared_roms
from hls.stream import AXI, StreamCore
from hls.units.instance import LIBRARY, instance, own_roms, ports, preloading, rom_file, sources, write_files
from hls.units.stream import Stream
from hls.weight_loading import pages_of
from toolchain.results.core import Tap

TOP = "gateweave_core"
SHARED_SOURCE = f"{MODULE}.v"

LOADING = """,
    input load_enable,  // weights are written before the first beat
    input [{top}:0] load_address,
    input [15:0] load_data"""
"""Further ports of a core whose weights are loaded."""


def write_core(netlist: Netlist, rtl_dir: Path) -> StreamCore:
    """Write the Verilog and ROM files of a core into `rtl_dir`.

    The core has the streams ``in`` and ``out`` of the netlist's input and output.
    """
    rtl_dir.mkdir(parents=True, exist_ok=True)
    parts = resting(netlist)
    for index, unit in enumerate(netlist.units):
        write_files(unit, rtl_dir, rests=parts.wire(index) is not None)
    for name in SOURCES if parts.parts else ():
        shutil.copyfile(LIBRARY / name, rtl_dir / name)
    for memory in shared_roms(netlist):
        rom = memory.rom
        write_rom(rtl_dir / memory.file, rom.words, rom.width)
    if netlist.shared:
        shutil.copyfile(LIBRARY / SHARED_SOURCE, rtl_dir / SHARED_SOURCE)
    core = describe(netlist)
    (rtl_dir / core.sources[0]).write_text(core_text(netlist))
    return core


def describe(netlist: Netlist) -> StreamCore:
    """What `write_core` writes, for its simulation."""
    shared, parts = (SHARED_SOURCE,) if netlist.shared else (), resting(netlist)
    own = (sources(unit, rests=parts.wire(index) is not None) for index, unit in enumerate(netlist.units))
    more = SOURCES if parts.parts else ()
    return StreamCore(
        top=TOP,
        sources=(f"{TOP}.v", *sorted({*shared, *more, *chain.from_iterable(own)})),
        input=_axi(netlist.input.stream, "in"),
        layers=(*_taps(netlist), _axi(netlist.output.stream, "out")),
        initiation_interval=netlist.interval,
        ports=replace(AXI, clock="clk", reset="rst_n"),
        watched=tuple(f"f{index}.taken" for index in range(len(netlist.fifos))),
        preloading="".join(preloading(unit, "core.") for unit in netlist.units),
        settings=netlist.settings,
    )


def rom_files(netlist: Netlist) -> tuple[str, ...]:
    """Names of all ROM files of a core."""
    own = (rom_file(unit, rom.parameter) for unit in netlist.units for rom in own_roms(unit))
    return (*own, *(memory.file for memory in shared_roms(netlist)))


def core_text(netlist: Netlist) -> str:
    """Verilog of the top: units, and the FIFOs between them; FIFO ``f<i>`` has its beats on ``t<i>_t...``."""
    rests = resting(netlist)
    parts = [_header(netlist), _ports(netlist), *rests.declarations]
    parts += [memory.instance() for memory in shared_roms(netlist)]
    parts += [instance(unit, netlist.small_ram, rests.wire(index)) for index, unit in enumerate(netlist.units)]
    parts += [_fifo(rests, index) for index in range(len(netlist.fifos))]
    parts += _enables(rests)
    parts.append("endmodule\n")
    return "\n".join(parts)


def _enables(rests: Resting) -> Iterator[str]:
    """What drives the clock enables of parts that rest, by the handshakes of the FIFOs."""
    numbered = [(fifo.sink, index) for index, fifo in enumerate(rests.netlist.fifos) if fifo.sink]
    valid, ready = ({sink: f"t{index}_t{part}" for sink, index in numbered} for part in ("valid", "ready"))
    return rests.text(ready, valid)


def _header(netlist: Netlist) -> str:
    pages = pages_of(netlist.units)
    loading = LOADING.format(top=pages.address_bits - 1) if pages else ""
    return f"""// Generated. Codes of one tensor in, those of the result out; AXI4-Streams, see hls/netlist.py.
module {TOP} (
    input clk,
    input rst_n,
    input [{netlist.input.stream.width - 1}:0] in_tdata,
    input in_tvalid,
    output in_tready,
    output [{netlist.output.stream.width - 1}:0] out_tdata,
    output out_tvalid,
    input out_tready{loading}{port_lines(netlist.settings)}
);
    wire rst = !rst_n;
"""


def _fifo(rests: Resting, index: int) -> str:
    """A FIFO; what a unit that rests says does not count, and a FIFO between two such units rests with them."""
    netlist, fifo = rests.netlist, rests.netlist.fifos[index]
    (pushing, taking), rested = rests.of(fifo), ""
    top = fifo.stream.width - 1
    style = "block" if fifo.block else netlist.small_ram
    parameters = f'.WIDTH({top + 1}), .DEPTH({fifo.depth}), .RAM_STYLE("{style}")'
    before, behind = _source(netlist, fifo), _sink(netlist, fifo)
    wires = {f"in_{part}": f"{before}_{part}" for part in ("room", "reserve", "push", "data")}
    wires |= {f"out_{part}": f"t{index}_t{part}" for part in ("valid", "ready", "data")}
    if pushing and pushing == taking:
        wires["awake"], rested = pushing, SUFFIX
    elif pushing:
        wires |= {f"in_{part}": f"{before}_{part} && {pushing}" for part in ("reserve", "push")}
    ready = f"{behind}_ready" + (f" && {taking}" if taking else "")
    ports = ", ".join(f".{port}({wire})" for port, wire in {"clk": "clk", "rst": "rst", **wires}.items())
    return f"""    wire t{index}_tvalid, t{index}_tready;
    wire [{top}:0] t{index}_tdata;
    fifo{rested} #({parameters}) f{index} (
        {ports}
    );
    assign t{index}_tready = {ready};
    assign {behind}_valid = t{index}_tvalid;
    assign {behind}_data = t{index}_tdata;
"""


def _source(netlist: Netlist, fifo: Fifo) -> str:
    """What the wires before a FIFO begin with."""
    return "enter" if fifo.source is None else _port(netlist, "out", fifo.source)


def _sink(netlist: Netlist, fifo: Fifo) -> str:
    """What the wires behind a FIFO begin with."""
    return "leave" if fifo.sink is None else _port(netlist, "in", fifo.sink)


def _port(netlist: Netlist, side: str, place: tuple[int, int]) -> str:
    unit = netlist.units[place[0]]
    ends = [port for port, _ in ports(unit) if port.startswith(side)]
    return f"{unit.name}_{ends[place[1]]}"


def _ports(netlist: Netlist) -> str:
    source, sink = netlist.input.stream.width - 1, netlist.output.stream.width - 1
    return f"""    wire enter_room, enter_reserve, enter_push, leave_valid, leave_ready;
    wire [{source}:0] enter_data;
    wire [{sink}:0] leave_data;
    assign in_tready = enter_room;
    assign enter_reserve = in_tvalid && enter_room;
    assign enter_push = enter_reserve;
    assign enter_data = in_tdata;
    assign out_tdata = leave_data;
    assign out_tvalid = leave_valid;
    assign leave_ready = out_tready;
"""


def _taps(netlist: Netlist) -> list[Tap]:
    """The streams inside that carry a whole tensor of the graph, one a tensor."""
    streams: dict[str, Tap] = {}
    for index, fifo in enumerate(netlist.fifos):
        tensor = fifo.stream.tensor
        if tensor is not None and tensor not in streams and fifo.sink is not None:
            streams[tensor] = _axi(fifo.stream, f"t{index}")
    return list(streams.values())


def _axi(stream: Stream, wires: str) -> Tap:
    name = stream.tensor or wires
    return Tap(name, wires, stream.elements, stream.bits, False, stream.lanes, stream.width)
