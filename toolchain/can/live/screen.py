"""What the person who watches sees: a line for each alert, a live line below, and a summary at the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from rich.console import Console, Group, RenderableType
from rich.live import Live as RichLive
from rich.table import Table
from rich.text import Text

from toolchain.can.live.alerts import Change
from toolchain.can.live.lag import LagReport
from toolchain.can.live.live import Live
from toolchain.results.detection import AlertState, DetectionAccuracy, DetectionSummary

_SHOWN_IDENTIFIERS = 3

_WHERE = {"measured": "measured here", "simulated": "a simulated board: no figure of a real one"}

# A clock that shows more than this counts from 1970.
_YEAR_2001 = 1e9


class Screen:
    """Tells a console; a terminal gets a live line. Use it in a `with`.

    Args:
        doing: tells what goes on before the first frames.
    """

    def __init__(self, console: Console, doing: Callable[[], str] = lambda: "waiting for frames") -> None:
        self._console, self._doing = console, doing
        self._live: Live | None = None
        self._rich = RichLive(console=console, refresh_per_second=4, transient=True, get_renderable=self._rows)

    def __enter__(self) -> Screen:
        if self._console.is_terminal:
            self._rich.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._rich.stop()

    def changed(self, change: Change) -> None:
        """A line where an alert begins and where it ends; what grows is in the live line."""
        if change.kind == "opened":
            self._console.print(_line(change.alert, "start", "begins", "bold red"))
        elif change.kind == "closed":
            self._console.print(_line(change.alert, "last", "ended", "yellow"))

    def lagged(self, report: LagReport) -> None:
        """A line."""
        if report.state == "caught_up":
            self._console.print(Text("caught up with the bus", style="green"))
            return
        text = f"behind: frames wait {report.seconds:.1f} s before they are judged, {report.waiting:,} more wait"
        self._console.print(Text(text, style="bold magenta"))

    def lost(self, frames: int) -> None:
        """A line."""
        text = f"lost: {frames:,} frames came faster than they could be judged; they are not"
        self._console.print(Text(text, style="bold magenta"))

    def advanced(self, live: Live) -> None:
        """Remembered for the live line."""
        self._live = live

    def _rows(self) -> RenderableType:
        live = self._live
        if live is None:
            return Text(self._doing(), style="cyan")
        tally = live.tally
        rows = [Text(f"{tally.frames:>10,} frames  {live.seconds:6.0f} s  {live.tracker.count} alerts", style="cyan")]
        return Group(*rows, *(_line(alert.state, "start", "goes on", "red") for alert in live.tracker.open))


def _line(alert: AlertState, when: Literal["start", "last"], verb: str, style: str) -> Text:
    """Such as `    12.345 s  alert 1  dos on can0 ended: 5,120 frames in 3.061 s, identifier 000`.

    Args:
        when: which of the alert's times the line is of: "start" or "last".
    """
    head = f"{_time(getattr(alert, when))}  alert {alert.alert}  "
    lasted = alert.last - alert.start
    tail = f"{_origin(alert)} {verb}: {alert.frames:,} frames in {lasted:.3f} s, {_identifiers(alert)}"
    return Text(head) + Text(alert.attack, style=style) + Text(tail)


def _origin(alert: AlertState) -> str:
    """The bus, and the capture where there are several."""
    bus, capture = alert.bus, alert.capture
    if bus is None:
        return f" in {capture}" if capture else ""
    return f" on {bus}" + (f" of {capture}" if capture else "")


def _time(seconds: float) -> str:
    """Seconds of the capture, or the date where its clock is the world's (UTC)."""
    if seconds < _YEAR_2001:
        return f"{seconds:>10.3f} s"
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]


def _identifiers(alert: AlertState) -> str:
    names, number = list(alert.identifiers), alert.distinct_identifiers
    if number > _SHOWN_IDENTIFIERS:
        return f"{number} identifiers, most often {names[0]}"
    return f"identifier{'s' * (number > 1)} {', '.join(names)}"


def print_summary(summary: DetectionSummary, console: Console) -> None:
    """What the run came to; accuracy only where the truth is known."""
    rate = f", {summary.rate:,.0f} frames/s while busy ({_WHERE[summary.kind]})" if summary.rate else ""
    console.print(
        f"{summary.frames:,} frames in {summary.seconds:.1f} s{rate}; {summary.judged:,} judged, "
        f"{summary.lost:,} lost; {summary.alerts} alerts; at most {summary.worst_lag_seconds:.2f} s behind"
    )
    if summary.accuracy is None:
        reason = "the frames carry no labels" if summary.judged else "no frame was judged"
        console.print(f"accuracy: not known, {reason}")
    else:
        console.print(_accuracy(summary.accuracy, summary.kind))


def _accuracy(accuracy: DetectionAccuracy, kind: str) -> RenderableType:
    line = (
        f"accuracy on {accuracy.frames:,} labelled frames ({kind}): {_percent(accuracy.right)} right, "
        f"{_percent(accuracy.detected)} of attack frames detected, {_percent(accuracy.false_alarms)} false alarms"
    )
    table = Table("true class", "frames", "right", "called an attack", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, row in accuracy.classes.items():
        right = _percent(row.right) if row.trained_on else "not trained on"
        table.add_row(name, f"{row.frames:,}", right, _percent(row.called_attack))
    return Group(Text(line), table)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.3f} %"
