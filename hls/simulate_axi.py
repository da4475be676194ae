"""The whole AXI chip in Verilator, spoken to as a driver does: through its AXI ports and nothing else."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hls.verilate import build_model
from toolchain.device.link import registers as map_
from toolchain.device.link.protocol import AnswerLayout, Tensor
from toolchain.errors import ToolError, VerificationError

Values = tuple[int, ...]
"""The elements of one answer."""

_HARNESS = Path(__file__).parent / "harness" / "axi_chip.cpp"
_OKAY = 0

# A chip that has not answered an access, or moved a beat of a burst, for this many clock cycles is not going to.
REPLY_CYCLES = 2_000_000


class Access(NamedTuple):
    """Answer to one bare access: the value read (a write: 0), and whether the response was OKAY."""

    value: int
    good: bool


class Identity(NamedTuple):
    """What the chip is, as its registers tell."""

    magic: int
    version: int
    model_hash: bytes
    build_id: bytes
    vector_bytes: int
    burst_bytes: int
    classes: int
    clock_hz: int
    bench_vectors: int
    stream_bits: int
    input: Tensor
    output: Tensor


class Inference(NamedTuple):
    """Answer to `infer`: its elements, and the clock cycles from first input beat to last output beat."""

    values: Values
    cycles: int


class Bench(NamedTuple):
    """Answer to `bench`: the last answer's elements, clock cycles of the whole run, CRC-32 of all answers."""

    values: Values
    cycles: int
    checksum: int


class Counters(NamedTuple):
    """Events since configuration, modulo 2**32."""

    inferences: int
    requests: int
    damaged: int
    refused: int
    bus_errors: int


class Burst(NamedTuple):
    """Answer to `burst`.

    Attributes:
        answers: the elements of each vector's answer; None where the vector came incomplete.
        cycles: clock cycles from the first beat into the core to the last beat out of it.
        checksum: CRC-32 of all bytes of the answers.
    """

    answers: tuple[Values | None, ...]
    cycles: int
    checksum: int


Answer = Access | Identity | Inference | Bench | Counters | Burst
_Accesses = list[Access]
_Decoder = Callable[[list[list[int]]], Answer]

_IDENTITY = (
    "MAGIC", "VERSION", "MODEL_HASH_LOW", "MODEL_HASH_HIGH", "BUILD_ID_LOW", "BUILD_ID_HIGH", "VECTOR_BYTES",
    "BURST_BYTES", "CLASSES", "CLOCK_HZ", "BENCH_VECTORS", "STREAM_BITS",
    *(f"{end}_{part}" for end in ("INPUT", "OUTPUT") for part in map_.TENSOR_REGISTERS),
)  # fmt: skip
_RESULTS = ("CYCLES_LOW", "CYCLES_HIGH", "CHECKSUM")
_COUNTERS = ("INFERENCES", "REQUESTS", "DAMAGED", "REFUSED", "BUS_ERRORS")


