"""Parts of a core that rest: what only later stages of a network that decides need is not clocked meanwhile.

Such a part lies between gates and a decision; its modules are those of the library with an enable, see
`hls.clock_enable`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hls.netlist import Fifo, Netlist

SOURCES = ("rests.v", "loop_end.v")
"""Files of what says whether a part has work."""

_GATE, _DECIDE, _FORK = "gate", "decide", "fork_beats"
_FLAG, _LATER = 1, 2
"""Inputs: of a gate its flag, behind the beats; of a decision, whose flag is its first, the later answer."""


@dataclass(frozen=True)
class Part:
    """A part that rests.

    Attributes:
        units: their indices.
        gates: the gates before it, by index; an inference enters by the first.
        decide: the decision that waits for its answer.
    """

    units: frozenset[int]
    gates: tuple[int, ...]
    decide: int


@dataclass(frozen=True)
class Resting:
    """All such parts of a core, numbered from 1."""

    netlist: Netlist
    parts: tuple[Part, ...]

    def wire(self, unit: int | None) -> str | None:
        """The clock enable of a unit; None: it has none, as the core's ends."""
        found = (number for number, part in enumerate(self.parts, 1) if unit in part.units)
        return next((f"awake{number}" for number in found), None)

    def of(self, fifo: Fifo) -> tuple[str | None, str | None]:
        """The clock enables of the units before and behind a FIFO; a FIFO rests where they are one."""
        before, behind = (self.wire(place[0] if place else None) for place in (fifo.source, fifo.sink))
        return before, behind

    @property
    def declarations(self) -> Iterator[str]:
        """Verilog of the wires of the clock enables."""
        return (f"    wire awake{number};" for number, _ in enumerate(self.parts, 1))

    def text(self, ready: Mapping[tuple[int, int], str], valid: Mapping[tuple[int, int], str]) -> Iterator[str]:
        """Verilog that drives the clock enables.

        Args:
            ready, valid: wires of the handshake of each unit's input.
        """
        for number, part in enumerate(self.parts, 1):
            flag, later = (part.gates[0], _FLAG), (part.decide, _LATER)
            name = self.netlist.units[part.gates[0]].name
            waiting = [valid[fifo.sink] for fifo in self.netlist.fifos if fifo.sink and self._enters(part, fifo)]
            beats = self.netlist.units[part.decide].inputs[_LATER].beats
            yield f"""    // Part {number}, behind {name}, is clocked while it has work.
    rests #(.BEATS({beats})) rest{number} (
        .clk(clk), .rst(rst), .wanted({" || ".join(waiting)}),
        .enters({valid[flag]} && {ready[flag]} && !{name}_in{_FLAG}_data),
        .leaves({valid[later]} && {ready[later]}), .awake(awake{number})
    );
"""

    @staticmethod
    def _enters(part: Part, fifo: Fifo) -> bool:
        before, behind = (place[0] if place else None for place in (fifo.source, fifo.sink))
        return behind in part.units and before not in part.units


def resting(netlist: Netlist) -> Resting:
    """The parts of a core that rest; none where weights are loaded or shared, which go on without an enable."""
    flags = {index: _flag_of(netlist, index, _FLAG) for index in _of(netlist, _GATE)}
    ends = {_flag_of(netlist, index, 0): index for index in _of(netlist, _DECIDE)}
    found = []
    for flag in dict.fromkeys(flags.values()):
        gates = tuple(gate for gate, own in flags.items() if own == flag)
        units = _behind(netlist, gates)
        if flag in ends and units and not any(_needs_its_clock(netlist, unit) for unit in units):
            found.append(Part(units, gates, ends[flag]))
    return Resting(netlist, tuple(_apart(found)))


def _of(netlist: Netlist, module: str) -> Iterator[int]:
    return (index for index, unit in enumerate(netlist.units) if unit.module == module)


def _flag_of(netlist: Netlist, unit: int, port: int) -> int:
    """The unit whose flag comes in at a port."""
    source = next(fifo.source for fifo in netlist.fifos if fifo.sink == (unit, port))
    assert source is not None, "a flag comes from a unit"
    return _flag_of(netlist, source[0], 0) if netlist.units[source[0]].module == _FORK else source[0]


def _behind(netlist: Netlist, gates: tuple[int, ...]) -> frozenset[int]:
    """What takes beats that came by gates, as far as other gates and decisions."""
    found: set[int] = set()
    heads = set(gates)
    while heads:
        sinks = {fifo.sink[0] for fifo in netlist.fifos if fifo.sink and fifo.source and fifo.source[0] in heads}
        heads = {unit for unit in sinks - found if netlist.units[unit].module not in {_GATE, _DECIDE}}
        found |= heads
    return frozenset(found)


def _needs_its_clock(netlist: Netlist, index: int) -> bool:
    unit = netlist.units[index]
    return bool(unit.loaded or unit.outside)


def _apart(parts: list[Part]) -> Iterator[Part]:
    """Those that have no unit with another."""
    return (part for part in parts if not any(part.units & other.units for other in parts if other is not part))
