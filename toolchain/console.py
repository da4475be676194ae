"""What the person who waits sees: one line when a stage starts, one when it is done, progress between."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from toolchain.errors import GateweaveError
from toolchain.events import Event
from toolchain.layout import INSTALLED, ROOT

HEARTBEAT_SECONDS = 30.0
_UNBROKEN = 240
_BAR = 24
_ORDER = re.compile(
    r"\bmake (build|plan|show|explain|verify|compare|flash|run|measure|report|boards|models)\b"
    r"((?: [A-Z]+=(?:'[^']*'|[^\s`'])+)*)"
)


def out() -> Console:
    """Console for results. Brackets are plain text: names, titles and paths may hold any.

    A file or a pipe has no width to fit into: nothing is broken there.
    """
    shown = sys.stdout.isatty()
    return Console(width=None if shown else _UNBROKEN, soft_wrap=not shown, highlight=False, markup=False, emoji=False)


def fail(error: GateweaveError) -> None:
    """Print one line that says what is wrong."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(Text("error: ", style="bold red") + Text(" ".join(typeable(str(error)).split())))


def typeable(text: str) -> str:
    """Words with commands as the person can type them: an installed copy has no Makefile, nor has another folder."""
    if INSTALLED:
        return without_make(text)
    return text if Path.cwd() == ROOT else rewritten(text, _as_gateweave)


def without_make(text: str) -> str:
    """Each `make` in words as what does the same where there is none; variables go before a command."""
    text = text.replace("make system-deps", "apt-get install").replace("`make`", "`pip install`")
    return rewritten(text, _as_gateweave)


def rewritten(text: str, word: Callable[[str, str], str]) -> str:
    """Words with each order to make as `word` says it, of its command and its variables."""
    return _ORDER.sub(lambda found: word(found[1], found[2].strip()), text)


def _as_gateweave(command: str, variables: str) -> str:
    return f"{variables} gateweave {command}".strip()


class BuildProgress:
    """Shows events as they come; a terminal gets a live line for each running stage.

    Args:
        says: what each stage does, by name.
    """

    def __init__(self, console: Console, says: Mapping[str, str]) -> None:
        self._console, self._says = console, says
        self._running: dict[str, tuple[float, Event]] = {}
        self._begun: set[str] = set()
        self._stages = 0
        self._spoke = time.monotonic()
        self._live = Live(console=console, refresh_per_second=8, transient=True, get_renderable=self._rows)

    def __enter__(self) -> BuildProgress:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def __call__(self, event: Event | None) -> None:
        """Show an event; None means that time passes."""
        if event is None:
            self._heartbeat()
            return
        handle = {"plan": self._plan, "start": self._start, "progress": self._progress, "done": self._done}
        handle.get(event.kind, self._stopped)(event)

    def _plan(self, event: Event) -> None:
        # The rule that asks for all stages is no stage.
        self._stages, self._begun = len(set(event.text.split()) & set(self._says)), set()

    def _start(self, event: Event) -> None:
        self._begun.add(event.stage)
        self._running[event.stage] = (time.monotonic(), replace(event, text=self._says.get(event.stage, "")))
        if not self._console.is_terminal:
            self._say(f"{event.stage:<11} {self._says.get(event.stage, '')}{self._place()} ...")

    def _progress(self, event: Event) -> None:
        started, _ = self._running.get(event.stage, (time.monotonic(), event))
        self._running[event.stage] = (started, event)

    def _done(self, event: Event) -> None:
        self._running.pop(event.stage, None)
        line = Text(f"{event.stage:<11} ", style="green")
        self._say(line + Text(f"{event.seconds:7.1f} s  {event.text}", style="default"))

    def _stopped(self, event: Event) -> None:
        self._begun.add(event.stage)
        self._running.pop(event.stage, None)

    def _place(self) -> str:
        """Which of how many stages the newest is, where that is known."""
        return f" ({len(self._begun)} of {self._stages})" if self._stages > 1 else ""

    def _say(self, line: str | Text) -> None:
        self._console.print(line)
        self._spoke = time.monotonic()

    def _heartbeat(self) -> None:
        silent = time.monotonic() - self._spoke > HEARTBEAT_SECONDS
        if not self._console.is_terminal and self._running and silent:
            for stage, (started, now) in self._running.items():
                self._say(f"{stage:<11} {time.monotonic() - started:5.0f} s so far: {now.text}")

    def _rows(self) -> RenderableType:
        """A spinner for each running stage, and a bar where its end is known."""
        rows = Table.grid(padding=(0, 2))
        for stage, (started, now) in self._running.items():
            words = Text(f"{stage:<11} {time.monotonic() - started:5.0f} s  {now.text}", style="cyan")
            bar = "" if now.share is None else ProgressBar(total=1.0, completed=now.share, width=_BAR)
            rows.add_row(Spinner("dots", words), bar)
        return rows
