"""Simulation of a core between two streams in Verilator, every element compared with the expected integers."""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as strict_dataclass

from hls.activity import toggles_in
from hls.pack import Integers, pack
from hls.settings import connections, literal
from hls.stream import StreamCore
from hls.verilate import build_model
from toolchain.errors import ModelError, ToolError
from toolchain.results.core import Tap

HARNESS = Path(__file__).parent / "harness" / "stream.cpp"

_TOP = "stream_tap"
_GREATEST = "greatest"
_CORE = "core"
# As the harness has it: an interval needs a few.
_LEAST_INFERENCES = 4
# Verilator gives ports above 64 bits one type; all buses of the harness are at least this wide.
_LEAST_WORDS = 3
# Small files and functions compile twice as fast in sum, and run about a tenth slower.
_SPLIT = ("--output-split", "20000", "--output-split-cfuncs", "2000")
_FLAGS = ("--no-timing", "-Wno-lint", "--assert", *_SPLIT)
# Nets of any width; words of memories are left out.
_ACTIVITY = ("--trace-saif", "--trace-max-width", "65536")
_SAIF = "activity.saif"


Carried = NDArray[np.bool_] | None
"""Whether a stream carries each vector, shape (vectors,); None where it carries all."""


@dataclass(frozen=True)
class CoreSimulation:
    """Result of a simulation.

    Attributes:
        compared, equal: input vectors, and those of which every element of every stream was right.
        first_difference: names input index, layer, element, expected and got value, or says where the core hung;
            None where all is equal.
        latency_cycles: from the first beat of a lone vector into the idle core to the last one of its answer.
        initiation_interval: cycles between answers in the steady state, rounded up (0 where it hung). Under
            back-pressure both include the stalls.
        cycles: clock cycles simulated.
        seconds: wall-clock time of the simulation without building it.
        greatest: the greatest values of the registers that were watched.
        toggles: bits of the core's nets that changed, by clock, over all inferences; None where they were not counted.
        inferences: that were run, some vectors several times where there are few.
    """

    compared: int
    equal: int
    first_difference: str | None
    latency_cycles: int
    initiation_interval: int
    cycles: int
    seconds: float
    greatest: tuple[int, ...] = ()
    toggles: int | None = None
    inferences: int = 0


