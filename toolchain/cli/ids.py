"""The command that watches a capture or a bus, on the host or on a board."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from types import FrameType

from rich.console import Console

from toolchain.can.live.alerts import Hysteresis
from toolchain.can.live.batch import Source
from toolchain.can.live.classify import Classifier
from toolchain.can.live.detector import Detector, load_detector
from toolchain.can.live.journal import Journal
from toolchain.can.live.live import Live
from toolchain.can.live.log import Log
from toolchain.can.live.opening import (
    HOST,
    OpenLink,
    Watch,
    must_be_reachable,
    open_classifier,
    open_source,
    serial_link,
    virtual_link,
)
from toolchain.can.live.screen import Screen, print_summary
from toolchain.cli.build_options import BuildOptions
from toolchain.cli.choose import choose
from toolchain.console import out
from toolchain.errors import BuildError
from toolchain.layout import Layout, layout_of
from toolchain.report.show import latest_layout, shown
from toolchain.results.detection import DetectionSummary


def ids(options: BuildOptions, watch: Watch, link: OpenLink | None = None) -> DetectionSummary:
    """Watch frames until they end, or somebody presses Ctrl-C; then say what came of it.

    Args:
        link: opens the link to the board; None takes its serial port, or its simulated chip where that was asked for.

    Returns:
        The summary, as the log has it.

    Raises:
        ConfigError: options that do not go together, or a board that cannot do it.
        GateweaveError: the network is not built, or source, board or log fail.
    """
    must_be_reachable(options.board, watch)
    layout = _layout(options)
    link = link or (virtual_link(watch.faults) if watch.virtual else serial_link(watch.port))
    detector, console = load_detector(layout), out()
    with ExitStack() as stack:
        journal = Journal(watch.log or layout.board_dir / "ids" / "alerts.jsonl")
        stack.callback(journal.close)
        classifier = open_classifier(layout, detector, link, stack)
        # Last, so that no frame waits while a board is being opened.
        source = open_source(watch)
        stack.callback(source.close)
        source.notices += detector.seen_before(source.hashes)
        _begin(console, journal, detector, classifier, source)
        live = Live(detector, classifier, hysteresis=Hysteresis(quiet=watch.quiet))
        return _watch(console, journal, live, source, watch.frames)


def _layout(options: BuildOptions) -> Layout:
    """The build asked for, else the newest; on the host a network that was trained for any board will do."""
    request = choose(options)
    if options.is_particular:
        return layout_of(request)
    try:
        return latest_layout(options.board, request.model)
    except BuildError:
        if options.board != HOST:
            raise
    return layout_of(request)


def _watch(console: Console, journal: Journal, live: Live, source: Source, frames: int | None) -> DetectionSummary:
    log = Log(journal)
    try:
        with Screen(console, lambda: source.doing) as screen, stopped_by_signals() as stop:
            live.watchers = (screen, log)
            live.run(source.batches(live.classifier.batch), frames, stop)
    finally:
        source.close()
        summary = live.summary(source.notices)
        log.summary(summary)
        _end(console, journal, summary)
    return summary


def _begin(console: Console, journal: Journal, detector: Detector, classifier: Classifier, source: Source) -> None:
    console.print(f"{detector.title}\non {classifier.name}\nwatching {source.name}")
    values = {"network": detector.title, "classifier": classifier.name, "source": source.name}
    journal.write("start", {"at": datetime.now(UTC).isoformat(timespec="seconds"), **values})


def _end(console: Console, journal: Journal, summary: DetectionSummary) -> None:
    for notice in summary.notices:
        console.print(f"notice: {notice}")
    print_summary(summary, console)
    if journal.unwritten:
        console.print(f"{journal.path}: {journal.unwritten} lines could not be written; is the disk full?")
    elif journal.path:
        console.print(f"log: {shown(journal.path)}")


@contextmanager
def stopped_by_signals() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM came: the batch in hand is finished first. A second one ends at once."""
    stop = threading.Event()

    def handle(_: int, __: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
