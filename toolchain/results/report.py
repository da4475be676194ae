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


class Report(RecordFile):
    """Groups that a build does not have are null.

    Attributes:
        strategy: what the network became: "folded", "unrolled", "finn", "ort" or "mcu".
        complete: whether no later build stopped before its package.
        front: accuracy against LUTs of the networks that a training with a budget came by; empty without one.
        decision: where a network of several stages stops, and what that saves; None of another.
        account: what an answer takes, by the stage that gives it; None of a network that came as a file.
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
