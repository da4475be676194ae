"""A core as units and the FIFOs between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from hls.units.stream import Stream
from hls.units.unit import Unit
from toolchain.device.link.settings import MOST, Setting
from toolchain.errors import ModelError

SmallRam = Literal["distributed", "registers"]
"""How small memories are made: in LUTs, or of flip-flops where LUTs hold none."""

SHALLOW: dict[SmallRam, int] = {"distributed": 16, "registers": 1}
"""Places of a FIFO that nothing asks more of: as many as a LUT memory has, or one."""


INPUT, OUTPUT = "input", "output"
"""What messages call the core's ends."""


@dataclass(frozen=True)
class Fifo:
    """What lies between an output and an input.

    Attributes:
        source: index of the unit and of its output; None: the core's own input.
        sink: index of the unit and of its input; None: the core's own output.
        depth: places.
        block: whether the beats lie in block RAM, which takes a clock more.
    """

    stream: Stream
    source: tuple[int, int] | None
    sink: tuple[int, int] | None
    depth: int = SHALLOW["distributed"]
    block: bool = False

    @property
    def delay(self) -> int:
        """Clocks from a push to the clock in which the beat can leave."""
        return 2 if self.block else 1


@dataclass(frozen=True)
class Netlist:
    """Units in the order of the data, and FIFOs. Every output of a unit feeds one input.

    Attributes:
        stages: for each unit the tensor of the stage that it is part of.
        small_ram: how the device makes small memories, those of FIFOs too.
        shared: names of units whose ROMs lie in one memory; see `hls.shared_roms`.
    """

    units: tuple[Unit, ...]
    fifos: tuple[Fifo, ...]
    stages: tuple[str, ...] = ()
    small_ram: SmallRam = "distributed"
    shared: tuple[tuple[str, str], ...] = ()

    @property
    def interval(self) -> int:
        """Clocks between inferences at least: those of the slowest unit, or of the beats that come in."""
        return max(self.input.stream.beats, self.output.stream.beats, *(unit.cycles for unit in self.units))

    @property
    def settings(self) -> tuple[Setting, ...]:
        """What a host may change in the units, each once, with its number.

        Raises:
            ModelError: two of one name differ, or there are too many.
        """
        found: dict[str, Setting] = {}
        for setting in (setting for unit in self.units for setting in unit.settings.values()):
            if found.setdefault(setting.name, setting) != setting:
                raise ModelError(f"setting {setting.name}: two units take it as {found[setting.name]} and {setting}")
        if len(found) > MOST:
            raise ModelError(f"{len(found)} settings; a chip has {MOST} at most")
        return tuple(replace(setting, number=number) for number, setting in enumerate(found.values()))

    @property
    def input(self) -> Fifo:
        """The FIFO behind the core's input."""
        return next(fifo for fifo in self.fifos if fifo.source is None)

    @property
    def output(self) -> Fifo:
        """The FIFO before the core's output."""
        return next(fifo for fifo in self.fifos if fifo.sink is None)

    def name(self, fifo: Fifo) -> str:
        """What messages call it: the unit before and the unit behind."""
        before = INPUT if fifo.source is None else self.units[fifo.source[0]].name
        behind = OUTPUT if fifo.sink is None else self.units[fifo.sink[0]].name
        return f"{before} to {behind}"

    def ends(self, fifo: Fifo) -> tuple[str, str]:
        """The stages before and behind a FIFO."""
        before = INPUT if fifo.source is None else self.stages[fifo.source[0]]
        return before, OUTPUT if fifo.sink is None else self.stages[fifo.sink[0]]

    @property
    def shallow(self) -> int:
        """Places of a FIFO that nothing asks more of."""
        return SHALLOW[self.small_ram]

    def made_of(self, small_ram: SmallRam) -> Netlist:
        """The same with other small memories, all FIFOs shallow."""
        fifos = tuple(replace(fifo, depth=SHALLOW[small_ram], block=False) for fifo in self.fifos)
        return replace(self, fifos=fifos, small_ram=small_ram)

    def in_one_port(self, names: Iterable[str]) -> Netlist:
        """The same with the memories of some units in large RAMs of one port, which those units must be able to use."""
        chosen = set(names)
        made = {unit.name: unit.in_one_port() for unit in self.units if unit.name in chosen and unit.in_one_port}
        return replace(self, units=tuple(made.get(unit.name, unit) for unit in self.units))

    def sharing(self, pairs: Sequence[tuple[str, str]]) -> Netlist:
        """The same with the ROMs of each pair of units in one memory, which those units must be able to use."""
        outside = {name for pair in pairs for name in pair}
        units = tuple(unit.with_rom_outside() if unit.name in outside else unit for unit in self.units)
        return replace(self, units=units, shared=tuple(pairs))

    def with_depths(self, depths: Mapping[int, tuple[int, bool]]) -> Netlist:
        """The same with other depths, each with whether it lies in block RAM, by the FIFO's index."""
        fifos = list(self.fifos)
        for index, (depth, block) in depths.items():
            fifos[index] = replace(fifos[index], depth=depth, block=block)
        return replace(self, fifos=tuple(fifos))