def simulate_stream(
    core: StreamCore,
    rtl_dir: Path,
    x: NDArray[np.generic],
    expected: Iterable[NDArray[np.generic]],
    work_dir: Path,
    *,
    carried: Sequence[Carried] = (),
    backpressure_seed: int | None = None,
    optimise: bool = True,
    flags: Sequence[str] = _FLAGS,
    toggles: bool = False,
) -> CoreSimulation:
    """Run integer vectors through the core in Verilator and compare all its streams.

    With `backpressure_seed`, the input pauses and the output stalls at random. An assertion of the core that fails
    counts as a difference. The model is built once for the same sources in one `work_dir`. Without `optimise` it is
    built sooner and runs slower, for a few vectors.

    Args:
        core: what to simulate.
        rtl_dir: its sources and the files that they read by ``$readmemh``.
        x: inputs, shape (vectors, input elements).
        expected: for each of `core.layers` its vectors, shape (vectors, elements of the layer).
        work_dir: keeps the compiled model and the data of this run.
        carried: for each of `core.layers` the vectors that its stream carries; without any, all carry all.
        flags: further ones of Verilator's.
        toggles: count bits that change, which takes a model of its own that runs many times slower.

    Raises:
        ModelError: a value does not fit its stream.
        ToolError: Verilator is missing or fails.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    carried = carried or [None] * len(core.layers)
    specification = _write_data(core, x, expected, carried, work_dir, backpressure_seed)
    program = _build(core, rtl_dir, work_dir, optimise, (*flags, *(_ACTIVITY if toggles else ())))
    result = work_dir / "result.json"
    result.unlink(missing_ok=True)
    start = time.perf_counter()
    command = [program, specification.resolve(), result.resolve()]
    done = subprocess.run(command, cwd=rtl_dir, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    # A ROM that $readmemh cannot read is only a warning to Verilator.
    if done.returncode != 0 or "readmem" in done.stdout + done.stderr:
        raise ToolError(f"simulation of {core.top} failed: {(done.stderr or done.stdout).strip()[-400:]}")
    greatest = tuple(int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith(_GREATEST))
    summary = _summary(core, len(x), TypeAdapter(_Result).validate_json(result.read_text()), seconds, greatest)
    return replace(summary, toggles=toggles_in((work_dir / _SAIF).read_text(), _CORE)) if toggles else summary


@strict_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class _Result:
    """What the harness writes.

    Attributes:
        surplus: the stream that gave more results than there are inputs; -1: none.
        vectors: that each stream has given.
        assertion: where one of the core's own failed; empty: none did.
        difference: the first one: vector, stream, element, the right code and the wrong one.
    """

    equal: int
    cycles: int
    latency: int
    interval: float
    hung: bool
    surplus: int
    unstable: bool
    vectors: tuple[int, ...]
    assertion: str
    difference: tuple[int, int, int, int, int] | None


def _summary(core: StreamCore, vectors: int, raw: _Result, seconds: float, greatest: tuple[int, ...]) -> CoreSimulation:
    fault = raw.hung or raw.unstable or raw.surplus >= 0 or raw.assertion
    return CoreSimulation(
        compared=vectors,
        equal=min(raw.equal, vectors - 1) if fault else raw.equal,
        first_difference=_first_fault(core, raw),
        latency_cycles=raw.latency,
        initiation_interval=math.ceil(raw.interval),
        cycles=raw.cycles,
        seconds=seconds,
        greatest=greatest,
        inferences=max(vectors, _LEAST_INFERENCES),
    )


def _first_fault(core: StreamCore, raw: _Result) -> str | None:
    assertion = f"the core's own assertion at {raw.assertion} fails" if raw.assertion else None
    return "; ".join(filter(None, (_first_difference(core, raw), assertion))) or None


def _first_difference(core: StreamCore, raw: _Result) -> str | None:
    names = core.told
    if raw.difference is not None:
        vector, index, element, *codes = raw.difference
        right, wrong = (core.layers[index].value(code) for code in codes)
        return f"input {vector}: {names[index]}, element {element}: expected {right}, got {wrong}"
    if raw.hung:
        counts = raw.vectors
        stuck = counts.index(min(counts))
        return f"input {counts[-1]}: simulation hung: {names[stuck]} stopped after {counts[stuck]} vectors"
    if raw.surplus >= 0:
        return f"{names[raw.surplus]}: more results than inputs"
    if raw.unstable:
        return f"{names[-1]}: data or valid changed while ready was low"
    return None


def _words(bits: int) -> int:
    return -(-bits // 32)


def _build(core: StreamCore, rtl_dir: Path, work_dir: Path, optimise: bool, flags: Sequence[str]) -> Path:
    wrapper = work_dir / f"{_TOP}.v"
    wrapper.write_text(tap_text(core))
    sources = [*(rtl_dir / name for name in core.sources), wrapper]
    defines = {"VL_USER_STOP": "1"}
    return build_model(sources, _TOP, HARNESS, work_dir, defines=defines, flags=flags, optimise=optimise)


def tap_text(core: StreamCore) -> str:
    """Verilog of the wrapper that brings the streams to ports of whole 32-bit words."""
    source, sink, ports = core.input, core.layers[-1], core.ports
    wires = [f"core.{layer.wires}" for layer in core.layers[:-1]] + ["sink"]
    fields = [_field(f"{name}{ports.data}", layer) for name, layer in zip(wires, core.layers, strict=True)]
    fires = [f"{name}{ports.valid} && {name}{ports.ready}" for name in wires]
    used = sum(_words(layer.beat_bits) for layer in core.layers)
    if used < _LEAST_WORDS:
        fields.append(f"{32 * (_LEAST_WORDS - used)}'b0")
    padding = source.width - source.beat_bits
    in_data = f"in_words[{source.beat_bits - 1}:0]"
    settings = connections((setting, literal(setting)) for setting in core.settings)
    return f"""// Generated: the core with its streams as ports.
