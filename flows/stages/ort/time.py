"""time: latency of every graph on this computer, and which is the fastest that answers well enough."""

from __future__ import annotations

import time

from flows.stages.context import Context, Outcome
from flows.stages.ort.files import facts_of, load, suits
from toolchain.files import write_json
from toolchain.runtime.session import THROUGHPUT_BATCH, RunOptions, open_session, run_session
from toolchain.runtime.third_party import Imported
from toolchain.runtime.timing import CALLS, Row, Variant, fastest, runner_commands, throughput, time_variants

_VECTORS = 1000
_LEAST_CALLS = 100
_SECONDS = 1.0


def run(context: Context) -> Outcome:
    """Write `latency.json`. It is a measurement: another run of this stage gives other figures."""
    made, proved = load(context), facts_of(context)
    options = {name: RunOptions.from_json(facts["options"]) for name, facts in proved.items() if suits(name, context)}
    folder, x = context.layout.stage("graphs"), made.vectors.x[:_VECTORS]
    variants = {name: Variant(folder / f"{name}.onnx", words(option), x) for name, option in options.items()}
    calls = _calls(made, options)
    first = "fp32" if "fp32" in variants else next(iter(variants))
    # A session with options of its own may fail, or answer otherwise, without them.
    plain = first if options[first] == RunOptions() else None
    context.progress(f"{len(variants)} graphs, two runners, {calls:,} calls each, three times")
    rows = time_variants(variants, context.work, calls=calls, plain=plain)
    chosen = fastest(rows, [name for name in variants if proved[name]["within_budget"]])
    rate = _throughput(context, made, variants[chosen])
    facts = {"rows": [row.to_json() for row in rows], "chosen": chosen, "throughput": rate}
    write_json(context.out / "latency.json", facts)
    return Outcome(_summary(rows, chosen), facts=facts)


def words(options: RunOptions) -> tuple[str, ...]:
    """Session options as the runners take them."""
    disabled = (word for name in options.disabled for word in ("--disable", name))
    return ("--level", options.level, *disabled)


def _calls(made: Imported, options: dict[str, RunOptions]) -> int:
    """As many calls as take about a second, of the slowest graph."""
    slowest = 0.0
    for name, option in options.items():
        session, one = open_session(made.graphs[name], option), made.vectors.x[:1]
        run_session(session, one)
        started = time.perf_counter()
        run_session(session, one)
        slowest = max(slowest, time.perf_counter() - started)
    return int(min(CALLS, max(_LEAST_CALLS, _SECONDS / max(slowest, 1e-6))))


def _throughput(context: Context, made: Imported, variant: Variant) -> dict[str, float | int | str]:
    dimension = made.graphs[variant.model.stem].graph.input[0].type.tensor_type.shape.dim[0]
    batch = 1 if dimension.dim_value else THROUGHPUT_BATCH
    command = runner_commands(context.work)["c"]
    rate = throughput(command, variant, batch=batch, workers=1)
    return {"kind": "measured", "runner": "c", "batch": batch, "workers": 1, "per_second": round(rate)}


def _summary(rows: list[Row], chosen: str) -> str:
    row = next(row for row in rows if (row.variant, row.runner) == (chosen, "c"))
    floor = f", {row.ratio:.1f} times an Identity" if row.ratio else ""
    return f"fastest within the budget: {chosen}, p50 {row.p50_us:.1f} us in C{floor} (measured on this computer)"
