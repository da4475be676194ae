"""Simulation of a core in Verilator, every element of every layer compared with the integer executor's."""

from __future__ import annotations

import json
import math
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hls.core import CoreDescription, LayerStream
from hls.pack import encode, pack
from hls.verilate import build_model
from toolchain.errors import ToolError
from toolchain.graph.dense import DenseNetwork
from toolchain.graph.types import IntType

HARNESS = Path(__file__).parent / "harness" / "core.cpp"

_TOP = "core_tap"
# Verilator gives ports above 64 bits one type; all buses of the harness are at least this wide.
_LEAST_WORDS = 3
# Unrolled adder trees run about twice as fast as loops over their nodes.
_FLAGS = ("-Wno-WIDTH", "--unroll-count", "4096", "--unroll-stmts", "1000000")


@dataclass(frozen=True)
class CoreSimulation:
    """Result of a simulation.

    Attributes:
        compared, equal: input vectors, and those of which every element of every layer and the class were right.
        first_difference: names input index, layer, element, expected and got value, or says where the core hung;
            None where all is equal.
        latency_cycles: from the first beat of a lone vector into the idle core to its class.
        initiation_interval: cycles between classes in the steady state, rounded up (0 where it hung). Under
            back-pressure both include the stalls.
        cycles: clock cycles simulated.
        seconds: wall-clock time of the simulation without building it.
        greatest: the greatest values of the registers that were watched.
    """

    compared: int
    equal: int
    first_difference: str | None
    latency_cycles: int
    initiation_interval: int
    cycles: int
    seconds: float
    greatest: tuple[int, ...] = ()


def simulate_core(
    core: CoreDescription,
    network: DenseNetwork,
    rtl_dir: Path,
    x: NDArray[np.generic],
    work_dir: Path,
    *,
    backpressure_seed: int | None = None,
    optimise: bool = True,
) -> CoreSimulation:
    """Run all inputs of shape (vectors, inputs) through the core in Verilator.

    With `backpressure_seed`, the input pauses and the output stalls at random. The model is built once for the
    same Verilog in one `work_dir`. Without `optimise` it is built sooner and runs slower, for a few vectors.

    Raises:
        ToolError: Verilator is missing or fails.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    program = _build(core, rtl_dir, work_dir, optimise)
    specification = _write_data(core, network, x, work_dir, backpressure_seed)
    result = work_dir / "result.json"
    result.unlink(missing_ok=True)
    start = time.perf_counter()
    command = [program, specification.resolve(), result.resolve()]
    done = subprocess.run(command, cwd=rtl_dir, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    # A ROM that $readmemh cannot read is only a warning to Verilator.
    if done.returncode != 0 or "readmem" in done.stdout + done.stderr:
        raise ToolError(f"core simulation failed: {(done.stderr or done.stdout).strip()[-400:]}")
    return _summary(core, len(x), json.loads(result.read_text()), seconds)


def _summary(core: CoreDescription, vectors: int, raw: dict[str, Any], seconds: float) -> CoreSimulation:
    return CoreSimulation(
        compared=vectors,
        equal=min(raw["equal"], vectors - 1) if _protocol_fault(raw) else raw["equal"],
        first_difference=_first_difference(core, raw),
        latency_cycles=raw["latency"],
        initiation_interval=math.ceil(raw["interval"]),
        cycles=raw["cycles"],
        seconds=seconds,
    )


def _protocol_fault(raw: dict[str, Any]) -> bool:
    return bool(raw["hung"] or raw["unstable"] or raw["surplus"] >= 0)


def _first_difference(core: CoreDescription, raw: dict[str, Any]) -> str | None:
    names = [f"layer {i} ({layer.name})" for i, layer in enumerate(core.layers)]
    names.append("class")
    if raw["difference"] is not None:
        vector, index, element, expected, got = raw["difference"]
        if index == len(core.layers):
            return f"input {vector}: class: expected {expected}, got {got}"
        right, wrong = (_value(core.layers[index], code) for code in (expected, got))
        return f"input {vector}: {names[index]}, element {element}: expected {right}, got {wrong}"
    if raw["hung"]:
        counts = [*raw["vectors"], raw["done"]]
        stuck = next(i for i, count in enumerate(counts) if count == min(counts))
        return f"input {raw['done']}: simulation hung: {names[stuck]} stopped after {counts[stuck]} vectors"
    if raw["surplus"] >= 0:
        return f"{names[raw['surplus']]}: more results than inputs"
    if raw["unstable"]:
        return "class: out_data or out_valid changed while out_ready was low"
    return None


def _value(stream: LayerStream, code: int) -> int:
    """The integer executor's value of a wire code."""
    if stream.signed and code >> (stream.bits - 1):
        code -= 1 << stream.bits
    return stream.scale * code + stream.offset


