"""time: latency of every graph on this computer, and which is the fastest that answers well enough."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

from flows.stages.context import Context, Outcome
from flows.stages.ort.files import load, proofs_of, suits
from toolchain.device.ort.runners import session_words
from toolchain.files import write_json
from toolchain.results.facts import TimeFacts
from toolchain.results.facts.runtime import Effort, LatencyRow, Throughput
from toolchain.results.options import RunOptions
from toolchain.runtime.imported import Imported
from toolchain.runtime.session import open_session, run_session
from toolchain.runtime.timing import (
    WARMUP,
    Variant,
    effort_of,
    fastest,
    runner_commands,
    runs_of,
    throughput,
    time_variants,
)

_VECTORS = 1000

# Seconds of a batch, beyond which single vectors are timed, and of the calls before.
_BATCH, _WARMING = 0.5, 0.2


def run(context: Context) -> Outcome:
    """Write `latency.json`. It is a measurement: another run of this stage gives other figures."""
    made, proved = load(context), proofs_of(context)
    options = {name: proof.options for name, proof in proved.items() if suits(name, context)}
    folder, x = context.layout.stage("graphs"), made.vectors.x[:_VECTORS]
    variants = {name: Variant(folder / f"{name}.onnx", words(option), x) for name, option in options.items()}
    seconds = {name: _seconds(made, name, option) for name, option in options.items()}
    effort = effort_of(max(seconds.values()), len(variants))
    first = "fp32" if "fp32" in variants else next(iter(variants))
    # A session with options of its own may fail, or answer otherwise, without them.
    plain = first if options[first] == RunOptions() else None
    rows = time_variants(variants, context.work, effort=effort, plain=plain, told=_progress(context, effort, seconds))
    chosen = fastest(rows, [name for name in variants if proved[name].eligible])
    rate = _throughput(context, made, variants[chosen], max(proved[chosen].batches), seconds[chosen])
    facts = TimeFacts(
        effort=effort,
        rows=tuple(rows),
        chosen=chosen,
        throughput=rate,
    )
    write_json(context.out / "latency.json", facts.to_json())
    return Outcome(_summary(rows, chosen), facts=facts)


def words(options: RunOptions) -> tuple[str, ...]:
    """Session options as the runners take them."""
    return tuple(session_words(options.to_json()))


def _progress(context: Context, effort: Effort, seconds: Mapping[str, float]) -> Callable[[int], None]:
    """Says how many processes there are, what each does, and when they will have ended."""
    runs = runs_of(effort.repeats, len(seconds))
    each = (effort.calls + effort.warmup + 1) * sum(seconds.values()) / len(seconds)

    def say(done: int) -> None:
        left = math.ceil((runs - done) * each)
        graphs = f"{len(seconds)} graphs, two runners, {effort.repeats} times {effort.calls:,} calls each"
        context.progress(f"{graphs}: run {done + 1} of {runs}, about {left:,} s to go", done / runs)

    return say


def _seconds(made: Imported, name: str, option: RunOptions) -> float:
    """Seconds of one call; the first one is not counted."""
    session, one = open_session(made.graphs[name], option), made.vectors.x[:1]
    run_session(session, one)
    started = time.perf_counter()
    run_session(session, one)
    return max(1e-6, time.perf_counter() - started)


def _throughput(context: Context, made: Imported, variant: Variant, most: int, seconds: float) -> Throughput:
    """In the largest batches that it was proved with, where one is no matter of seconds."""
    dimension = made.graphs[variant.model.stem].graph.input[0].type.tensor_type.shape.dim[0]
    batch = 1 if dimension.dim_value or seconds * most > _BATCH else most
    warmup = max(1, min(WARMUP, int(_WARMING / (batch * seconds))))
    command = runner_commands(context.work)["c"]
    rate = throughput(command, variant, batch=batch, workers=1, warmup=warmup)
    return Throughput(kind="measured", runner="c", batch=batch, workers=1, per_second=_figure(rate))


def _figure(rate: float) -> float:
    """Whole, or of three places where it is below ten."""
    return round(rate) if rate >= 10 else round(rate, 3)


def _summary(rows: list[LatencyRow], chosen: str) -> str:
    row = next(row for row in rows if (row.variant, row.runner) == (chosen, "c"))
    floor = f", {row.ratio:.1f} times an Identity" if row.ratio else ""
    return f"fastest within the budget: {chosen}, p50 {row.p50_us:.1f} us in C{floor} (measured on this computer)"
