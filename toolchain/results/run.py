"""What a run of a package's vectors through a board came to: `measurements/run-*.json`, and `gateweave run --json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from toolchain.results.check import VectorKind
from toolchain.results.facts.hardware import Identity
from toolchain.results.facts.network import Confusion
from toolchain.results.manifest import Revision
from toolchain.results.model import Number, Record, RecordFile

RunKind = Literal["measured", "simulated", "emulated"]


class WrongAnswer(Record):
    """A golden vector by its number, and the first element that differs; a class is one element."""

    vector: int
    element: int
    answered: int
    expected: int


class Answers(Record):
    """Labels, or whole outputs, held against the golden ones; the first that differ are named.

    Attributes:
        vectors: what the package's vectors are: of a network that came as a file without TEST, random ones.
    """

    kind: RunKind
    what: Literal["labels", "outputs"]
    vectors: VectorKind
    compared: int
    equal: int
    differing: tuple[WrongAnswer, ...]


class RunAccuracy(Record):
    """Share of right classes, where the true ones are known."""

    kind: RunKind
    accuracy: Number
    windows: int
    whole_test_set: bool
    confusion: Confusion


class Spread(Record):
    """Of many values; an AMD board's self-test tells the median alone."""

    median: Number
    minimum: Number | None = None
    p95: Number | None = None
    p99: Number | None = None
    maximum: Number | None = None


class CycleSpread(Spread):
    """Cycles in the fabric."""

    kind: RunKind


class RunLatency(Record):
    """Each vector alone: cycles in the fabric, and seconds by who spends them."""

    kind: RunKind
    vectors: int
    cycles: CycleSpread | None
    seconds: Mapping[str, Spread | None]
    end_to_end_seconds: tuple[Number, ...]


class RunThroughput(Record):
    """All vectors over the link."""

    kind: RunKind
    vectors: int
    seconds: Number
    inferences_per_second: Number


class RunBench(Record):
    """Inferences of what the board has `played`, which the fabric does by itself."""

    kind: RunKind
    inferences: int
    played: str | None = None
    checksum: str
    expected_checksum: str
    latency_cycles: int | None = None
    cycles: int | None = None
    initiation_interval: Number | None = None
    inferences_per_second: Number | None = None
    seconds: Number | None = None
    clock_mhz: Number | None = None
    differences: tuple[str, ...] = ()


class Events(Record):
    """What a board counts since its configuration; None where nobody counts it."""

    inferences: int
    requests: int | None
    damaged: int | None
    refused: int | None
    bus_errors: int | None


class Counted(Record):
    """What the board counted beside what was asked of it; see `toolchain.run.counted.compare`."""

    inferences: int | None
    asked: int
    requests: int | None = None
    sent: int | None = None
    damaged: int | None = None
    refused: int | None = None
    bus_errors: int | None = None
    faults: tuple[str, ...]
    notes: tuple[str, ...]


class RunPackage(Record):
    """The package that was run."""

    manifest_sha256: str
    git: Revision | None


class RunResult(RecordFile):
    """A run; `kind` of each group says whether a board, a simulator or an emulated line gave it.

    Attributes:
        at: when, UTC.
        data: what the network was trained on, where the package says.
        link, faults, line: by which link, and of a virtual one what went wrong on its line.
        traffic: what became of every request, where the driver counts that.
        self_test: what the self-test on an AMD board told.
    """

    VERSION_KEY: ClassVar[str] = "format"
    VERSION: ClassVar[int] = 2
    TITLE: ClassVar[str] = "run"

    what: Literal["run"]
    board: str
    model: str
    at: str
    package: RunPackage
    data: str | None
    link: Literal["serial", "virtual"] | None = None
    faults: str | None = None
    line: Mapping[str, int] | None = None
    virtual: bool
    identity: Identity
    clock_mhz: Number | None
    answers: Answers
    accuracy: RunAccuracy | None
    latency: RunLatency
    throughput: RunThroughput
    bench: RunBench | None
    counters: Events | None
    counted: Counted | None
    traffic: Mapping[str, Number] | None
    self_test: Mapping[str, Any] | None = None
