"""A run as a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from toolchain.report.comparisons import words_of

_SPLIT = {"fabric": "in the fabric", "driver": "in the driver", "link": "on the link", "end_to_end": "end to end"}


def run_table(result: Mapping[str, Any]) -> Table:
    """Figures of `testset.run_test_set`, each with its kind."""
    title, notes = f"{result.get('model', '')} on {result.get('board', '')}".strip(), _notes(result)
    table = Table(title=title, title_justify="left", caption=notes, caption_justify="left")
    table.add_column("what")
    table.add_column("figure", justify="right")
    table.add_column("kind")
    for row in _rows(result):
        table.add_row(*row)
    return table


def _rows(result: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    answers = result["answers"]
    yield (
        f"{answers['what']} equal to the golden ones, {words_of(answers['vectors'])}",
        f"{answers['equal']:,} of {answers['compared']:,}",
        answers["kind"],
    )
    if result["accuracy"]:
        yield "accuracy", f"{result['accuracy']['accuracy']:.4%}", result["accuracy"]["kind"]
    yield from _latency(result["latency"])
    rate = result["throughput"]
    yield "throughput over the link", f"{rate['inferences_per_second']:,.0f} /s", rate["kind"]
    yield from _bench(result["bench"])
    if result["traffic"]:
        repeated = result["traffic"]["sent"] - result["traffic"]["answered"]
        yield "requests sent again", f"{repeated:,} of {result['traffic']['sent']:,}", answers["kind"]
    counted = result.get("counted") or {"inferences": None}
    if counted["inferences"] is not None:
        yield "inferences counted by the board", f"{counted['inferences']:,} of {counted['asked']:,}", answers["kind"]


def _notes(result: Mapping[str, Any]) -> Text | None:
    """What the board's counters say otherwise than this computer."""
    counted = result.get("counted") or {}
    said = [f"counters: {one}" for one in (*counted.get("faults", ()), *counted.get("notes", ()))]
    return Text("\n".join(said)) if said else None


def _latency(latency: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    if latency["cycles"]:
        yield "latency", f"{latency['cycles']['median']:,.0f} cycles", latency["cycles"]["kind"]
    for name, text in _SPLIT.items():
        spread = latency["seconds"].get(name)
        if spread:
            kind = latency["cycles"]["kind"] if name == "fabric" else latency["kind"]
            yield f"  {text}, median (p99)", f"{spread['median'] * 1e6:,.1f} ({spread['p99'] * 1e6:,.1f}) µs", kind


def _bench(bench: Mapping[str, Any] | None) -> Iterator[tuple[str, str, str]]:
    if bench is None:
        return
    same = "equal" if bench.get("checksum") == bench.get("expected_checksum") else "DIFFERS"
    played = f" of {bench['played']}" if "played" in bench else ""
    yield f"bench of {bench['inferences']:,}{played}, checksum", same, bench["kind"]
    if "inferences_per_second" in bench:
        yield "throughput in the fabric", f"{bench['inferences_per_second']:,.0f} /s", bench["kind"]
