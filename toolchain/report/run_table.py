"""A run as a table for people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.table import Table
from rich.text import Text

from toolchain.report.comparisons import words_of
from toolchain.results.run import Counted, RunBench, RunDecisions, RunFigures, RunLatency, RunResult

_SPLIT = {"fabric": "in the fabric", "driver": "in the driver", "link": "on the link", "end_to_end": "end to end"}


def run_table(result: RunFigures) -> Table:
    """Figures of `testset.run_test_set`, each with its kind; a whole run says of which board."""
    title = f"{result.model} on {result.board}" if isinstance(result, RunResult) else ""
    table = Table(title=title, title_justify="left", caption=_notes(result.counted), caption_justify="left")
    table.add_column("what")
    table.add_column("figure", justify="right")
    table.add_column("kind")
    for row in _rows(result):
        table.add_row(*row)
    return table


def _rows(result: RunFigures) -> Iterator[tuple[str, str, str]]:
    answers, rate = result.answers, result.throughput
    yield (
        f"{answers.what} equal to the golden ones, {words_of(answers.vectors)}",
        f"{answers.equal:,} of {answers.compared:,}",
        answers.kind,
    )
    for name, value in ((result.settings or {}) if isinstance(result, RunResult) else {}).items():
        yield f"setting {name}", f"{value:,}", "given"
    if result.decisions:
        yield from _decisions("inputs that each stage answered", result.decisions)
    if behind := result.behind:
        name = f"outputs of {Path(behind.file).name}, {behind.seconds * 1e6:,.0f} us an input on this host"
        yield name, f"{behind.equal:,} of {behind.compared:,} equal", behind.kind
    if kept := result.memory:
        yield f"answers of a memory of {kept.places:,}", f"{kept.recalled:,} of {kept.asked:,}", answers.kind
    if result.accuracy:
        yield "accuracy", f"{result.accuracy.accuracy:.4%}", result.accuracy.kind
    yield from _latency(result.latency)
    yield "throughput over the link", f"{rate.inferences_per_second:,.0f} /s", rate.kind
    if result.bench:
        yield from _bench(result.bench)
    if result.traffic:
        repeated = result.traffic.sent - result.traffic.answered
        yield "requests sent again", f"{repeated:,} of {result.traffic.sent:,}", answers.kind
    counted = result.counted
    if counted and counted.inferences is not None:
        yield "inferences counted by the board", f"{counted.inferences:,} of {counted.asked:,}", answers.kind


def _decisions(what: str, found: RunDecisions) -> Iterator[tuple[str, str, str]]:
    yield what, ", ".join(f"{count / max(1, found.compared):.1%}" for count in found.answered), found.kind
    yield "stages equal to the golden ones", f"{found.equal:,} of {found.compared:,}", found.kind


def _notes(counted: Counted | None) -> Text | None:
    """What the board's counters say otherwise than this computer."""
    said = [f"counters: {one}" for one in (*counted.faults, *counted.notes)] if counted else []
    return Text("\n".join(said)) if said else None


def _latency(latency: RunLatency) -> Iterator[tuple[str, str, str]]:
    cycles = latency.cycles
    if cycles:
        yield "latency", f"{cycles.median:,.0f} cycles", cycles.kind
    for name, text in _SPLIT.items():
        spread = latency.seconds.get(name)
        if spread and spread.p99 is not None:
            kind = cycles.kind if cycles and name == "fabric" else latency.kind
            yield f"  {text}, median (p99)", f"{spread.median * 1e6:,.1f} ({spread.p99 * 1e6:,.1f}) µs", kind


def _bench(bench: RunBench) -> Iterator[tuple[str, str, str]]:
    same = "equal" if bench.checksum == bench.expected_checksum else "DIFFERS"
    played = f" of {bench.played}" if bench.played else ""
    yield f"bench of {bench.inferences:,}{played}, checksum", same, bench.kind
    if bench.decisions:
        yield from _decisions("  inferences that each stage answered", bench.decisions)
    if bench.inferences_per_second is not None:
        yield "throughput in the fabric", f"{bench.inferences_per_second:,.0f} /s", bench.kind
