"""The self-test on the board: is it the packed design, and does it answer as every stage of the build did."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Optional

from toolchain.device.link.answers import Bench, Values
from toolchain.device.link.asking import Asked
from toolchain.device.link.axi.sense import bench_faults, bench_in_reach, expected_of, identity_faults, pace_faults
from toolchain.device.link.board import (
    WrongAnswer,
    bench_answer,
    bench_differences,
    inferred_before,
    play,
    what_is_played,
    wrong_answers,
)
from toolchain.device.link.finding import Counts, Finding, Measured, WrongVector
from toolchain.device.link.golden import Golden
from toolchain.device.link.remembering import Memory, Uses
from toolchain.device.link.stages import Decided, decided, stages_of
from toolchain.device.packed import PackedManifest

SINGLE_VECTORS = 64
"""Vectors that also go one by one."""
BENCH_INFERENCES = 1_000_000
_BENCH_SECONDS = 60
_SHOWN = 10
_BLOCK = 1024
_CLOCK_TOLERANCE = 0.02
# A short bench costs more time in the host than on the chip; below this its seconds say nothing of the clock.
_CLOCK_SECONDS = 0.2
_BENCH = {"values": "last answer {}, expected {}", "checksum": "checksum {:08x}, expected {:08x}"}


def run_self_test(
    board: Asked,
    inferences: int = BENCH_INFERENCES,
    seconds: float = 600.0,
    vectors: Optional[int] = None,  # noqa: UP045 (Python 3.8)
    tell: Callable[[int, int], None] = lambda done, total: None,
    memory: int = 0,
    keep: Callable[[Sequence[Values]], None] = lambda answers: None,
) -> Iterator[Finding]:
    """All checks, one after the other.

    Args:
        inferences: how many the bench runs.
        seconds: how long it may take.
        vectors: how many golden vectors are sent; None sends all.
        tell: called with how many of them are answered, and of how many.
        memory: answers that are kept while they are sent; else the board itself answers each.
        keep: called with all the answers.

    Raises:
        ToolError: the board stopped answering.
    """
    before, count = board.counters(), min(vectors or board.golden.count, board.golden.count)
    single, board.memory = min(SINGLE_VECTORS, count), Memory()
    yield _identity(board)
    alone = _answered(board, lambda many: [board.infer(one).values for one in many], single, tell)
    yield _compared(board, "one by one", *alone)
    kept = board.memory = Memory(memory)
    answers, taken = _answered(board, board.infer_many, count, tell)
    board.memory = Memory()
    keep(answers)
    yield _compared(board, board.way, answers, taken, kept.uses)
    yield _bench(board, inferences, seconds)
    yield _counters(board, before, single + count - kept.uses.recalled + inferences)


def bench_of(manifest: PackedManifest, most: int = BENCH_INFERENCES) -> int:
    """How many inferences the bench of a package runs: `most`, or as many as take a minute."""
    expected = expected_of(manifest)
    return bench_in_reach(most, _BENCH_SECONDS * expected.clock_hz, expected) if expected.clock_hz else most


def _identity(board: Asked) -> Finding:
    identity, golden = board.identify(), board.golden
    said = "the chip says" if identity.source == "chip" else "the package says, the chip cannot be asked"
    finding = Finding("identify", f"model {identity.model_hash.hex()}, build {identity.build_id.hex()} ({said})")
    finding.differences = identity_faults(identity, golden, expected_of(board.manifest))
    return finding


def _answered(
    board: Asked, infer: Callable[[list[bytes]], Sequence[Values]], count: int, tell: Callable[[int, int], None]
) -> tuple[list[Values], float]:
    """The answers to so many golden vectors, and the seconds that they took."""
    answers: list[Values] = []
    vectors = board.golden.vectors(count)
    started = time.perf_counter()
    for at in range(0, count, _BLOCK):
        answers += infer(vectors[at : at + _BLOCK])
        tell(len(answers), count)
    return answers, time.perf_counter() - started


def _compared(
    board: Asked,
    way: str,
    answers: Sequence[Values],
    seconds: float,
    kept: Optional[Uses] = None,  # noqa: UP045
) -> Finding:
    golden, count = board.golden, len(answers)
    wrong = wrong_answers(answers, golden.answers(count))
    what = "labels" if golden.layout.classes else "answers"
    finding = Finding(f"golden vectors, {way}", f"{count:,} {what} compared, {count - len(wrong):,} equal")
    finding.differences = [_told(golden, one) for one in wrong[:_SHOWN]]
    if len(wrong) > _SHOWN:
        finding.differences.append(f"and {len(wrong) - _SHOWN:,} more vectors")
    finding.measured = Measured(vectors=count, seconds_with_driver=round(seconds, 6))
    differing = [WrongVector(one.vector, one.element, one.got, one.expected) for one in wrong[:_SHOWN]]
    finding.counts = Counts(count, count - len(wrong), differing)
    if stages := stages_of(board.manifest):
        _add_decisions(finding, decided(answers, golden.answers(count), stages))
    if kept is not None and kept.places:
        finding.counts.memory = kept._asdict()
        finding.summary += f"; {kept.recalled:,} of {kept.asked:,} answers were kept ones"
    return finding


def _add_decisions(finding: Finding, found: Decided) -> None:
    finding.counts.decisions = found
    finding.summary += f"; {found.told}"


def _told(golden: Golden, wrong: WrongAnswer) -> str:
    if golden.layout.classes:
        got, right = (f"{label} ({golden.class_name(label)})" for label in (wrong.got, wrong.expected))
        return f"vector {wrong.vector}: class {got}, expected {right}"
    return f"vector {wrong.vector}: element {wrong.element}: {wrong.got}, expected {wrong.expected}"


def _bench(board: Asked, inferences: int, seconds: float) -> Finding:
    stored = board.identify().bench_vectors
    if not 0 <= stored <= board.golden.count:
        return Finding("bench", differences=[f"{stored} vectors are stored, the package has {board.golden.count}"])
    played = play(board, board.golden, stored, stages := stages_of(board.manifest))
    single, bench = board.bench(1, seconds), board.bench(inferences, seconds)
    what = f"over {stored} stored vectors" if stored else f"of {what_is_played(board.golden)}"
    finding = Finding("bench", f"{inferences:,} inferences {what}")
    right = bench_answer(board.golden.layout, played.right, inferences)
    finding.counts = Counts(checksum=f"{bench.checksum:08x}", expected_checksum=f"{right.checksum:08x}")
    if (found := played.decided(stages, inferences)) is not None:
        _add_decisions(finding, found)
    wrong = bench_differences(bench, board.golden.layout, played.right)
    finding.differences = [_BENCH[name].format(got, value) for name, value, got in wrong]
    finding.measured = Measured(inferences=inferences, seconds=round(bench.seconds, 6))
    finding.measured.inferences_per_second = round(inferences / bench.seconds, 1) if bench.seconds else None
    faults = [fault for run in (single, bench) for fault in bench_faults(run, expected_of(board.manifest))]
    faults += pace_faults(bench, board.identify().clock_hz)
    finding.differences += faults
    if not faults and bench.cycles is not None and single.cycles is not None:
        _add_cycles(finding, board, single.cycles, bench)
    return finding


def _add_cycles(finding: Finding, board: Asked, latency: int, bench: Bench) -> None:
    """Latency and interval as the chip counted them; the clock as host time and cycles tell it."""
    cycles, seconds = bench.cycles or 0, bench.seconds
    finding.measured.latency_cycles = latency
    if bench.inferences > 1:
        finding.measured.initiation_interval = round((cycles - latency) / (bench.inferences - 1), 3)
    built_for = board.identify().clock_hz
    if seconds < _CLOCK_SECONDS or built_for < 1:
        return
    hertz = cycles / seconds
    finding.measured.clock_mhz = round(hertz / 1e6, 2)
    if abs(hertz / built_for - 1) > _CLOCK_TOLERANCE:
        finding.differences.append(
            f"the clock runs at about {hertz / 1e6:.1f} MHz, the design was built for {built_for / 1e6:g}: "
            f"set it (PYNQ does so by itself)"
        )


def _counters(board: Asked, before: Any, asked: int) -> Finding:
    after = board.counters()
    counted = (after.inferences - before.inferences) % (1 << 32)
    # The bench of one, and what was asked of the vectors that it plays.
    asked += 1 + inferred_before(board.golden, board.identify().bench_vectors, stages_of(board.manifest))
    finding = Finding("counters", f"{counted:,} inferences counted, {asked:,} asked for")
    finding.measured = Measured(inferences_counted=counted, inferences_asked=asked)
    if counted != asked % (1 << 32):
        finding.differences.append(f"inferences: {counted} counted, {asked} asked for; is another program at it?")
    for name in ("damaged", "refused", "bus_errors"):
        old, new = getattr(before, name), getattr(after, name)
        if old is not None and new != old:
            finding.differences.append(f"{name}: {(new - old) % (1 << 32)} during the test, expected 0")
    return finding
