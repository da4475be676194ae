"""Latency of a model's variants on this host, beside the Identity floor: measured here, and labelled so."""

from __future__ import annotations

import itertools
import os
import statistics
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
from onnx import TensorProto, helper
from rich.table import Table

from toolchain.device.ort.runners import ASKING
from toolchain.errors import ModelError
from toolchain.results.facts.runtime import Effort, LatencyRow
from toolchain.results.runner import RunnerReport
from toolchain.runtime.answers import Values, run_runner
from toolchain.runtime.binaries import SOURCES, find_library, runner_in

WARMUP, CALLS, REPEATS = 500, 5000, 3

# Seconds of timed calls in one process, of those before, and of all processes together.
_TIMED, _WARMING, _TOGETHER = 1.0, 0.2, 60.0


@dataclass(frozen=True)
class Variant:
    """One graph to time.

    Attributes:
        model: ONNX file.
        words: session options as the runners take them.
        vectors: inputs to feed in turn, shape (N, ...), or None for zeros.
    """

    model: Path
    words: tuple[str, ...] = ()
    vectors: Values | None = None


def effort_of(slowest: float, variants: int) -> Effort:
    """As much effort as takes about a second a process, and a minute in all where one call of each will do.

    Args:
        slowest: seconds of a call of the slowest graph.
        variants: graphs to time.
    """
    slowest = max(slowest, 1e-6)
    # Calls of one graph by one runner; what opens a graph calls it once, too.
    share = _TOGETHER / (runs_of(1, variants) * slowest)
    repeats = REPEATS if share >= 5 * REPEATS else 1
    share = share / repeats - 1
    calls = min(CALLS, _TIMED / slowest, 0.8 * share)
    warmup = min(WARMUP, _WARMING / slowest, 0.2 * share)
    return Effort(calls=max(1, int(calls)), warmup=max(1, int(warmup)), repeats=repeats)


def runs_of(repeats: int, variants: int) -> int:
    """Processes for so many graphs by both runners."""
    return 2 * variants * repeats


def floor_model(model: onnx.ModelProto) -> onnx.ModelProto:
    """An Identity of the model's input: what a call costs when there is nothing to compute.

    Raises:
        ModelError: the model has no tensor input.
    """
    if not model.graph.input or not model.graph.input[0].type.HasField("tensor_type"):
        raise ModelError("the model has no tensor input; an Identity of it cannot be made")
    tensor = model.graph.input[0].type.tensor_type
    shape = [dim.dim_value if dim.HasField("dim_value") else dim.dim_param or "rows" for dim in tensor.shape.dim]
    kind = tensor.elem_type or TensorProto.FLOAT
    sides = [helper.make_tensor_value_info(name, kind, shape) for name in ("input", "output")]
    graph = helper.make_graph([helper.make_node("Identity", ["input"], ["output"])], "floor", sides[:1], sides[1:])
    opsets = [entry for entry in model.opset_import if entry.domain in {"", "ai.onnx"}]
    return helper.make_model(graph, ir_version=model.ir_version, opset_imports=opsets, producer_name="gateweave")


def quiet_core() -> int:
    """The core to pin to: the last one this process may use, since interrupts gather on the first."""
    return max(os.sched_getaffinity(0))


def measure(
    command: Sequence[str], variant: Variant, work: Path, *, effort: Effort, plain: bool = False
) -> RunnerReport:
    """Report of one runner on one variant with its floor, pinned, batch 1 (or the model's fixed batch).

    Args:
        command: the runner's program.
        variant: the graph.
        work: scratch folder for the floor and the inputs.
        effort: how many calls.
        plain: the Python runner also times `session.run` with default options.

    Raises:
        ToolError: the runner failed.
    """
    work.mkdir(parents=True, exist_ok=True)
    floor = work / f"{variant.model.stem}.floor.onnx"
    onnx.save(floor_model(onnx.load(str(variant.model), load_external_data=False)), str(floor))
    words = ["--model", str(variant.model), "--floor", str(floor), "--calls", str(effort.calls), *ASKING]
    words += [
        "--warmup",
        str(effort.warmup),
        "--core",
        str(quiet_core()),
        *variant.words,
        *(["--plain"] if plain else []),
    ]
    if variant.vectors is not None:
        path = work / f"{variant.model.stem}.inputs.bin"
        np.ascontiguousarray(variant.vectors).tofile(path)
        words += ["--inputs", str(path)]
    return run_runner(command, words)


