"""The one test bench of hardware units: every value, and the clock of every beat, with and without pauses.

Several units are simulated side by side in one Verilated model, since compiling takes most of the time. Each stands
between FIFOs; sources and sinks pause as a seed says.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hls.pack import pack, unpack
from hls.units.instance import instance, ports, preloading, sources, write_files
from hls.units.stream import Stream
from hls.units.tokens import Hold
from hls.units.unit import Unit
from hls.verilate import build_model
from tests.sim.hls.units.clocks import Clocks, clocks

HARNESS = Path(__file__).with_name("harness.cpp")
IN_DEPTH = 2
PERIOD = 4096
# Clocks after the last beat, in which nothing more may come.
IDLE = 100
# Verilator gives ports above 64 bits one type.
LEAST_WORDS = 3


@dataclass(frozen=True)
class Case:
    """A unit, the codes that go in and those that must come out.

    Attributes:
        inputs, outputs: one array a stream, shape (inferences, elements of the stream).
        depth: places of the FIFOs behind the unit; None for as many as let it run at full speed.
    """

    unit: Unit
    inputs: Sequence[NDArray[np.int64]]
    outputs: Sequence[NDArray[np.int64]]
    depth: int | None = None

    @property
    def out_depth(self) -> int:
        return self.depth or max(2, self.unit.tokens().latency + 2)


def check(folder: Path, *cases: Case, seeds: Sequence[int] = (0, 1, 2)) -> None:
    """Simulate all units and compare. Seed 0 has no pauses; under it a unit must also keep its `cycles`.

    The units' names must differ.
    """
    streams = [s for case in cases for s in case.unit.inputs], [s for case in cases for s in case.unit.outputs]
    for case in cases:
        write_files(case.unit, folder)
    program = _build(folder, cases)
    for i, (stream, codes) in enumerate(zip(streams[0], (c for case in cases for c in case.inputs), strict=True)):
        _write_beats(folder / f"in{i}.bin", codes, stream)
    for seed in seeds:
        gates = make_gates(seed, len(streams[0]) + len(streams[1]))
        expected = _expect(cases, gates, len(streams[0]))
        _run(program, folder, gates, streams, IDLE + max(e.last for e in expected))
        _compare(cases, expected, folder, f"seed {seed}")
    for case in cases:
        _check_shapes(case.unit)


def make_gates(seed: int, streams: int) -> NDArray[np.bool_]:
    """Which stream may move in which clock of a period, shape (period, streams): all in seed 0."""
    gates = np.ones((PERIOD, streams), np.bool_)
    rng = np.random.default_rng(seed)
    for i in range(streams if seed else 0):
        # Mostly short turns; a long one fills or drains whatever there is.
        lengths = np.where(rng.random(PERIOD) < 0.04, rng.integers(1, 200, PERIOD), rng.integers(1, 5, PERIOD))
        gates[:, i] = np.repeat(np.arange(PERIOD) % 2 == 0, lengths)[:PERIOD]
    return gates


def _expect(cases: Sequence[Case], gates: NDArray[np.bool_], inputs: int) -> list[Clocks]:
    """By `clocks`, each unit with its own streams' gates."""
    found, first_in, first_out = [], 0, inputs
    for case in cases:
        ins, outs = len(case.unit.inputs), len(case.unit.outputs)
        own = gates[:, first_in : first_in + ins], gates[:, first_out : first_out + outs]
        depths = (IN_DEPTH, case.out_depth)
        found.append(clocks(case.unit.tokens(), len(case.outputs[0]), depths, *own))
        first_in, first_out = first_in + ins, first_out + outs
    return found


def _compare(cases: Sequence[Case], expected: Sequence[Clocks], folder: Path, run: str) -> None:
    i = o = 0
    for case, wanted in zip(cases, expected, strict=True):
        where = f"{case.unit.name} ({run})"
        for k in range(len(case.unit.inputs)):
            _same(f"{where}: clocks of beats taken from input {k}", wanted.takes[k], _words(folder / f"take{i}.bin"))
            i += 1
        for k, (stream, codes) in enumerate(zip(case.unit.outputs, case.outputs, strict=True)):
            got = _read_beats(folder / f"out{o}.bin", stream)
            pushes = _words(folder / f"push{o}.bin")
            if _begins_alone(case.unit):
                got, pushes = got[: np.size(codes)], pushes[: len(wanted.pushes)]
            _same(f"{where}: codes of output {k}", np.asarray(codes).reshape(-1), got)
            _same(f"{where}: clocks of beats pushed to output {k}", wanted.pushes, pushes)
            o += 1


def _begins_alone(unit: Unit) -> bool:
    """Whether it yields the padding at the start of the next inference before any of its beats came."""
    return any(isinstance(each, Hold) and not each.takes[0] for each in unit.tokens().inputs)


def _same(what: str, expected: NDArray[np.int64], got: NDArray[np.int64]) -> None:
    shared = min(len(expected), len(got))
    wrong = np.flatnonzero(expected[:shared] != got[:shared])
    first = int(wrong[0]) if len(wrong) else None
    assert first is None, f"{what}: number {first} is {got[first]}, expected {expected[first]}"
    assert len(expected) == len(got), f"{what}: {len(got)}, expected {len(expected)}"


