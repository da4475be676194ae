"""A build's report as tables a person enjoys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from toolchain.console import typeable
from toolchain.report.account_table import account_table
from toolchain.report.answer_lines import lines
from toolchain.report.beside_table import beside_table
from toolchain.report.compare import comparison_table
from toolchain.report.comparisons import compared, counted
from toolchain.report.measurement_table import measurement_table
from toolchain.results.facts import DataFacts, EmulateFacts, IntegersFacts
from toolchain.results.facts.decision import Decision
from toolchain.results.facts.mcu import Sizes
from toolchain.results.facts.network import FrontPoint
from toolchain.results.facts.runtime import GraphProof
from toolchain.results.folding import dense_told
from toolchain.results.manifest import Graphs, Latency, Resources, Timing
from toolchain.results.report import ComparedAccuracy, Report, StageReport

_ON_DEMAND = {
    "baselines": "trains the float reference and the random split to compare with",
    "compare": "makes the other cores, to put all side by side",
}
_RESOURCES = {"lut": "LUT", "ff": "FF", "bram": "block RAM", "dsp": "DSP"}


def print_report(report: Report, console: Console, rows_word: str) -> None:
    """Print the report: accuracy, hardware, stages, files.

    Args:
        rows_word: what the rows of the data are called.
    """
    title = Text(f"{report.model} on {report.board}", style="bold")
    title.append(f", {report.strategy}: {report.status}", style="not bold")
    if not report.complete:
        title.append("  (a later build stopped; this is the last whole one)", style="not bold yellow")
    console.print()
    console.print(title)
    for table in _tables(report, rows_word):
        console.print()
        _print(console, table)
    console.print()
    for stage in report.not_run:
        console.print(f"{stage:<11} not run: {typeable('`make compare`')} {_ON_DEMAND[stage]}")
    for role, path in report.files.items():
        console.print(f"{role:<11} {path}")


def _print(console: Console, table: Table | Text) -> None:
    """A table with its title apart, which would be broken at the width of a narrow one."""
    if isinstance(table, Table) and table.title:
        title = table.title if isinstance(table.title, Text) else Text(str(table.title))
        title.stylize("bold")
        console.print(title)
        table.title = None
    console.print(table)


def _tables(report: Report, rows_word: str) -> Iterator[Table | Text]:
    if report.accuracy:
        yield accuracy_table(report.accuracy, rows_word, report.data)
    if report.front:
        yield front_table(report.front)
    if report.decision:
        yield decision_table(report.decision)
    if report.account and (table := account_table(report.account, report.timing, report.measurement)):
        yield table
    if report.beside:
        yield beside_table(report.beside)
    if report.answers and (told := "\n".join(lines(report.answers))):
        yield Text(told)
    if report.integers:
        yield Text("\n".join(_read(report.integers)))
    if report.resources and report.timing:
        yield hardware_table(report.resources, report.timing)
        if report.estimate and report.estimate.too_dense:
            yield Text(f"of its strategy: {dense_told(report.estimate.too_dense)}")
    if report.comparison:
        yield comparison_table(report.comparison)
    if report.memory and report.emulated:
        yield memory_table(report.memory, report.emulated)
    if report.graphs and report.latency:
        yield graph_table(report.graphs, report.latency.chosen)
        yield latency_table(report.latency)
    if report.measurement:
        yield measurement_table(report.measurement)
    yield stage_table(report.stages)


def accuracy_table(accuracy: ComparedAccuracy, rows_word: str, data: DataFacts | None) -> Table:
    """Per class, with the float reference and the random split beside it where they were trained."""
    synthetic = ", synthetic data" if accuracy.data == "synthetic" else ""
    split = f", {data.split}" if data else ""
    title = f"accuracy ({accuracy.windows:,} test {rows_word}{split}{synthetic})"
    table = _table(title, "class", "precision", "recall", "F1", "missed", rows_word)
    for name in accuracy.confusion.classes:
        figures = accuracy.per_class[name]
        shares = (figures.precision, figures.recall, figures.f1, figures.false_negative_rate)
        table.add_row(name, *map(share, shares), f"{figures.support:,}")
    table.add_section()
    table.add_row("macro", "", "", share(accuracy.macro_f1), "", "")
    for name, other in accuracy.baselines.items():
        table.add_row(name.replace("_", " "), "", "", share(other.macro_f1), "", f"{other.windows:,}")
    return table


def front_table(front: Sequence[FrontPoint]) -> Table:
    """Accuracy against LUTs of the networks that a training with a budget came by."""
    table = _table("accuracy against LUTs, networks of the training", "LUT, estimated", "macro-F1, validation", "")
    for point in front:
        table.add_row(f"{point.lut:,}", share(point.macro_f1), "built" if point.kept else "")
    return table


def decision_table(decision: Decision) -> Table:
    """What each stage answers of the test set, and what that takes; operations are counted, not timed."""
    if decision.widths:
        return _width_table(decision)
    columns = ("stage", "threshold", "answers", "right", "right if alone", "operations, counted", "of all")
    table = _table("where the network stops (test set)", *columns)
    for number, stage in enumerate(decision.stages):
        last = number == len(decision.thresholds)
        table.add_row(
            str(number + 1),
            "" if last else f"{decision.thresholds[number]:,}",
            f"{stage.answered / max(1, decision.inputs):.2%}",
            f"{stage.right / stage.answered:.2%}" if stage.answered else "",
            f"{stage.alone:.2%}",
            f"{stage.operations:,}",
            f"{stage.operations / decision.most:.0%}",
        )
    table.add_section()
    expected = f"{decision.operations:,.0f}", f"{decision.operations / decision.most:.0%}"
    table.add_row("an input", "", "", f"{decision.accuracy:.2%}", "", *expected)
    if twice := decision.twice:
        kept = f"{twice.recalled / max(1, twice.asked):.2%} kept"
        operations = decision.operations_twice
        of_all = f"{operations / decision.most:.0%}"
        table.add_row("each twice", "", kept, f"{decision.accuracy:.2%}", "", f"{operations:,.0f}", of_all)
        table.caption_justify = "left"
        table.caption = f"each twice: all come twice in random order; a memory keeps {_places(decision):,} answers"
    return table


def _places(decision: Decision) -> int:
    return decision.memory.size if decision.memory else 0


def _width_table(decision: Decision) -> Table:
    """What each width is worth on the test set, and takes."""
    title = "widths, of which one is chosen at run time (test set)"
    table = _table(title, "channels", "right", "operations, counted", "of all", "")
    for width, stage in zip(decision.widths, decision.stages, strict=True):
        built = "as built" if width == decision.width else ""
        of_all = f"{stage.operations / decision.most:.0%}"
        table.add_row(f"{width} %", f"{stage.alone:.2%}", f"{stage.operations:,}", of_all, built)
    return table


def _read(integers: IntegersFacts) -> Iterator[str]:
    """What a file's integers were held against, its accuracy, and what else the person should know."""
    on = counted(integers.vectors.count, integers.vectors.kind)
    yield f"integers held against {integers.framework} ({on})"
    if integers.accuracy is not None:
        yield f"accuracy of {integers.framework}: {share(integers.accuracy)} ({on})"
    yield from integers.notices


