"""A measurement for the terminal and for pages."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from toolchain.results.measurement import Interval, Measurement

UNAVAILABLE = "unavailable"


def measurement_table(result: Measurement) -> Table:
    """The figures of one result, each with its kind and 95 % interval, and every reason against it."""
    title = f"{result.model or '?'} on {result.board or '?'}: {what_ended(result.status)}"
    remarks = [*result.reasons, *lost_sensors(result)]
    # As texts: names and reasons come from files and programs, and may hold what looks like markup.
    table = Table(title=Text(title), caption=Text("\n".join(remarks)) if remarks else None, caption_justify="left")
    for name in ("figure", "median", "95 % interval", "kind"):
        table.add_column(name, justify="left" if name in {"figure", "kind"} else "right")
    for row in measurement_rows(result):
        table.add_row(*map(Text, row))
    return table


def what_ended(status: str) -> str:
    """A result's status in words: `unavailable` is its energy, its time may be there all the same."""
    return "time only, energy unavailable" if status == UNAVAILABLE else status


def lost_sensors(result: Measurement) -> list[str]:
    """A line for each sensor that was there, could not be read, and is not named by a reason already."""
    return [f"not read: {one.name}: {one.why}" for one in result.unreadable if not one.needed]


def measurement_rows(result: Measurement) -> Iterator[tuple[str, str, str, str]]:
    """Rows of figure, median, interval and kind."""
    latency, energy = result.latency, result.energy
    if (proven := result.proven) and (found := proven.decisions):
        shares = ", ".join(f"{count / max(1, proven.compared):.1%}" for count in found.answered)
        as_reference = f"{found.equal:,} of {proven.compared:,} as the reference"
        yield "inputs that each stage answered", shares, as_reference, latency.kind if latency else UNAVAILABLE
    if latency is not None:
        yield _row("time of an inference", latency.seconds_per_inference, "s", latency.kind)
        if latency.cycles_per_inference is not None:
            yield "cycles of an inference", f"{latency.cycles_per_inference:.1f}", "", latency.kind
    if energy is None:
        yield "energy of an inference", UNAVAILABLE, "", UNAVAILABLE
        return
    kind = energy.kind if result.status == "ok" else f"{energy.kind}, {result.status}"
    yield _row("energy of an inference, net", energy.per_inference_j.net, "J", kind)
    yield _row("energy of an inference, gross", energy.per_inference_j.gross, "J", kind)
    for name in ("idle", "active", "net"):
        yield _row(f"power, {name}", getattr(energy.power_w, name), "W", kind)


def with_prefix(value: float, unit: str) -> str:
    """Four digits with an SI prefix: 0.00023 J is `230.0 µJ`."""
    for factor, prefix in ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p")):
        if abs(value) >= factor or factor == 1e-12:
            return f"{value / factor:.4g} {prefix}{unit}"
    return f"{value:.4g} {unit}"


def _row(name: str, interval: Interval, unit: str, kind: str) -> tuple[str, str, str, str]:
    low, high = with_prefix(interval.low, unit), with_prefix(interval.high, unit)
    return name, with_prefix(interval.median, unit), f"{low} to {high}", kind
