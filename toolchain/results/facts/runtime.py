"""Facts of the stages that make, prove and time graphs for ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from toolchain.results.check import Check, VectorKind
from toolchain.results.facts.base import Facts
from toolchain.results.model import Number, Record
from toolchain.results.options import RunOptions
from toolchain.results.ways import MeasuredWays


class VectorCount(Record):
    """How many vectors of which kind."""

    count: int
    kind: VectorKind


class OutputMeaning(Record):
    """What the outputs are, and why they are taken for that."""

    kind: Literal["classes", "values"]
    why: str


class GraphsFacts(Facts):
    """The graphs that were made.

    Attributes:
        kind: whose network it is.
        reference: what every graph is held against.
        left_out: why a graph was not made, by graph.
        accuracy: of the reference, 0 to 1; None without true classes.
        notices: what else a person should know.
        ways: how the compiled C computes each node, where its alternatives were timed.
    """

    form: Literal["graphs"] = "graphs"
    kind: str
    reference: str
    vectors: VectorCount
    left_out: Mapping[str, str]
    accuracy: Number | None
    outputs: OutputMeaning
    notices: tuple[str, ...]
    ways: MeasuredWays | None = None


class GraphProof(Record):
    """How one graph compares with the reference; see `toolchain.runtime.compare.Proof`.

    Attributes:
        meaning: what the graph is, in words.
        exact: every output of every vector is equal.
        within_budget: as few vectors differ as in a graph that is chosen.
        binds: whether the board's processor answers so, too; see `flows.stages.ort.files.binds`.
        check: the comparison that it stands for.
        labels_equal, differing: by label; None where no label is meant.
        largest_difference, largest_relative_difference: None where they have no end.
    """

    meaning: str
    exact: bool
    within_budget: bool
    check: Check
    compared: int
    equal: int
    near: int
    labels_equal: int | None
    differing: int | None
    largest_difference: Number | None
    largest_relative_difference: Number | None
    first_difference: int | None
    tolerance: Number
    batches: tuple[int, ...]
    options: RunOptions
    binds: bool = True

    @property
    def eligible(self) -> bool:
        """Whether it may be chosen."""
        return self.within_budget and self.binds


class ProveFacts(Facts):
    """Every graph's proof; `budget` is the share of vectors that may differ in a graph that is chosen."""

    form: Literal["prove"] = "prove"
    budget: Number
    graphs: Mapping[str, GraphProof]


class Effort(Record):
    """How often a graph is called: timed calls of a process, those before, and processes a graph and runner."""

    calls: int
    warmup: int
    repeats: int


class LatencyRow(Record):
    """Latency of one graph by one runner; times in microseconds a call.

    Attributes:
        variant, runner: which graph, by which runner (``"c"``, ``"python"``, ``"session.run"``).
        kind, where: ``"measured"`` and the machine it was measured on.
        switches: involuntary context switches during the calls; many of them spoil p99, mean and the greatest.
        floor_us: p50 of an Identity of the same input, by the same runner in the same process; None where it has none.
        calls, processes: timed calls behind the figures, and processes of which this one is the median by p50.
    """

    variant: str
    runner: str
    kind: str
    where: str
    batch: int
    min_us: Number
    p50_us: Number
    p90_us: Number
    p99_us: Number
    mean_us: Number
    switches: int
    floor_us: Number | None
    calls: int
    processes: int

    @property
    def ratio(self) -> float | None:
        """p50 by the floor's p50."""
        return None if self.floor_us is None else self.p50_us / self.floor_us


class Throughput(Record):
    """Inferences a second of the chosen graph."""

    kind: Literal["measured"]
    runner: str
    batch: int
    workers: int
    per_second: Number


class TimeFacts(Facts):
    """What was measured on the computer that built it, and the fastest graph within the budget."""

    form: Literal["time"] = "time"
    effort: Effort
    rows: tuple[LatencyRow, ...]
    chosen: str
    throughput: Throughput


class LibraryFacts(Facts):
    """The network as C.

    Attributes:
        left_out: why there is none; then all else is 0.
        work_bytes: what a call needs besides its tensors.
        packed: vectors that it brings along with their answers.
    """

    form: Literal["library"] = "library"
    left_out: str | None = None
    work_bytes: int = 0
    packed: int = 0


class OrtPackageFacts(Facts):
    """The graph that the package runs unless told otherwise."""

    form: Literal["ort package"] = "ort package"
    chosen: str
