"""The netlist of a graph whose stages have been chosen: units, and what lies between them."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from hls.netlist import INPUT, Netlist, Wire, Wiring
from hls.units import fork, width
from hls.units.stage import Option, Stage
from hls.units.stream import Stream
from hls.weight_loading import with_pages
from toolchain.errors import ModelError
from toolchain.graph.graph import Graph


def build_netlist(graph: Graph, stages: Sequence[Stage], chosen: Mapping[str, Option], output: str) -> Netlist:
    """Units of all stages, with forks and changes of lanes between them; FIFOs as shallow as they come.

    Args:
        chosen: for each stage's tensor the option to build.
        output: the tensor that leaves.

    Raises:
        ModelError: the graph has several inputs, or streams that cannot be joined.
    """
    return _Builder(graph, stages, output).run(stages, chosen)


class _Builder:
    def __init__(self, graph: Graph, stages: Sequence[Stage], output: str) -> None:
        self._graph, self._output = graph, output
        self._wiring = Wiring()
        self._number = 0
        self._takers = Counter([*(tensor for stage in stages for tensor in stage.takes), output])
        self._wires: dict[str, list[Wire]] = defaultdict(list)

    def run(self, stages: Sequence[Stage], chosen: Mapping[str, Option]) -> Netlist:
        self._enter(_first_lanes(self._graph.sole_input, stages, chosen))
        for stage in stages:
            option = chosen[stage.tensor]
            pairs = zip(stage.takes, option.takes, strict=True)
            self._stage(stage, option, [self._taken(tensor, lanes) for tensor, lanes in pairs])
        return with_pages(self._wiring.end(self._wires[self._output].pop()))

    def _enter(self, lanes: int) -> None:
        name = self._graph.sole_input
        x = self._graph.types[name]
        self._spread(name, self._wiring.input(Stream(x.element, lanes, x.size // lanes, name)))

    def _stage(self, stage: Stage, option: Option, wires: list[Wire]) -> None:
        wire = option.build(self._name(stage.tensor), self._wiring, wires)
        self._wiring.belongs(stage.tensor)
        self._spread(stage.tensor, self._wiring.carries(wire, stage.tensor))

    def _spread(self, tensor: str, wire: Wire) -> None:
        """One wire for each that takes the tensor."""
        takers = self._takers[tensor]
        if takers == 0:
            raise ModelError(f"{tensor}: nothing takes it; remove it from the graph")
        if takers > 1:
            unit = fork.build(self._name(f"{tensor}_fork"), wire.stream, takers)
            self._wires[tensor] += self._wiring.add(unit, wire)
            self._wiring.belongs(INPUT if tensor == self._graph.sole_input else tensor)
        else:
            self._wires[tensor].append(wire)

    def _taken(self, tensor: str, lanes: int) -> Wire:
        wire = self._wires[tensor].pop(0)
        for between in _steps(wire.stream.lanes, lanes):
            unit = width.build(self._name(f"{tensor}_width"), wire.stream, between)
            (wire,) = self._wiring.add(unit, wire)
        return wire

    def _name(self, text: str) -> str:
        """A Verilog name of its own: all that are made of it begin with its number."""
        self._number += 1
        return f"u{self._number}_" + re.sub(r"\W", "_", text, flags=re.ASCII)


def _first_lanes(tensor: str, stages: Iterable[Stage], chosen: Mapping[str, Option]) -> int:
    """Lanes with which the first stage takes a tensor."""
    taken = (pair for stage in stages for pair in zip(stage.takes, chosen[stage.tensor].takes, strict=True))
    return next((lanes for name, lanes in taken if name == tensor), 1)


def _steps(source: int, sink: int) -> list[int]:
    """Lanes to pass through: a change of lanes has a whole ratio."""
    common = math.gcd(source, sink)
    return [lanes for lanes, before in ((common, source), (sink, common)) if lanes != before]
