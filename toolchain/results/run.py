"""What a run of a package's vectors through a board came to: `measurements/run-*.json`, and `gateweave run --json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

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


class RunDecisions(Record):
    """Where a network of several stages stopped.

    Attributes:
        answered: inputs that each stage answered, on the board.
        compared, equal: inputs, and those of which the stage is the one that should answer.
    """

    kind: RunKind
    answered: tuple[int, ...]
    compared: int
    equal: int


class RunMemory(Record):
    """Earlier answers that were kept: room for so many, inputs that came, and those whose answer was kept."""

    places: int
    asked: int
    recalled: int


class RunBehind(Record):
    """What the host made of a split network's activations, as the board answered them.

    Attributes:
        file: the host's part of the network.
        compared, equal: vectors whose outputs are, every element, those of the golden activations.
        seconds: the host's time for an input on average, on this computer.
    """

    kind: RunKind
    file: str
    compared: int
    equal: int
    seconds: Number


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
    """Inferences of what the board has `played`, which the fabric does by itself.

    Attributes:
        decisions: of a network of several stages, where its vectors stopped as each was asked for before the bench.
    """

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
    decisions: RunDecisions | None = None


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


class Traffic(Record):
    """What became of every request; see `toolchain.device.link.serial_link.Traffic`."""

    sent: int
    answered: int
    refused: int
    silent: int
    strays: int
    damaged: int
    skipped: int
    breaks: int
    port_seconds: Number


class FindingFigures(Record):
    """What a check of the self-test measured; of each kind of check those that it has.

    Attributes:
        inferences_counted, inferences_asked: by the board since the self-test began, and of it.
    """

    vectors: int | None = None
    seconds_with_driver: Number | None = None
    inferences: int | None = None
    seconds: Number | None = None
    inferences_per_second: Number | None = None
    latency_cycles: int | None = None
    initiation_interval: Number | None = None
    clock_mhz: Number | None = None
    inferences_counted: int | None = None
    inferences_asked: int | None = None


class FindingDecisions(Record):
    """Inputs that each stage answered, those that were compared, and those whose stage is the reference's."""

    answered: tuple[int, ...]
    compared: int
    equal: int


class FindingCounts(Record):
    """What a check of the self-test compared, and what came of a memory meanwhile."""

    compared: int | None = None
    equal: int | None = None
    differing: tuple[WrongAnswer, ...] = ()
    checksum: str | None = None
    expected_checksum: str | None = None
    decisions: FindingDecisions | None = None
    memory: RunMemory | None = None


class Finding(Record):
    """One check of the self-test; `summary` and `differences` are for people."""

    name: str
    summary: str
    differences: tuple[str, ...]
    measured: FindingFigures
    counts: FindingCounts


class SelfTest(Record):
    """What `self_test.py --json` of a package prints; `format` is `toolchain.device.link.asking.SELF_TEST_FORMAT`.

    Attributes:
        device: how the board was reached; without_dma: why not by DMA, empty where it was.
    """

    format: Literal[3]
    kind: Literal["measured"]
    device: str
    without_dma: str = ""
    findings: tuple[Finding, ...]


class RunPackage(Record):
    """The package that was run."""

    manifest_sha256: str
    git: Revision | None


class RunFigures(Record):
    """What came back from a board; `kind` of each group says whether a board, a simulator or an emulated line gave it.

    Attributes:
        traffic: what became of every request, where the driver counts that.
        self_test: what the self-test on an AMD board told.
        decisions: where a network of several stages stopped; None of another.
        memory: of earlier answers beside the board, while all vectors were sent; None where there was none.
    """

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
    traffic: Traffic | None
    self_test: SelfTest | None = None
    decisions: RunDecisions | None = None
    memory: RunMemory | None = None
    behind: RunBehind | None = None


class RunResult(RunFigures, RecordFile):
    """A run as it is kept.

    Attributes:
        at: when, UTC.
        data: what the network was trained on, where the package says.
        link, faults, line: by which link, and of a virtual one what went wrong on its line.
        settings: of the chip that were given other values, by name; None: all were as built.
    """

    VERSION_KEY: ClassVar[str] = "format"
    VERSION: ClassVar[int] = 3
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
    settings: Mapping[str, int] | None = None