def _check_shapes(unit: Unit) -> None:
    """What a unit says of itself agrees: beats taken, beats yielded, cycles."""
    tokens = unit.tokens()
    assert tokens.cycles == unit.cycles, unit.name
    for taken, stream in zip(tokens.inputs, unit.inputs, strict=True):
        flags = taken.at if hasattr(taken, "at") else taken.takes
        assert int(flags.sum()) == stream.beats, f"{unit.name}: beats taken"
    assert {int(tokens.yields.sum())} == {stream.beats for stream in unit.outputs}, f"{unit.name}: beats yielded"


def _build(folder: Path, cases: Sequence[Case]) -> Path:
    (folder / "bench.v").write_text(bench_text(cases))
    names = dict.fromkeys(name for case in cases for name in sources(case.unit))
    files = [folder / "bench.v", *(folder / name for name in names)]
    return build_model(files, "bench", HARNESS, folder / "work", flags=("-Wno-WIDTH",), optimise=False)


def bench_text(cases: Sequence[Case]) -> str:
    """Verilog of all units between their FIFOs."""
    body: list[str] = []
    counts, words = {"in": 0, "out": 0}, {"in": 0, "out": 0}
    for case in cases:
        body += [instance(case.unit), preloading(case.unit)]
        for port, stream in ports(case.unit):
            kind = port.rstrip("0123456789")
            body.append(_fifo(case, port, stream, counts[kind], words[kind]))
            counts[kind] += 1
            words[kind] += _beat_words(stream)
    ins, outs = 32 * max(words["in"], LEAST_WORDS), 32 * max(words["out"], LEAST_WORDS)
    flags_in, flags_out = (32 * max(-(-counts[kind] // 32), LEAST_WORDS) for kind in ("in", "out"))
    return f"""// Generated.
module bench (
    input clk, input rst,
    input [{ins - 1}:0] in_words, input [{flags_in - 1}:0] in_push, output [{flags_in - 1}:0] in_room,
    output [{flags_in - 1}:0] taken, output [{flags_out - 1}:0] pushed,
    output [{outs - 1}:0] out_words, output [{flags_out - 1}:0] out_valid, input [{flags_out - 1}:0] out_ready
);
    wire load_enable = 1'b0, load_address = 1'b0;
    wire [15:0] load_data = 16'd0;
{"".join(body)}endmodule
"""


def _fifo(case: Case, port: str, stream: Stream, number: int, word: int) -> str:
    name = f"{case.unit.name}_{port}"
    bits = f"[{32 * word + stream.width - 1}:{32 * word}]"
    if port.startswith("in"):
        return f"""    fifo #(.WIDTH({stream.width}), .DEPTH({IN_DEPTH})) {name}_fifo (
        .clk(clk), .rst(rst), .in_room(in_room[{number}]), .in_reserve(in_push[{number}]), .in_push(in_push[{number}]),
        .in_data(in_words{bits}), .out_valid({name}_valid), .out_ready({name}_ready), .out_data({name}_data)
    );
    assign taken[{number}] = {name}_valid && {name}_ready;
"""
    return f"""    fifo #(.WIDTH({stream.width}), .DEPTH({case.out_depth})) {name}_fifo (
        .clk(clk), .rst(rst), .in_room({name}_room), .in_reserve({name}_reserve), .in_push({name}_push),
        .in_data({name}_data),
        .out_valid(out_valid[{number}]), .out_ready(out_ready[{number}]), .out_data(out_words{bits})
    );
    assign pushed[{number}] = {name}_push;
"""


def _run(
    program: Path, folder: Path, gates: NDArray[np.bool_], streams: tuple[list[Stream], list[Stream]], count: int
) -> None:
    gates.astype(np.uint8).tofile(folder / "gates.bin")
    numbers = [count, PERIOD, *map(len, streams), *(_beat_words(s) for some in streams for s in some)]
    done = subprocess.run([program, *map(str, numbers)], cwd=folder, capture_output=True, text=True, timeout=300)
    # A ROM that $readmemh cannot read is only a warning to Verilator.
    assert done.returncode == 0 and "readmem" not in done.stdout + done.stderr, done.stdout + done.stderr


def _beat_words(stream: Stream) -> int:
    return -(-stream.width // 32)


def _write_beats(path: Path, codes: NDArray[np.int64], stream: Stream) -> None:
    codes = np.asarray(codes)
    assert codes.shape[1:] == (stream.elements,), f"{path.name}: codes of shape {codes.shape} for {stream}"
    assert codes.min() >= 0 and int(codes.max()).bit_length() <= stream.bits, f"{path.name}: codes beyond {stream}"
    packed = pack(codes.reshape(-1, stream.lanes), stream.bits)
    np.pad(packed, ((0, 0), (0, -packed.shape[1] % 4))).tofile(path)


def _read_beats(path: Path, stream: Stream) -> NDArray[np.int64]:
    packed = np.fromfile(path, np.uint8).reshape(-1, 4 * _beat_words(stream))
    return unpack(packed, stream.bits, stream.lanes).reshape(-1)


def _words(path: Path) -> NDArray[np.int64]:
    return np.fromfile(path, np.uint32).astype(np.int64)
