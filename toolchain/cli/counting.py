"""How far a command is that counts to a known end. On standard error, so that `--json` stays JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

from toolchain.console import HEARTBEAT_SECONDS
from toolchain.run.testset import CountProgress


@contextmanager
def counting(
    what: str, console: Console | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[CountProgress]:
    """A function to tell how many of how many are done: a bar on a terminal, elsewhere a line now and then.

    Args:
        what: what is counted, such as ``"vectors"``.
        clock: tells seconds.
    """
    shown = console or Console(stderr=True)
    with _bar(what, shown) if shown.is_terminal else _lines(what, shown, clock) as tell:
        yield tell


@contextmanager
def _bar(what: str, console: Console) -> Iterator[CountProgress]:
    with Progress(transient=True, console=console) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def _lines(what: str, console: Console, clock: Callable[[], float]) -> Iterator[CountProgress]:
    begun = spoke = clock()

    def tell(done: int, total: int) -> None:
        nonlocal spoke
        now = clock()
        if now - spoke > HEARTBEAT_SECONDS:
            spoke = now
            console.print(f"{what}: {done:,} of {total:,}, {now - begun:.0f} s so far ...", highlight=False)

    yield tell