module {_TOP} (
    input clk,
    input rst,
    input [{32 * _in_words(core) - 1}:0] in_words,
    input in_valid,
    output in_ready,
    output out_valid,
    input out_ready,
    input watched,
    output [{32 * max(_LEAST_WORDS, used) - 1}:0] tap_words,
    output [{32 * _fire_words(core) - 1}:0] tap_fire
);
    wire [{sink.width - 1}:0] sink{ports.data};
    wire sink{ports.valid};
    wire sink{ports.ready} = out_ready;
    {core.top} {_CORE} (
        .{ports.clock}(clk), .{ports.reset}({"!" if ports.reset_low else ""}rst),
        .{source.wires}{ports.data}({f"{{{padding}'b0, {in_data}}}" if padding else in_data}),
        .{source.wires}{ports.valid}(in_valid), .{source.wires}{ports.ready}(in_ready),
        .{sink.wires}{ports.data}(sink{ports.data}), .{sink.wires}{ports.valid}(sink{ports.valid}),
        .{sink.wires}{ports.ready}(sink{ports.ready}){", .load_enable(1'b0)" if core.preloading else ""}{settings}
    );
{core.preloading}    assign out_valid = sink{ports.valid};
    assign tap_words = {{{", ".join(reversed(fields))}}};
    assign tap_fire = {{{32 * _fire_words(core) - len(fires)}'b0, {", ".join(reversed(fires))}}};
{"".join(_watch(i, register) for i, register in enumerate(core.watched))}endmodule
"""


def _watch(index: int, register: str) -> str:
    """Verilog that tells, when the simulation ends, the greatest value of a register of the core while watched."""
    return f"""    reg [31:0] greatest{index} = 0;
    always @(posedge clk)
        if (!rst && watched && core.{register} > greatest{index})
            greatest{index} <= core.{register};
    final $display("{_GREATEST} %0d", greatest{index});
"""


def _in_words(core: StreamCore) -> int:
    return max(_LEAST_WORDS, _words(core.input.beat_bits))


def _fire_words(core: StreamCore) -> int:
    # One word more than needed: a field of no bits is no Verilog.
    return max(_LEAST_WORDS, len(core.layers) // 32 + 1)


def _field(wire: str, stream: Tap) -> str:
    padding = -stream.beat_bits % 32
    used = f"{wire}[{stream.beat_bits - 1}:0]"
    return f"{padding}'b0, {used}" if padding else used


def _write_data(
    core: StreamCore,
    x: NDArray[np.generic],
    expected: Iterable[NDArray[np.generic]],
    carried: Sequence[Carried],
    work_dir: Path,
    seed: int | None,
) -> Path:
    """Write input, expected and specification files; the layout is in the harness's header."""
    _write_beats(work_dir / "inputs.bin", x, core.input)
    lines, offset = [], 0
    for i, (layer, values, some) in enumerate(zip(core.layers, expected, carried, strict=True)):
        file = work_dir / f"layer{i}.bin"
        _write_beats(file, values, layer)
        words = _words(layer.beat_bits)
        which = _write_carried(work_dir / f"carried{i}.bin", some)
        lines.append(f"{file.name} {which} {layer.beats} {words} {offset} {layer.elements_per_beat} {layer.bits}")
        offset += words
    watchdog = 64 * (core.initiation_interval + 64) * (len(core.layers) + 2)
    shape = f"{len(x)} {core.input.beats} {_words(core.input.beat_bits)} {core.initiation_interval}"
    head = f"{shape} {watchdog} {seed or 0} {int(seed is not None)}"
    path = work_dir / "specification.txt"
    path.write_text("\n".join([head, "inputs.bin", str(len(lines)), *lines]) + "\n")
    return path


def _write_carried(path: Path, some: Carried) -> str:
    """Write a word for each vector, 1 where it is carried; the file's name, or `-` where all are."""
    if some is None:
        return "-"
    some.astype(np.uint32).tofile(path)
    return path.name


def _write_beats(path: Path, values: NDArray[np.generic], stream: Tap) -> None:
    """Write vectors of shape (vectors, elements) beat by beat, each padded to whole 32-bit words."""
    packed = pack(_codes(values, stream).reshape(-1, stream.elements_per_beat), stream.bits)
    np.pad(packed, ((0, 0), (0, -packed.shape[1] % 4))).tofile(path)


def _codes(values: NDArray[np.generic], stream: Tap) -> Integers:
    integers = (np.asarray(values, dtype=np.int64) - stream.offset) // stream.scale
    if integers.ndim != 2 or integers.shape[1] != stream.elements:
        raise ModelError(f"{stream.name}: values of shape {integers.shape}, expected (vectors, {stream.elements})")
    low = -(1 << (stream.bits - 1)) if stream.signed else 0
    outside = integers[(integers < low) | (integers >= low + (1 << stream.bits))]
    if outside.size:
        kind = "signed" if stream.signed else "unsigned"
        raise ModelError(f"{stream.name}: value {outside[0]} does not fit its stream of {stream.bits} {kind} bits")
    return integers & ((1 << stream.bits) - 1)
