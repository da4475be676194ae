"""Cores of units that only have tokens."""

from __future__ import annotations

import numpy as np

from hls.netlist import Netlist, Wire, Wiring
from hls.units.stream import Stream
from hls.units.tokens import Hold, Take, Tokens, every, first_of, last_of
from hls.units.unit import Unit
from toolchain.graph.types import IntType


def stream(beats: int) -> Stream:
    """Bytes, one a beat."""
    return Stream(IntType(0, 255), 1, beats)


def slow(name: str, beats: int, clocks: int, latency: int = 0) -> Unit:
    """A unit that needs `clocks` operations for each beat."""
    tokens = Tokens((Take(first_of(beats, clocks)),), last_of(beats, clocks), latency)
    return Unit(name, "none", {}, (stream(beats),), (stream(beats),), beats * clocks, lambda: tokens)


def held(words: int, each: int, *, reads: int | None = None, one_port: bool = False) -> Unit:
    """A unit that holds a word of its input for `each` operations, of the first `reads` words alone."""
    read = words if reads is None else reads
    operation = np.arange(read * each, dtype=np.int32) // each
    frees = operation + last_of(read, each)
    frees[-1] = words
    hold = Hold(4, every(words), operation + 1, frees.astype(np.int32), one_port)
    tokens = Tokens((hold,), last_of(read, each), 1)
    return Unit("held", "none", {}, (stream(words),), (stream(read),), tokens.cycles, lambda: tokens)


def chain(*units: Unit) -> Netlist:
    """Units one behind the other."""
    wiring = Wiring()
    wire = wiring.input(units[0].inputs[0])
    for unit in units:
        (wire,) = wiring.add(unit, wire)
    return wiring.end(wire)


def residual(beats: int, ahead: int, capacity: int) -> Netlist:
    """A branch that waits for `ahead` beats and one that does not, and their sum."""
    wiring = Wiring()
    long, short = _forked(wiring, beats)
    (long,) = wiring.add(_waiting(beats, ahead, capacity), long)
    add = Tokens((Take(every(beats)), Take(every(beats))), every(beats), 1)
    both = (stream(beats), stream(beats))
    (out,) = wiring.add(Unit("add", "none", {}, both, (stream(beats),), beats, lambda: add), long, short)
    return wiring.end(out)


def _forked(wiring: Wiring, beats: int) -> tuple[Wire, ...]:
    fork = Tokens((Take(every(beats)),), every(beats), 0)
    unit = Unit("fork", "none", {}, (stream(beats),), (stream(beats), stream(beats)), beats, lambda: fork)
    return wiring.add(unit, wiring.input(stream(beats)))


def _waiting(beats: int, ahead: int, capacity: int) -> Unit:
    operation = np.arange(beats, dtype=np.int32)
    hold = Hold(capacity, every(beats), np.minimum(operation + ahead, beats), operation + 1)
    tokens = Tokens((hold,), every(beats), 2)
    return Unit("window", "none", {}, (stream(beats),), (stream(beats),), beats, lambda: tokens)