@dataclass
class Script:
    """What a driver does, in order; each method gives one answer and returns the script.

    Attributes:
        layout: of the chip's answers.
        patience: clock cycles that a run may take at most.
        held: whether the chip has windows. Without one for answers a bench tells none, and nothing can be inferred but
            by bursts.
    """

    layout: AnswerLayout
    patience: int = REPLY_CYCLES
    held: bool = True
    lines: list[str] = field(default_factory=list)
    decoders: list[tuple[int, _Decoder]] = field(default_factory=list)

    def read(self, address: int) -> Script:
        """Read one register, or any address."""
        return self._add([_read(address)], lambda rows: Access(rows[0][1], rows[0][0] == _OKAY))

    def write(self, address: int, value: int) -> Script:
        """Write one register, or any address."""
        return self._add([_write(address, value)], lambda rows: Access(0, rows[0][0] == _OKAY))

    def identify(self) -> Script:
        """Read what the chip is."""
        return self._add([_read(map_.ADDRESS[name]) for name in _IDENTITY], _identity)

    def infer(self, vector: bytes) -> Script:
        """Run one packed vector through the window."""
        words = [vector[i : i + 4] for i in range(0, len(vector), 4)]
        window = [_write(map_.VECTOR + 4 * i, int.from_bytes(word, "little")) for i, word in enumerate(words)]
        return self._run(window, map_.INFER, lambda answer, taken, _: Inference(answer, taken))

    def bench(self, inferences: int) -> Script:
        """Run that many inferences of the stored vectors."""
        count = [_write(map_.ADDRESS["BENCH_COUNT"], inferences)]
        return self._run(count, map_.BENCH, Bench)

    def counters(self) -> Script:
        """Read the counters."""
        addresses = [map_.ADDRESS[name] for name in _COUNTERS]
        return self._add([_read(address) for address in addresses], lambda rows: Counters(*_values(rows)))

    def burst(self, vectors: NDArray[np.uint8], *, cut: int = 0, stalls: int = 0, rest: int = 0) -> Script:
        """Run packed vectors, shape (vectors, bytes), as one burst of the streams.

        Args:
            cut: bytes left out at the end, which leaves the last vectors incomplete.
            stalls: seed of random pauses on both sides; 0: none.
            rest: clock cycles in which nothing is asked of the core before.
        """
        data = vectors.tobytes()
        # A constant with bits that are never clear.
        resting = [f"P {map_.ADDRESS['MAGIC']:x} {map_.MAGIC:x} {rest:x}"] if rest else []
        lines = [f"B {stalls:x} 1 {data[: len(data) - cut].hex()}", _wait(self.patience), *self._results()]
        return self._add([*resting, *lines], lambda rows: self._burst(rows[len(resting) :]))

    def begin_burst(self, vectors: NDArray[np.uint8]) -> Script:
        """Send packed vectors without an end of the packet and take no result; the answer means nothing.

        `reset` ends it, as a driver does after a reset of the DMA.
        """
        return self._add([f"B 0 0 {vectors.tobytes().hex()}"], lambda rows: Access(0, True))

    def reset(self) -> Script:
        """Reset all but registers and counters, and wait for it."""
        lines = [_write(map_.ADDRESS["COMMAND"], map_.RESET), _wait(self.patience)]
        return self._add(lines, lambda rows: Access(rows[1][1], rows[0][0] == _OKAY and rows[1][0] == _OKAY))

    def _run(self, setup: list[str], code: int, make: Callable[[Values, int, int], Answer]) -> Script:
        lines = [*setup, _write(map_.ADDRESS["COMMAND"], code), _wait(self.patience), *self._results()]
        before = len(setup) + 1
        return self._add(lines, lambda rows: make(*self._run_results(rows[before:], code)))

    def _results(self) -> list[str]:
        room = map_.answer_room(self.layout.size) if self.held else 0
        window = range(map_.ANSWER, map_.ANSWER + room, 4)
        return [_read(address) for address in (*(map_.ADDRESS[name] for name in _RESULTS), *window)]

    def _run_results(self, rows: list[list[int]], code: int) -> tuple[Values, int, int]:
        """Last answer, cycles and checksum of a run that has ended: STATUS, then the results."""
        status, low, high, checksum, *window = _values(rows)
        if map_.BUSY.of(status) or map_.REFUSED.of(status) or map_.RUN.of(status) != code:
            raise VerificationError(
                f"chip through its AXI ports: command {code:#x} did not run to its end: STATUS is {status:#x}"
            )
        values = self.layout.decode(_bytes(window)[: self.layout.size]) if self.held else ()
        return values, high << 32 | low, checksum

    def _burst(self, rows: list[list[int]]) -> Burst:
        words, *rest = rows
        _, cycles, checksum = self._run_results(rest, map_.BURST)
        sent, size = _bytes(words), self.layout.size
        room = map_.answer_room(size)
        each = [sent[at : at + room] for at in range(0, len(sent), room)]
        ends = [int.from_bytes(answer[size:], "little") for answer in each]
        if len(sent) % room or max(ends) > 1:
            raise VerificationError(f"chip through its AXI ports: a burst is not in answers of {room} bytes")
        pairs = zip(each, ends, strict=True)
        answers = tuple(None if end else self.layout.decode(answer[:size]) for answer, end in pairs)
        return Burst(answers, cycles, checksum)

    def _add(self, lines: list[str], decode: _Decoder) -> Script:
        self.lines += lines
        self.decoders.append((len(lines), decode))
        return self