def hardware_table(resources: Resources, timing: Timing) -> Table:
    """Resources and timing, each with where it comes from."""
    table = _table("hardware", "what", "value", "of device", "kind")
    for key, label in _RESOURCES.items():
        percent = resources.used_percent.get(key)
        of_device = "" if percent is None else f"{percent:.1f} %"
        table.add_row(label, f"{getattr(resources, key):,}", of_device, resources.kind)
    for label, value, kind in _timing_rows(timing):
        table.add_row(label, value, "", kind)
    return table


def memory_table(memory: Sizes, counted: EmulateFacts) -> Table:
    """Bytes of a microcontroller's memories as linked, and instructions as counted."""
    table = _table("memory", "what", "bytes", "of device")
    for name, use in (("flash", memory.flash), ("RAM", memory.ram)):
        table.add_row(name, f"{use.used:,}", f"{100 * use.used / use.of:.1f} %")
        for what, size in use.parts.items():
            table.add_row(f"  {what}", f"{size:,}", "")
    deepest = "" if counted.stack is None else f"; the stack's deepest: {counted.stack:,} bytes"
    table.caption = Text(f"{counted.instructions:,} instructions an inference (emulated: no time follows){deepest}")
    table.caption_justify = "left"
    return table


def graph_table(graphs: Graphs, chosen: str) -> Table:
    """Every graph: vectors whose outputs are equal to the reference's, near them, and of classes whose labels are."""
    title = f"graphs against {graphs.reference} ({counted(graphs.vectors.count, graphs.vectors.kind)})"
    near = max((proof.tolerance for proof in graphs.proved.values()), default=0.0)
    counts = {"outputs equal": "equal"}
    counts |= {f"within {near:g}": "near"} if near else {}
    # A label is what is meant by outputs that are classes; of values it says nothing.
    counts |= {} if graphs.outputs.kind == "values" else {"labels equal": "labels_equal"}
    columns = (*counts, "passes off")
    table = _table(title, "graph", *columns, "value")
    for name, proof in graphs.proved.items():
        shown = ("-" if (number := getattr(proof, key)) is None else f"{number:,}" for key in counts.values())
        table.add_row(name, *shown, str(len(proof.options.disabled)), _verdict(name, proof, chosen))
    for name in graphs.left_out:
        table.add_row(name, *["-" for _ in columns], "left out")
    # Reasons name nodes and files of strangers: no markup.
    table.caption = Text("\n".join(_remarks(graphs)), style="table.caption")
    table.caption_justify = "left"
    return table