def throughput(
    command: Sequence[str],
    variant: Variant,
    *,
    batch: int,
    workers: int,
    seconds: float = 1.0,
    warmup: int = WARMUP,
    plain: bool = False,
) -> float:
    """Inferences a second of `workers` callers with batches of `batch`, one thread a call; nothing is pinned.

    With `plain`, of the Python runner's `session.run` with default options instead.

    Raises:
        ToolError: the runner failed, or the model's batch is fixed at another size.
    """
    words = ["--model", str(variant.model), "--seconds", str(seconds), "--batch", str(batch), "--workers", str(workers)]
    words += ["--warmup", str(warmup), *ASKING]
    report = run_runner(command, [*words, *variant.words, *(["--plain"] if plain else [])])
    loop = report.plain_loop if plain else report.loop
    assert loop is not None, "seconds were asked for"
    return float(loop.per_second)


def runner_commands(work: Path) -> dict[str, list[str]]:
    """Both runners on this machine, by name; the C one is compiled into `work`, once.

    Raises:
        ToolError: the compiler is missing or failed.
    """
    binary = runner_in(work, os.uname().machine)
    return {
        "c": [str(binary), "--library", str(find_library())],
        "python": [sys.executable, str(SOURCES / "runner.py")],
    }


def time_variants(
    variants: Mapping[str, Variant],
    work: Path,
    *,
    effort: Effort,
    plain: str | None = None,
    told: Callable[[int], None] = lambda done: None,
) -> list[LatencyRow]:
    """Table of all variants by both runners, each the median (by p50) of several processes.

    The variants take turns, so that a machine that slows down slows all of them.

    Args:
        variants: graphs by name.
        work: scratch folder.
        effort: how many calls and processes.
        plain: name of the variant to time with a plain `session.run`, too.
        told: learns how many processes have ended.

    Raises:
        ToolError: the compiler or a runner failed.
    """
    commands = runner_commands(work)
    reports: dict[tuple[str, str], list[RunnerReport]] = {}
    turns = list(itertools.product(range(effort.repeats), variants, commands))
    for done, (_, name, runner) in enumerate(turns):
        told(done)
        also = plain == name and runner == "python"
        report = measure(commands[runner], variants[name], work, effort=effort, plain=also)
        reports.setdefault((name, runner), []).append(report)
    rows = [_row(name, runner, "latency", entries) for (name, runner), entries in reports.items()]
    if plain is not None:
        rows.append(_row(plain, "session.run", "plain", reports[plain, "python"]))
    return rows


def _row(variant: str, runner: str, key: Literal["latency", "plain"], reports: Sequence[RunnerReport]) -> LatencyRow:
    timed = [(figures, report) for report in reports if (figures := getattr(report, key)) is not None]
    middle = statistics.median_low(figures.p50_us for figures, _ in timed)
    figures, report = next(pair for pair in timed if pair[0].p50_us == middle)
    floor, machine = report.floor if key == "latency" else None, report.machine
    return LatencyRow(
        variant=variant,
        runner=runner,
        kind=report.kind,
        where=f"host: {machine.processor or machine.architecture}",
        batch=figures.batch,
        min_us=figures.min_us,
        p50_us=figures.p50_us,
        p90_us=figures.p90_us,
        p99_us=figures.p99_us,
        mean_us=figures.mean_us,
        switches=figures.involuntary_switches,
        floor_us=floor.p50_us if floor else None,
        calls=figures.calls,
        processes=len(reports),
    )


def fastest(rows: Sequence[LatencyRow], eligible: Collection[str], runner: str = "c") -> str:
    """Name of the variant with the least p50 among those whose answers are good enough.

    Raises:
        ModelError: none of them was timed.
    """
    candidates = [row for row in rows if row.runner == runner and row.variant in eligible]
    if not candidates:
        raise ModelError("no variant is within the accuracy budget; raise the budget or mend the graphs")
    return min(candidates, key=lambda row: row.p50_us).variant


_TITLES = ("variant", "runner", "min", "p50", "p90", "p99", "mean", "floor", "x floor", "switches", "calls", "kind")


def _cells(row: LatencyRow) -> list[str]:
    times = (row.min_us, row.p50_us, row.p90_us, row.p99_us, row.mean_us, row.floor_us)
    texts = ["" if value is None else f"{value:.2f}" for value in (*times, row.ratio)]
    return [row.variant, row.runner, *texts, str(row.switches), _rests_on(row), f"{row.kind} ({row.where})"]


def _rests_on(row: LatencyRow) -> str:
    return f"{row.processes} x {row.calls:,}"


def latency_table(rows: Sequence[LatencyRow]) -> Table:
    """The rows for the terminal; times in microseconds."""
    table = Table(title="latency of one call in microseconds, batch 1")
    for index, title in enumerate(_TITLES):
        table.add_column(title, justify="right" if 1 < index < len(_TITLES) - 1 else "left")
    for row in rows:
        table.add_row(*_cells(row))
    return table


def latency_markdown(rows: Sequence[LatencyRow]) -> str:
    """The rows for a page."""
    lines = [_TITLES, ["---"] * len(_TITLES), *map(_cells, rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
