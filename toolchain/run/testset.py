"""A package's vectors through a board: every answer against golden, accuracy, and where the time of an answer goes."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from typing import TypedDict

from toolchain.device.link.answers import Bench, Identity, Values, label_of
from toolchain.device.link.axi.sense import Expected, bench_faults, bench_in_reach, identity_faults, must_make_sense
from toolchain.device.link.board import (
    Board,
    bench_answer,
    inferred_before,
    play,
    what_is_played,
    wrong_answers,
)
from toolchain.device.link.golden import Golden
from toolchain.device.link.remembering import Memory
from toolchain.device.link.stages import Decided, decided
from toolchain.errors import VerificationError
from toolchain.results.check import VectorKind
from toolchain.results.facts.hardware import Identity as Identifiers
from toolchain.results.facts.network import Confusion
from toolchain.results.manifest import Manifest
from toolchain.results.run import (
    Answers,
    CycleSpread,
    Events,
    RunAccuracy,
    RunBench,
    RunDecisions,
    RunFigures,
    RunKind,
    RunLatency,
    RunMemory,
    RunThroughput,
    Spread,
    WrongAnswer,
)
from toolchain.run.behind import HostPart
from toolchain.run.counted import compare, mark, traffic_of

SINGLE_VECTORS = 256
"""Vectors that go one by one, each timed."""
BENCH_INFERENCES = 10_000
_BENCH_SECONDS = 60.0
# Of them, what the clocks of a bench may take.
_BENCH_SHARE = 0.5
# A simulated chip runs some hundred thousand clocks a second on a busy computer, a large one some ten thousand.
_SIMULATED_CLOCKS = 2_000_000
_SIMULATED_BENCH_SECONDS = 600.0
# Vectors between two words of progress, of a real board and of a simulated one, which takes a second for a few.
_BLOCK = {False: 1024, True: 32}
_SHOWN = 10

CountProgress = Callable[[int, int], None]
_Kinds = tuple[RunKind, RunKind]


def run_test_set(
    board: Board,
    golden: Golden,
    *,
    count: int | None = None,
    truth: Sequence[int] | None = None,
    virtual: bool = False,
    bench: int = BENCH_INFERENCES,
    kind: VectorKind = "test set",
    progress: CountProgress | None = None,
    expected: Expected = Expected(),  # noqa: B008 (it cannot change)
    stages: Sequence[int] = (),
    memory: int = 0,
    then: HostPart | None = None,
) -> RunFigures:
    """Send vectors through a board and hold every answer against golden.

    Args:
        count: how many vectors; None sends all.
        truth: the true class of each golden vector; None where it is not known here.
        virtual: whether the board is simulated: its answers and cycles are then `simulated`, its times `emulated`.
        bench: inferences of the bench; 0 leaves it out. A slow chip runs fewer.
        kind: what the vectors are.
        progress: called with how many vectors are done, and of how many.
        expected: clock and cycles as the package has them.
        stages: numbers of the stages that may answer, of a network that decides.
        memory: answers that are kept while all vectors are sent, so that the board answers no input again.
        then: what the host computes of the answers, of a network that is split.

    Returns:
        Each group of figures with its `kind`. Differences are counted and the first named; `must_be_equal` refuses
        them.

    Raises:
        ToolError: the board stopped answering.
        VerificationError: it says of itself, or of the cycles it took, what cannot be.
    """
    vectors = golden.vectors(golden.count if count is None else count)
    tell = progress or (lambda done, total: None)
    clocks = _SIMULATED_CLOCKS if virtual else _BENCH_SHARE * _BENCH_SECONDS * (expected.clock_hz or math.inf)
    bench = bench and bench_in_reach(bench, clocks, expected)
    kinds: _Kinds = ("simulated", "emulated") if virtual else ("measured", "measured")
    identity = board.identify()
    must_make_sense("identify", identity_faults(identity, golden, expected))
    before = mark(board)
    latency = _latency(board, identity, vectors[:SINGLE_VECTORS], kinds, expected)
    # Before all vectors, which take longest: a board that counts nonsense ends here.
    benched = _bench(board, golden, identity, bench, kinds, expected, stages) if bench else None
    kept = Memory(memory)
    answers, seconds = _stream(board, vectors, _BLOCK[virtual], tell, kept)
    after = mark(board)
    asked = len(answers) - kept.uses.recalled + latency.vectors + len(vectors[:1])
    if bench:
        asked += 1 + bench + inferred_before(golden, identity.bench_vectors, stages)
    return RunFigures(
        virtual=virtual,
        identity=Identifiers(model_hash=identity.model_hash.hex(), build_id=identity.build_id.hex()),
        clock_mhz=identity.clock_hz / 1e6,
        answers=_answers(golden, answers, kinds[0], kind),
        accuracy=_accuracy(golden, answers, truth, kinds[0]),
        latency=latency,
        throughput=throughput(len(answers), seconds, kinds[1]),
        bench=benched,
        counters=Events(**after.counters._asdict()),
        counted=compare(before, after, asked, max(1, bench)),
        traffic=traffic_of(board),
        decisions=decisions_of(decided(answers, golden.answers(len(answers)), stages), kinds[0]) if stages else None,
        memory=RunMemory(**kept.uses._asdict()) if memory else None,
        behind=then.of(answers, golden.answers(len(answers)), kinds[0]) if then else None,
    )


def vector_kind(manifest: Manifest) -> VectorKind:
    """What a package's golden vectors are: the model's test set, or what a file was proved on."""
    return manifest.integers.vectors.kind if manifest.integers else "test set"


def must_be_equal(result: RunFigures) -> None:
    """Refuse a run with a difference.

    Raises:
        VerificationError: names the first.
    """
    answers, bench = result.answers, result.bench
    if answers.equal != answers.compared:
        first = answers.differing[0]
        where = "class" if answers.what == "labels" else f"element {first.element}:"
        raise VerificationError(
            f"{answers.compared - answers.equal:,} of {answers.compared:,} answers differ; the first: vector "
            f"{first.vector}: {where} {first.answered}, expected {first.expected}"
        )
    if (behind := result.behind) and behind.equal != behind.compared:
        raise VerificationError(
            f"{behind.file}: {behind.compared - behind.equal:,} of {behind.compared:,} inputs end otherwise"
        )
    if bench and bench.checksum != bench.expected_checksum:
        raise VerificationError(f"bench: checksum {bench.checksum}, expected {bench.expected_checksum}")
    for finding in result.self_test.findings if result.self_test else ():
        if finding.differences:
            raise VerificationError(f"self-test: {finding.name}: {finding.differences[0]}")
    for fault in result.counted.faults if result.counted else ():
        raise VerificationError(f"counters: {fault}")


def _stream(
    board: Board, vectors: list[bytes], block: int, tell: CountProgress, kept: Memory
) -> tuple[list[Values], float]:
    answers: list[Values] = []
    started = time.perf_counter()
    for at in range(0, len(vectors), block):
        answers += kept.answers(vectors[at : at + block], board.infer_many)
        tell(len(answers), len(vectors))
    return answers, time.perf_counter() - started


def _answers(golden: Golden, answers: Sequence[Values], kind: RunKind, vectors: VectorKind) -> Answers:
    wrong = wrong_answers(answers, golden.answers(len(answers)))
    return Answers(
        kind=kind,
        what="labels" if golden.layout.classes else "outputs",
        vectors=vectors,
        compared=len(answers),
        equal=len(answers) - len(wrong),
        differing=tuple(
            WrongAnswer(vector=one.vector, element=one.element, answered=one.got, expected=one.expected)
            for one in wrong[:_SHOWN]
        ),
    )


def decisions_of(found: Decided, kind: RunKind) -> RunDecisions:
    """The record of stages that were counted and compared."""
    return RunDecisions(kind=kind, answered=tuple(found.answered), compared=found.compared, equal=found.equal)


def _accuracy(
    golden: Golden, answers: Sequence[Values], truth: Sequence[int] | None, kind: RunKind
) -> RunAccuracy | None:
    if truth is None or len(truth) != golden.count or not answers or golden.classes is None:
        return None
    classes, labels = len(golden.classes), [label_of(values) for values in answers]
    matrix = [[0] * classes for _ in range(classes)]
    for true, label in zip(truth, labels, strict=False):
        matrix[int(true)][label] += 1
    correct = sum(matrix[index][index] for index in range(classes))
    return RunAccuracy(
        kind=kind,
        accuracy=correct / len(labels),
        windows=len(labels),
        whole_test_set=len(labels) == golden.count,
        confusion=Confusion(classes=tuple(golden.classes), matrix=tuple(map(tuple, matrix))),
    )


def _latency(board: Board, identity: Identity, vectors: list[bytes], kinds: _Kinds, expected: Expected) -> RunLatency:
    """Each vector alone: cycles in the fabric, and the host's time split by who spends it."""
    splits: dict[str, list[float]] = {"fabric": [], "driver": [], "link": [], "end_to_end": []}
    cycles: list[int] = []
    board.infer_many(vectors[:1])
    for vector in vectors:
        in_port, started = _port_seconds(board), time.perf_counter()
        answer = board.infer(vector)
        whole = time.perf_counter() - started
        splits["end_to_end"].append(whole)
        must_make_sense("infer", bench_faults(Bench(1, answer.values, answer.cycles, 0, whole), expected))
        if answer.cycles is not None:
            cycles.append(answer.cycles)
            splits["fabric"].append(answer.cycles / identity.clock_hz)
        if in_port is not None:
            waited = (_port_seconds(board) or 0.0) - in_port
            splits["driver"].append(whole - waited)
            splits["link"].append(max(waited - (splits["fabric"][-1] if cycles else 0.0), 0.0))
    return RunLatency(
        kind=kinds[1],
        vectors=len(vectors),
        cycles=CycleSpread(kind=kinds[0], **_spread(cycles)) if cycles else None,
        seconds={name: Spread(**_spread(values)) if values else None for name, values in splits.items()},
        end_to_end_seconds=tuple(round(value, 9) for value in splits["end_to_end"]),
    )


