"""Simulates the tokens of a core: interval, latency and how full each FIFO gets, without Verilog and without values."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from hls.cache import cache_folder
from hls.netlist import Netlist
from hls.units.tokens import Flags, Hold, Take, Tokens
from hls.units.unit import Unit
from toolchain.errors import ToolError

SOURCE = Path(__file__).parent / "harness" / "tokens.cpp"


@dataclass(frozen=True)
class TokenRun:
    """What a core does, clock by clock.

    Attributes:
        vectors: inferences that came out whole; fewer than asked for where the core stopped.
        latency: clocks from the first beat of a lone vector into the idle core to the last beat of its result.
        interval: clocks between results once the core is full; 0 where it stopped.
        peaks: for each FIFO the most places that were taken at a time.
        taken: for each FIFO the places taken at the end: where a core stopped, a full one says why.
    """

    vectors: int
    latency: int
    interval: float
    peaks: tuple[int, ...]
    taken: tuple[int, ...]


class TokenSimulator:
    """The tokens of one core, for several depths of its FIFOs.

    Attributes:
        latencies: of each unit, clocks from an operation's issue to the push.
    """

    def __init__(self, netlist: Netlist) -> None:
        self._order = _outside_first(netlist)
        tokens = [unit.tokens() for unit in netlist.units]
        self.latencies = tuple(own.latency for own in tokens)
        # All runs read the same file, which goes with the simulator.
        self._units = tempfile.NamedTemporaryFile(prefix="tokens-")  # noqa: SIM115
        self._units.write(_words([len(netlist.fifos), len(netlist.units)]))
        self._units.write(_words([netlist.input.stream.beats, netlist.output.stream.beats]))
        for index, own in enumerate(tokens):
            self._units.writelines(_unit(netlist, self._order, index, own))
        self._units.flush()

    def run(self, netlist: Netlist, vectors: int = 6, *, lone: bool = True) -> TokenRun:
        """Run a lone vector, then the others as fast as they are taken.

        Args:
            netlist: the simulator's own, with any depths.
            lone: without it all vectors follow each other, and the latency is none of a lone one.

        Raises:
            ToolError: there is no C++ compiler.
        """
        fifos = [word for i in self._order for word in (netlist.fifos[i].depth, netlist.fifos[i].delay)]
        run = _words([vectors, lone, *fifos])
        done = subprocess.run([_program(), self._units.name], input=run, capture_output=True)
        if done.returncode:
            raise ToolError(f"the token simulator failed (exit {done.returncode}); is the machine out of memory?")
        return self._read(done.stdout.decode(), vectors, lone)

    def _read(self, text: str, vectors: int, lone: bool) -> TokenRun:
        first, second = text.splitlines()
        done, begun, *ends = map(int, first.split())
        counts = list(map(int, second.split()))
        peaks, taken = [0] * len(self._order), [0] * len(self._order)
        for place, index in enumerate(self._order):
            peaks[index], taken[index] = counts[2 * place : 2 * place + 2]
        latency = ends[0] - begun if ends else 0
        return TokenRun(done, latency, _interval(ends, vectors, lone), tuple(peaks), tuple(taken))


def _interval(ends: list[int], vectors: int, lone: bool) -> float:
    """Of the later half of all vectors that followed each other."""
    start, end = lone + (vectors - lone) // 2, vectors - 1
    return (ends[end] - ends[start]) / (end - start) if len(ends) == vectors and end > start else 0.0


def _outside_first(netlist: Netlist) -> list[int]:
    """Indices of the FIFOs: the one from outside, the one to outside, all others."""
    ends = [netlist.fifos.index(netlist.input), netlist.fifos.index(netlist.output)]
    return ends + [i for i in range(len(netlist.fifos)) if i not in ends]


def _unit(netlist: Netlist, order: list[int], index: int, tokens: Tokens) -> Iterator[bytes]:
    places = {i: place for place, i in enumerate(order)}
    behind = [places[i] for i, fifo in enumerate(netlist.fifos) if fifo.source and fifo.source[0] == index]
    before = {fifo.sink[1]: places[i] for i, fifo in enumerate(netlist.fifos) if fifo.sink and fifo.sink[0] == index}
    _must_suit(netlist.units[index], tokens)
    head = [tokens.latency, tokens.operations, len(tokens.inputs), len(behind), *behind]
    yield _words(head)
    yield _flags(tokens.yields)
    for port, taken in enumerate(tokens.inputs):
        yield from _input(before[port], taken)


def _input(fifo: int, taken: Take | Hold) -> Iterator[bytes]:
    if isinstance(taken, Take):
        yield _words([fifo, 0])
        yield _flags(taken.at)
        return
    ahead = max(0, int((taken.frees - taken.needs).max()))
    yield _words([fifo, 2 if taken.one_port else 1, taken.capacity, ahead, len(taken.takes)])
    yield _flags(taken.takes)
    yield _words(taken.needs)
    yield _words(taken.frees)


def _must_suit(unit: Unit, tokens: Tokens) -> None:
    """Hold a unit's tokens against its streams: what it says it takes and yields is what comes and goes."""
    for hold in (taken for taken in tokens.inputs if isinstance(taken, Hold)):
        freed = np.concatenate([[0], hold.frees[:-1]])
        if (hold.needs - freed).max() > hold.capacity:
            raise AssertionError(f"unit {unit.name}: holds {hold.capacity} words where an operation needs more")
    beats = [int((t.at if isinstance(t, Take) else t.takes).sum()) for t in tokens.inputs]
    said = [stream.beats for stream in unit.inputs]
    yielded = {int(tokens.yields.sum())}
    if beats != said or tokens.cycles != unit.cycles or yielded != {s.beats for s in unit.outputs}:
        raise AssertionError(
            f"unit {unit.name}: its tokens take {beats} and yield {yielded} beats in {tokens.cycles} clocks; its "
            f"streams say {said}, {[s.beats for s in unit.outputs]} and {unit.cycles}"
        )


def _flags(values: Flags) -> bytes:
    """Filled up to whole words."""
    return np.pad(values.astype(np.uint8), (0, -len(values) % 4)).tobytes()


def _words(values: object) -> bytes:
    return np.asarray(values, np.int32).tobytes()


@cache
def _program() -> Path:
    """The compiled simulator, kept in the person's cache."""
    compiler = shutil.which("g++")
    if compiler is None:
        raise ToolError("g++ is missing; install it with `make system-deps` (apt-get install g++ make)")
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    target = cache_folder("tokens") / f"tokens-{digest}"
    if not target.is_file():
        _compile(compiler, target)
    return target


def _compile(compiler: str, target: Path) -> None:
    """Compile beside the target, then move, so that others never see half a program."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".half-") as folder:
        program = Path(folder) / "tokens"
        done = subprocess.run([compiler, "-O3", "-o", program, SOURCE], capture_output=True, text=True)
        if done.returncode:
            raise ToolError(f"g++ failed on {SOURCE.name}: {done.stderr.strip()[-400:]}")
        os.replace(program, target)
