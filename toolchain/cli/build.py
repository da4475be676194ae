"""The commands that build, plan and show."""

from __future__ import annotations

import dataclasses
import json
import shlex
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.table import Table
from rich.text import Text

from toolchain.catalog import load_board
from toolchain.cli.choose import must_be_able_to_build, must_know_model
from toolchain.cli.orders import Order, run
from toolchain.cli.orders import plan as planned
from toolchain.cli.plan import Step, read_plan
from toolchain.console import BuildProgress, out
from toolchain.errors import BuildError, ConfigError
from toolchain.integrity import damaged_stages
from toolchain.layout import Layout, Request, layout_of
from toolchain.locks import locked
from toolchain.model_folder import folder_of
from toolchain.model_origin import keep_origin
from toolchain.report.show import latest_layout, report_of
from toolchain.report.table import print_report
from toolchain.results.again import build_command
from toolchain.results.request import write_newest
from toolchain.training.author import words_of


def build(request: Request, target: str, jobs: int, extra: Sequence[str] = (), console: Console | None = None) -> bool:
    """Bring a build up to date, then say what it came to; whether all of it is there.

    Args:
        extra: further words for Snakemake, which may have it do a part alone.
        console: where to say it; the standard output where None.

    Raises:
        GateweaveError: a stage failed, or the build was interrupted.
    """
    must_be_able_to_build(request)
    layout, console, started = layout_of(request), console or out(), time.monotonic()
    with _ended_by_signals(), _build_locked(layout, console) as locks:
        keep_origin(layout)
        order = Order(layout, target, jobs, tuple(damaged_stages(layout)), tuple(extra))
        with BuildProgress(console, _says(request)) as progress:
            events = run(order, locks, progress)
        left = _left(order) if order.further else []
        if not left:
            write_newest(layout.latest, request)
    if left:
        _partly(order, [event.stage for event in events if event.kind == "done"], left, console)
    elif any(event.kind == "done" for event in events):
        tell(layout, console)
    else:
        _nothing_to_do(layout, time.monotonic() - started, console)
    return not left


def bring_network_up_to_date(layout: Layout, jobs: int, console: Console) -> None:
    """Train a model's network, if it has not been, as far as the integer graph that all boards share.

    Raises:
        GateweaveError: as for `build`.
    """
    must_be_able_to_build(layout.request)
    with _ended_by_signals(), _build_locked(layout, console) as locks:
        keep_origin(layout)
        damaged = tuple(damaged_stages(layout))
        with BuildProgress(console, _says(layout.request)) as progress:
            run(Order(layout, "all", jobs, damaged, ("--until", "streamline")), locks, progress)


def verify(request: Request, jobs: int, extra: Sequence[str]) -> None:
    """Bring a build up to date, then run the stages on demand.

    Raises:
        ConfigError: the flow has none.
        GateweaveError: as for `build`.
    """
    if not request.targets["all_verified"]:
        raise ConfigError(
            f"FLOW={request.flow}: nothing reads an AMD bitstream back; `make build` has already compared the RTL with "
            "the network on the whole test set, and the package's self-test does so on the board"
        )
    build(request, "all_verified", jobs, extra)


def compare(request: Request, jobs: int, extra: Sequence[str]) -> None:
    """Bring a build up to date, then make what it is held against: baselines, and on AMD boards the other cores.

    Raises:
        ConfigError: there is nothing to compare with.
        GateweaveError: as for `build`.
    """
    if not request.targets["all_compared"]:
        raise ConfigError("NETWORK: somebody else's network comes without a recipe to train others by; see `make show`")
    build(request, "all_compared", jobs, extra)


def plan(request: Request, as_json: bool) -> None:
    """Print the stages a build would run, and why."""
    layout = layout_of(request)
    damaged = damaged_stages(layout)
    steps = read_plan(planned(Order(layout, "all", 1, tuple(damaged))), layout, damaged)
    if as_json:
        print(json.dumps([dataclasses.asdict(step) for step in steps], indent=2))
    else:
        out().print(_plan_table(steps))


def show(board: str, model: str, chosen: Request | None, as_json: bool) -> Request:
    """Print what a build came to: the chosen one, or the newest; gives what was asked for by it."""
    load_board(board)
    if chosen is None:
        must_know_model(model)
    layout = layout_of(chosen) if chosen else latest_layout(board, model)
    if as_json:
        print(json.dumps(report_of(layout).to_json(), indent=2))
    else:
        tell(layout, out())
    return layout.request


def tell(layout: Layout, console: Console) -> None:
    """Print what a build came to.

    Raises:
        BuildError: it has no package, or the package's manifest was altered.
    """
    report = report_of(layout)
    words = words_of(folder_of(layout.request))
    print_report(report, console, words.rows_of(report.data.kind) if report.data else "vectors")


def _says(request: Request) -> dict[str, str]:
    return {name: stage.row.says for name, stage in request.table.items()}


@contextmanager
def _build_locked(layout: Layout, console: Console) -> Iterator[tuple[int, int]]:
    """Wait while the same build runs elsewhere. Others go on beside it, and `make clean` is refused while any does."""

    def waiting(holder: str) -> None:
        console.print(f"the same build runs already (pid {holder}): waiting until it has ended")

    with (
        locked(layout.root / ".lock", shared=True) as every,
        locked(layout.variant_dir / ".lock", waiting=waiting) as mine,
    ):
        yield every, mine


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Treat a polite kill, or a closed terminal, like Ctrl-C, and say how to go on."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # Python takes handlers in the main thread only; a program that builds in another one ends it in its own way.
    signs = (signal.SIGTERM, signal.SIGHUP) if threading.current_thread() is threading.main_thread() else ()
    before = {sign: signal.signal(sign, interrupt) for sign in signs}
    try:
        yield
    except KeyboardInterrupt:
        raise BuildError("interrupted; the same command goes on where this build stopped") from None
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def _nothing_to_do(layout: Layout, seconds: float, console: Console) -> None:
    request = layout.request
    named = f"BOARD={request.board} MODEL={request.model} ({request.variant})"
    console.print(f"nothing to do: {named} is up to date ({seconds:.1f} s)")
    console.print(f"package: {layout.stage('package')}")


def _left(order: Order) -> list[str]:
    """The build's stages that are still to run: Snakemake may have been told to stop before, or to run nothing."""
    harmed = tuple(damaged_stages(order.layout))
    whole = dataclasses.replace(order, forced=harmed, extra=(), plain=True)
    return [step.stage for step in read_plan(planned(whole), order.layout, {}) if step.runs]


def _partly(order: Order, ran: Sequence[str], left: Sequence[str], console: Console) -> None:
    console.print(f"as asked of Snakemake by {shlex.join(order.further)}: {', '.join(ran) or 'nothing'} ran")
    console.print(f"still to run: {', '.join(left)}; `{build_command(order.layout.request)}` goes on")


def _plan_table(steps: Sequence[Step]) -> Table:
    table = Table("stage", "", "why", box=None, header_style="bold")
    for step in steps:
        verb = Text("run", style="bold yellow") if step.runs else Text("keep", style="green")
        table.add_row(step.stage, verb, step.why)
    return table