def _port_seconds(board: Board) -> float | None:
    traffic = getattr(board, "traffic", None)
    return None if traffic is None else float(traffic.port_seconds)


def _spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    at = [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.95, 0.99)]
    return {
        "minimum": ordered[0],
        "median": statistics.median(ordered),
        "p95": at[0],
        "p99": at[1],
        "maximum": ordered[-1],
    }


def throughput(vectors: int, seconds: float, kind: RunKind) -> RunThroughput:
    """All vectors over the link, in so many seconds."""
    rate = vectors / seconds if seconds else 0.0
    return RunThroughput(kind=kind, vectors=vectors, seconds=seconds, inferences_per_second=rate)


def _bench(
    board: Board,
    golden: Golden,
    identity: Identity,
    inferences: int,
    kinds: _Kinds,
    expected: Expected,
    stages: Sequence[int],
) -> RunBench:
    played = play(board, golden, identity.bench_vectors, stages)
    found = played.decided(stages, inferences)
    seconds = _SIMULATED_BENCH_SECONDS if kinds[0] == "simulated" else _BENCH_SECONDS
    single, many = board.bench(1, seconds), board.bench(inferences, seconds)
    for run in (single, many):
        must_make_sense("bench", bench_faults(run, expected))
    return RunBench(
        kind=kinds[0],
        inferences=inferences,
        checksum=f"{many.checksum:08x}",
        expected_checksum=f"{bench_answer(golden.layout, played.right, inferences).checksum:08x}",
        played="stored vectors" if identity.bench_vectors else what_is_played(golden),
        latency_cycles=single.cycles,
        cycles=many.cycles,
        decisions=decisions_of(found, kinds[0]) if found else None,
        **_rate(single.cycles, many.cycles, inferences, identity.clock_hz),
    )


class _Rate(TypedDict, total=False):
    initiation_interval: float
    inferences_per_second: float


def _rate(single: int | None, many: int | None, inferences: int, clock_hz: int) -> _Rate:
    """Interval and rate, where the cycles of one and of many inferences tell them."""
    if single is None or many is None or not many - single >= inferences - 1 > 0:
        return {}
    interval = (many - single) / (inferences - 1)
    return {"initiation_interval": interval, "inferences_per_second": clock_hz / interval}
