"""A node of the graph on its way to hardware: the ways to build it, one of which is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hls.netlist import Wire, Wiring
from hls.units import add
from hls.units.stream import Stream
from hls.units.unit import Needs, Unit
from toolchain.graph.types import IntType

Build = Callable[[str, Wiring, Sequence[Wire]], Wire]
"""Adds units, whose names begin with the one given, behind wires; returns the last's output."""


@dataclass(frozen=True)
class Option:
    """One way to build a stage.

    Attributes:
        name: what a person reads of it, such as ``"PE 4, SIMD 8"``.
        cycles: clocks between inferences at least.
        takes: lanes of each of its inputs.
        yields: lanes of its output.
        build: adds its units behind wires of such lanes.
        factor_bits: unsigned bits that the wider side of the device's multipliers must have; 0: any will do.
    """

    name: str
    cycles: int
    needs: Needs
    takes: tuple[int, ...]
    yields: int
    build: Build
    factor_bits: int = 0


@dataclass(frozen=True)
class Stage:
    """What computes one tensor.

    Attributes:
        tensor: the node whose tensor it yields.
        takes: the nodes whose tensors it takes.
        options: all ways to build it, one or more.
    """

    tensor: str
    takes: tuple[str, ...]
    options: tuple[Option, ...]


def chained(wiring: Wiring, wires: Sequence[Wire], units: Sequence[Unit]) -> Wire:
    """Units one behind the other, the first behind all wires; returns the last's output."""
    for unit in units:
        (wire,) = wiring.add(unit, *wires)
        wires = [wire]
    return wires[0]


def single(make: Callable[[str, Sequence[Stream]], Unit]) -> Build:
    """Adds the one unit that is made of a name and of the streams that it takes."""

    def build(name: str, wiring: Wiring, wires: Sequence[Wire]) -> Wire:
        return chained(wiring, wires, [make(name, [wire.stream for wire in wires])])

    return build


def counted(name: str, wiring: Wiring, wire: Wire, element: IntType) -> Wire:
    """A wire whose codes count as `element` does, with the same values."""
    if wire.stream.element == element:
        return wire
    return chained(wiring, [wire], [add.build(name, [wire.stream], [1], element)])
