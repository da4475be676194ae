"""A core that keeps earlier answers: the unit between its ports and its network, the memory and the clocks it takes."""

from __future__ import annotations

from typing import NamedTuple

from hls.netlist import Netlist
from hls.settings import wire_of
from hls.units.unit import Memory
from toolchain.results.core import CoreOutput

SOURCES = ("answer_memory.v",)
"""Modules of the library that such a core uses besides."""

LUT, FF = 500, 260
"""What it takes besides its memories, rounded up: synthesised for iCE40 with 784 beats of a byte; on ECP5 350 LUTs."""

_LIST_BITS = 17  # of an entry of its list, besides where the vector and its answer lie
_CLOCKS = 8


class Ends(NamedTuple):
    """What the wires to and from the network begin with."""

    into: str
    out: str


PORTS, ENDS = Ends("in", "out"), Ends("to_network", "from_network")
"""Those of a core that keeps no answers, and of one that does."""

_INSTANCE = """\
    wire to_network_valid, to_network_ready, from_network_valid, from_network_ready;
    wire [{in_width_top}:0] to_network_data;
    wire [{out_width_top}:0] from_network_data;
{forget}    answer_memory #(
        .IN_WIDTH({in_width}), .IN_BEATS({in_beats}), .OUT_WIDTH({out_width}), .OUT_BEATS({out_beats}),
        .PLACES({places})
    ) earlier (
        .clk(clk), .rst(rst), .forget(forget),
        .in_data(in_data), .in_valid(in_valid), .in_ready(in_ready),
        .out_data(out_data), .out_valid(out_valid), .out_ready(out_ready),
        .to_data(to_network_data), .to_valid(to_network_valid), .to_ready(to_network_ready),
        .from_data(from_network_data), .from_valid(from_network_valid), .from_ready(from_network_ready));
"""

_FORGET = """\
    reg [{top}:0] settings = 0;  // with others the network answers otherwise
    wire [{top}:0] settings_now = {{{names}}};
    wire forget = settings != settings_now;
    always @(posedge clk) settings <= settings_now;
"""


def lines(netlist: Netlist, output: CoreOutput, in_width: int, places: int) -> str:
    """Verilog of the memory in a core's top; nothing where it has none.

    Args:
        in_width: bits of a beat that comes in.
    """
    if not places:
        return ""
    bits = sum(setting.bits for setting in netlist.settings)
    names = ", ".join(wire_of(setting) for setting in netlist.settings)
    return _INSTANCE.format(
        in_width=in_width,
        in_width_top=in_width - 1,
        in_beats=netlist.input.stream.beats,
        out_width=output.width,
        out_width_top=output.width - 1,
        out_beats=output.beats,
        places=places,
        forget=_FORGET.format(top=bits - 1, names=names) if bits else "    wire forget = 1'b0;\n",
    )


def memories(places: int, vector: Memory, answer: Memory) -> tuple[Memory, ...]:
    """Words and bits of each memory, where so many answers are kept; of vectors and answers that have such beats."""
    if not places:
        return ()
    kept = [(places * words, bits) for words, bits in (vector, answer)]
    return (vector, *kept, (places, _LIST_BITS + sum((words - 1).bit_length() for words, _ in kept)))


def clocks(in_beats: int, places: int) -> int:
    """Clocks that it may add to an inference: one vector of the same hash is compared, too."""
    return 2 * in_beats + 3 * places + _CLOCKS