def _remarks(graphs: Graphs) -> Iterator[str]:
    """What the outputs are, and what else the person should know."""
    yield f"outputs are {graphs.outputs.kind}: {graphs.outputs.why}"
    yield from graphs.notices
    if graphs.ways:
        yield graphs.ways.told
    names: dict[str, list[str]] = {}
    for name, why in graphs.left_out.items():
        names.setdefault(why, []).append(name)
    yield from (f"left out: {', '.join(these)}: {why}" for why, these in names.items())
    if graphs.accuracy is not None:
        on = counted(graphs.vectors.count, graphs.vectors.kind)
        yield f"accuracy of {graphs.reference}: {share(graphs.accuracy)} ({on})"


def _verdict(name: str, proof: GraphProof, chosen: str) -> str:
    if name == chosen:
        return "chosen"
    if not proof.binds:
        return "not as on the board"
    return "" if proof.within_budget else "beyond the budget"


def latency_table(latency: Latency) -> Table:
    """Latency of one call, with the Identity floor of the same runner in the same process."""
    rows = latency.rows
    title = f"latency in us, batch 1 ({rows[0].kind}, {rows[0].where})"
    table = _table(title, "graph", "runner", "min", "p50", "p90", "p99", "floor", "switches", "calls")
    for row in rows:
        times = (row.min_us, row.p50_us, row.p90_us, row.p99_us, row.floor_us)
        shown = ("" if time is None else f"{time:.1f}" for time in times)
        table.add_row(row.variant, row.runner, *shown, f"{row.switches:,}", f"{row.processes} x {row.calls:,}")
    rate = latency.throughput
    callers = f"{rate.workers} caller in {rate.runner.upper()}"
    table.caption = f"throughput: {rate.per_second:,}/s, batch {rate.batch}, {callers} ({rate.kind})"
    table.caption_justify = "left"
    return table


def stage_table(stages: Mapping[str, StageReport]) -> Table:
    """Seconds of every stage; what it compared, on which vectors, how many, and how many were equal."""
    table = _table("stages", "stage", "seconds", "what", "vectors", "compared", "equal")
    for name, stage in stages.items():
        seconds = "" if stage.seconds is None else f"{stage.seconds:.1f}"
        first = (name, seconds)
        for group in compared(map(asdict, stage.checks.values())):
            table.add_row(*first, group.what, group.vectors, f"{group.compared:,}", f"{group.equal:,}")
            first = ("", "")
        if first[0]:
            table.add_row(*first)
    return table


def share(value: float | None) -> str:
    """A figure between 0 and 1, or a dash where there is none."""
    return "-" if value is None else f"{value:.4f}"


def _timing_rows(timing: Timing) -> Iterator[tuple[str, str, str]]:
    fmax = timing.fmax_mhz
    crystal = f" by the PLL from {timing.crystal_mhz:.12g}" if timing.crystal_mhz else ""
    most = f" (up to {fmax:.1f})" if fmax else ""
    yield "clock", f"{timing.clock_mhz:.12g} MHz{crystal}{most}", timing.kind
    yield "latency", f"{timing.latency_cycles:,} cycles = {timing.latency_us:,} us", timing.cycles_kind
    interval, per_second = timing.initiation_interval, f"{timing.inferences_per_second:,.0f}/s"
    if timing.mean_interval is not None:
        yield "stopping early", f"one every {timing.mean_interval:,} cycles on average", timing.cycles_kind
    if timing.answer_cycles is None:
        yield "inferences", f"one every {interval:,} cycles = {per_second}", timing.cycles_kind
    else:
        yield "core", f"one inference every {interval:,} cycles", timing.cycles_kind
        yield (
            "inferences",
            f"an answer takes {timing.answer_cycles:,} cycles to leave = {per_second}",
            timing.cycles_kind,
        )


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, header_style="dim")
    table.add_column(columns[0])
    for column in columns[1:]:
        table.add_column(column, justify="left" if column in {"value", "kind", "what", "vectors"} else "right")
    return table
