"""What both runners of a device package print: C and Python write the same JSON, here and on the device."""

from __future__ import annotations

from typing import Literal

from toolchain.results.model import Number, Record


class RunnerMachine(Record):
    """Where it ran; None where that is not known there, or nothing was pinned."""

    architecture: str
    processor: str | None
    governor: str | None
    cores: int
    core: int | None


class RunnerSide(Record):
    """An input or output: numpy's name of its type, and the shape of one row."""

    name: str
    type: str
    row: tuple[int, ...]


class CallTimes(Record):
    """Timed calls, in microseconds each."""

    calls: int
    warmup: int
    batch: int
    min_us: Number
    p50_us: Number
    p90_us: Number
    p99_us: Number
    max_us: Number
    mean_us: Number
    involuntary_switches: int


class LoopTimes(Record):
    """Callers that call one after the other for some seconds."""

    seconds: Number
    inferences: int
    per_second: Number
    batch: int
    workers: int
    started_unix: Number
    ended_unix: Number
    involuntary_switches: int


class RunnerReport(Record):
    """One run of a runner on one graph.

    Attributes:
        runtime: version of ONNX Runtime.
        model: file name of the graph.
        absent_providers: that were asked for, and are not there.
        vectors: that were answered.
        latency, floor, plain: calls of the graph, of an Identity, and by `session.run` with default options.
        loop, plain_loop: the same of callers in a loop.
    """

    runner: Literal["c", "python"]
    kind: Literal["measured", "emulated"]
    runtime: str
    model: str
    provider: str
    absent_providers: tuple[str, ...]
    machine: RunnerMachine
    threads: int
    inputs: tuple[RunnerSide, ...]
    outputs: tuple[RunnerSide, ...]
    vectors: int | None = None
    latency: CallTimes | None = None
    floor: CallTimes | None = None
    plain: CallTimes | None = None
    loop: LoopTimes | None = None
    plain_loop: LoopTimes | None = None