@dataclass(frozen=True)
class Playback:
    """What came of a script: one answer a step, the simulated clock cycles, and the seconds they took."""

    answers: list[Answer]
    cycles: int
    seconds: float


class AxiChipSimulator:
    """A Verilated `axi_chip`. Every playback starts from configuration: counters are zero."""

    def __init__(
        self,
        sources: Sequence[Path],
        work_dir: Path,
        *,
        vector_bytes: int,
        data_bits: int,
        extra_flags: Iterable[str] = (),
        optimise: bool = True,
    ) -> None:
        """Build the model (once per `work_dir` and content of the sources).

        Args:
            sources: all Verilog files; their folder also holds what they read by ``$readmemh``.
            work_dir: folder of the Verilator build.
            vector_bytes: bytes of one packed vector (`hls.chip.vector_bytes`).
            data_bits: width of the input stream.
            extra_flags: further Verilator options.
            optimise: compile for speed; without it small scripts are done sooner.

        Raises:
            ToolError: Verilator or the compiler is missing or failed.
        """
        self._folder = Path(sources[0]).resolve().parent
        program = build_model(sources, "axi_chip", _HARNESS, work_dir, flags=extra_flags, optimise=optimise)
        self._command = [str(program), str(vector_bytes), str(data_bits)]

    def play(self, script: Script) -> Playback:
        """Play a script to a freshly configured chip.

        Raises:
            ToolError: the simulation failed.
            VerificationError: the chip left an access or a burst unanswered, answered a command's access with a bus
                error, or refused a command.
        """
        begin = time.monotonic()
        result = subprocess.run(
            [*self._command, str(script.patience)],
            input="\n".join([_wait(script.patience), *script.lines]) + "\n",
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        *lines, last = result.stdout.split("\n")[:-1] or [""]
        if result.returncode == 3:
            raise VerificationError(f"chip through its AXI ports: {result.stderr.strip()} (command {len(lines)})")
        if result.returncode != 0:
            raise ToolError(f"chip simulation failed (exit {result.returncode}): {result.stderr.strip()[-400:]}")
        rows = [[int(word, 16) for word in line.split()] for line in lines[1:]]
        return Playback(_decode(rows, script), int(last.split()[1]), time.monotonic() - begin)


def _decode(rows: list[list[int]], script: Script) -> list[Answer]:
    answers = []
    at = 0
    for count, decode in script.decoders:
        answers.append(decode(rows[at : at + count]))
        at += count
    return answers


def _read(address: int) -> str:
    return f"R {address:x}"


def _write(address: int, value: int) -> str:
    return f"W {address:x} {value:x}"


def _wait(cycles: int) -> str:
    return f"P {map_.ADDRESS['STATUS']:x} {map_.BUSY.mask:x} {cycles:x}"


def _bytes(words: list[int]) -> bytes:
    return b"".join(word.to_bytes(4, "little") for word in words)


def _values(rows: list[list[int]]) -> list[int]:
    if any(response != _OKAY for response, _ in rows):
        raise VerificationError("chip through its AXI ports: a register answered with a bus error")
    return [value for _, value in rows]


def _identity(rows: list[list[int]]) -> Identity:
    magic, version, *values = _values(rows)
    model_hash, build_id = _bytes(values[:2]), _bytes(values[2:4])
    source, output = (Tensor.decode(map_.told_tensor(_bytes(words))) for words in (values[-6:-3], values[-3:]))
    told: list[Any] = [magic, version, model_hash, build_id, *values[4:-6], source, output]
    return Identity(*told)
