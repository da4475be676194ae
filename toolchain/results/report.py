"""What a build came to, as one object: `gateweave show --json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import ConfigDict

from toolchain.results.account import Account
from toolchain.results.check import Check, Sums, VectorKind
from toolchain.results.facts import CoreRow, DataFacts, EmulateFacts, IntegersFacts, LoadFacts
from toolchain.results.facts.decision import Decision
from toolchain.results.facts.mcu import Sizes
from toolchain.results.facts.network import FrontPoint
from toolchain.results.manifest import (
    Accuracy,
    EstimateOf,
    Graphs,
    Latency,
    Resources,
    Revision,
    Timing,
)
from toolchain.results.measurement import Measurement
from toolchain.results.model import Number, Record, RecordFile


class ComparedAccuracy(Accuracy):
    """The network's own figures; beside them, by name, those of what it is held against, where that was made."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Accuracy]

    @property
    def baselines(self) -> Mapping[str, Accuracy]:
        """The other networks and splits: the float reference, the random split, and so on."""
        return self.__pydantic_extra__


class ValueErrors(Record):
    """How far values are off, in the file's own unit; `explained` is R squared, None where all targets are alike."""

    rms: Number
    mean: Number
    greatest: Number
    explained: Number | None


class Confused(Record):
    """So many vectors of one class were said to be of another."""

    true: str
    said: str
    count: int


class WorstAnswer(Record):
    """A vector, counted from 0: classes where outputs are scores, else `off`, the root mean square of its errors."""

    vector: int
    true: str | None
    said: str | None
    off: Number | None


class AnswersReport(Record):
    """What a network answered to its vectors.

    Attributes:
        count: of vectors; vectors: which they are.
        against: what values are held against; None of classes, and where nobody says what is right.
        confused, worst: the most frequent mistakes, and the vectors that were answered most wrongly.
    """

    kind: Literal["classes", "values"]
    count: int
    vectors: VectorKind
    against: str | None
    errors: ValueErrors | None
    confused: tuple[Confused, ...]
    worst: tuple[WorstAnswer, ...]


class StageReport(Record):
    """A stage; `seconds` is None where it was redone since the package was made."""

    seconds: float | None
    outputs: Mapping[str, str]
    verified: Sums | None
    checks: Mapping[str, Check]


class Side(Record):
    """One of two networks that are built alike; what is unknown is null.

    Attributes:
        accuracy: on the test set; operations: of an input on average, as all else is where inputs differ.
        clock_mhz, interval: of an FPGA, clocks between answers as simulated; latency_cycles: of the longest way.
        clocks, switched_bits: estimated, and `toggles`: simulated; see `Account`.
        lut: of an FPGA, and where the figure comes from.
        call_us: of a processor, one call of the chosen graph, as measured on the computer that built it.
        energy_j: net, of an inference, as a meter saw it; `energy_kind` where it comes from.
    """

    model: str
    recipe: str
    accuracy: Number | None
    operations: Number | None
    clock_mhz: Number | None
    interval: int | None
    latency_cycles: int | None
    clocks: Number | None
    switched_bits: Number | None
    toggles: Number | None
    lut: Number | None
    lut_kind: str | None
    call_us: Number | None
    energy_j: Number | None
    energy_kind: str | None


class SideBySide(Record):
    """A network that decides, and the single larger one that its recipe names, built for the same board alike.

    Attributes:
        other: null where it has not been built so; `command` builds it then.
        same_test: whether both have the same test set.
    """

    own: Side
    other: Side | None
    command: str | None
    same_test: bool | None


class Report(RecordFile):
    """Groups that a build does not have are null.

    Attributes:
        strategy: what the network became: "folded", "unrolled", "unrolled-rom", "finn", "ort" or "mcu".
        complete: whether no later build stopped before its package.
        front: accuracy against LUTs of the networks that a training with a budget came by; empty without one.
        decision: where a network of several stages stops, and what that saves; None of another.
        account: what an answer takes, by the stage that gives it; None of a network that came as a file.
        beside: the single larger network that a recipe names, built for the same board alike.
        answers: the worst of them, where the stages that made the golden vectors are still those of the package.
        integers: of a network that came as a file, what its integers were proved equal to.
        comparison: cores side by side, where they were made.
        not_run: stages that are made on demand only, and have not been.
        measurement: the newest one of this very build.
        stages: in the order in which they run.
        files: paths by what they are for.
    """

    VERSION: ClassVar[int] = 3
    TITLE: ClassVar[str] = "report"

    model: str
    board: str
    flow: str
    strategy: str
    recipe: str
    status: str
    complete: bool
    data: DataFacts | None
    accuracy: ComparedAccuracy | None
    front: tuple[FrontPoint, ...]
    decision: Decision | None
    account: Account | None
    beside: SideBySide | None
    answers: AnswersReport | None
    resources: Resources | None
    timing: Timing | None
    estimate: EstimateOf | None
    comparison: tuple[CoreRow, ...] | None
    file: LoadFacts | None
    integers: IntegersFacts | None
    graphs: Graphs | None
    latency: Latency | None
    memory: Sizes | None
    emulated: EmulateFacts | None
    not_run: tuple[str, ...]
    measurement: Measurement | None
    stages: Mapping[str, StageReport]
    files: Mapping[str, str]
    git: Revision