@dataclass(frozen=True)
class Wire:
    """An output that waits to be taken: a unit's, or the core's input (None)."""

    stream: Stream
    source: tuple[int, int] | None


class Wiring:
    """Collects units; every wire is taken once."""

    def __init__(self) -> None:
        self.units: list[Unit] = []
        self._stages: list[str] = []
        self._fifos: list[Fifo] = []
        self._open: list[Wire] = []

    def input(self, stream: Stream) -> Wire:
        """The core's input."""
        return self._opened(Wire(stream, None))

    def add(self, unit: Unit, *wires: Wire) -> tuple[Wire, ...]:
        """A unit behind wires; returns its outputs, which carry no tensor until `carries` says so.

        Raises:
            ModelError: a wire carries another stream than the unit takes, or has been taken.
        """
        index = len(self.units)
        if len(wires) != len(unit.inputs):
            raise ModelError(f"unit {unit.name}: takes {len(unit.inputs)} streams, {len(wires)} are given")
        for port, (wire, stream) in enumerate(zip(wires, unit.inputs, strict=True)):
            self._join(wire, (index, port), stream, unit.name)
        self.units.append(unit)
        opened = (Wire(replace(stream, tensor=None), (index, port)) for port, stream in enumerate(unit.outputs))
        return tuple(map(self._opened, opened))

    def belongs(self, stage: str) -> None:
        """All units added since this was last said are part of a stage, named by its tensor."""
        self._stages += [stage] * (len(self.units) - len(self._stages))

    def carries(self, wire: Wire, tensor: str) -> Wire:
        """The same wire, known to carry a whole tensor of the graph."""
        self._open = [other for other in self._open if other is not wire]
        return self._opened(replace(wire, stream=replace(wire.stream, tensor=tensor)))

    def end(self, wire: Wire) -> Netlist:
        """The core whose output is `wire`.

        Raises:
            ModelError: another wire leads nowhere.
        """
        self._join(wire, None, wire.stream, OUTPUT)
        if self._open:
            raise ModelError(f"unit {self._before(self._open[0])}: its output leads nowhere")
        return Netlist(tuple(self.units), tuple(self._fifos), tuple(self._stages))

    def _opened(self, wire: Wire) -> Wire:
        self._open.append(wire)
        return wire

    def _before(self, wire: Wire) -> str:
        return INPUT if wire.source is None else self.units[wire.source[0]].name

    def _join(self, wire: Wire, sink: tuple[int, int] | None, stream: Stream, name: str) -> None:
        place = next((i for i, other in enumerate(self._open) if other is wire), None)
        if place is None:
            raise ModelError(f"unit {name}: the output of {self._before(wire)} is taken twice; put a fork between")
        if replace(wire.stream, tensor=None) != replace(stream, tensor=None):
            raise ModelError(f"unit {name}: takes {stream}, {self._before(wire)} yields {wire.stream}")
        del self._open[place]
        self._fifos.append(Fifo(wire.stream, wire.source, sink))