def _words(bits: int) -> int:
    return -(-bits // 32)


def _build(core: CoreDescription, rtl_dir: Path, work_dir: Path, optimise: bool) -> Path:
    wrapper = work_dir / f"{_TOP}.v"
    wrapper.write_text(tap_text(core))
    sources = [wrapper, *(rtl_dir / name for name in core.sources)]
    return build_model(sources, _TOP, HARNESS, work_dir, flags=_FLAGS, optimise=optimise)


def tap_text(core: CoreDescription) -> str:
    """Verilog of the wrapper that brings every layer's stream to ports of whole 32-bit words."""
    fields, fires = [], []
    for i, layer in enumerate(core.layers):
        fields.append(_padded(f"core.s{i}_data", layer.beat_bits))
        fires.append(f"core.s{i}_valid && core.s{i}_ready")
    used = sum(_words(layer.beat_bits) for layer in core.layers)
    if used < _LEAST_WORDS:
        fields.append(f"{32 * (_LEAST_WORDS - used)}'b0")
    in_words = max(_LEAST_WORDS, _words(core.in_width))
    return f"""// Generated: the core with its layers' streams as ports.
module {_TOP} (
    input clk,
    input rst,
    input [{32 * in_words - 1}:0] in_words,
    input in_valid,
    output in_ready,
    output [31:0] out_class,
    output out_valid,
    input out_ready,
    output [{32 * max(_LEAST_WORDS, used) - 1}:0] tap_words,
    output [63:0] tap_fire
);
    wire [{core.output.width - 1}:0] out_data;
    {core.top} core (
        .clk(clk), .rst(rst), .in_data(in_words[{core.in_width - 1}:0]), .in_valid(in_valid), .in_ready(in_ready),
        .out_data(out_data), .out_valid(out_valid), .out_ready(out_ready)
    );
    assign out_class = {_padded("out_data", core.output.width)};
    assign tap_words = {{{", ".join(reversed(fields))}}};
    assign tap_fire = {{{64 - len(fires)}'b0, {", ".join(reversed(fires))}}};
endmodule
"""


def _padded(wire: str, bits: int) -> str:
    padding = -bits % 32
    return f"{{{padding}'b0, {wire}}}" if padding else wire


def _write_data(
    core: CoreDescription,
    network: DenseNetwork,
    x: NDArray[np.generic],
    work_dir: Path,
    seed: int | None,
) -> Path:
    """Write input, expected and specification files; the layout is in the harness's header."""
    execution = network.run(x)
    bits = IntType.of(network.input_type).bits
    per_beat = core.in_width // bits
    _write_beats(work_dir / "inputs.bin", encode(x, network.input_type), bits, per_beat)
    execution.labels.astype("<u4").tofile(work_dir / "classes.bin")
    lines, offset = [], 0
    for i, (layer, values) in enumerate(zip(core.layers, execution.layers, strict=True)):
        codes = (values - layer.offset) // layer.scale & ((1 << layer.bits) - 1)
        file = work_dir / f"layer{i}.bin"
        _write_beats(file, codes, layer.bits, layer.elements_per_beat)
        words = _words(layer.beat_bits)
        lines.append(f"{file.name} {layer.beats} {words} {offset} {layer.elements_per_beat} {layer.bits}")
        offset += words
    watchdog = 64 * (core.initiation_interval + 64) * (len(core.layers) + 2)
    stalls = int(seed is not None)
    shape = f"{len(x)} {core.in_beats} {_words(core.in_width)} {core.initiation_interval}"
    head = f"{shape} {watchdog} {seed or 0} {stalls}"
    path = work_dir / "specification.txt"
    path.write_text("\n".join([head, "inputs.bin classes.bin", str(len(lines)), *lines]) + "\n")
    return path


def _write_beats(path: Path, codes: NDArray[np.int64], bits: int, per_beat: int) -> None:
    """Write codes of shape (vectors, elements) beat by beat, each padded to whole 32-bit words."""
    packed = pack(codes.reshape(-1, per_beat), bits)
    padding = -packed.shape[1] % 4
    np.pad(packed, ((0, 0), (0, padding))).tofile(path)
