"""Starts Snakemake on one build, follows what the stages say, and ends everything together."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from toolchain.cli.plan import IF_NEEDED, PLAN
from toolchain.errors import BuildError, ConfigError
from toolchain.events import Event, Follower
from toolchain.layout import ROOT, Layout
from toolchain.results.request import write_request

LOGGER = "gateweave"
"""The plugin of `flows/telling.py`, by which Snakemake tells what it does."""

_POLL_SECONDS = 0.05
_GRACE_SECONDS = 5.0
_LONGEST_CAUSE = 500


@dataclass(frozen=True)
class Order:
    """What to ask of Snakemake.

    Attributes:
        target: a rule of flows/Snakefile.
        jobs: cores to use.
        forced: stages to run even though Snakemake may think them done.
        extra: further arguments for Snakemake, such as an executor.
        plain: whether nothing further is said to it, by SNAKEMAKE_ARGS neither.
    """

    layout: Layout
    target: str
    jobs: int
    forced: Sequence[str] = ()
    extra: Sequence[str] = ()
    plain: bool = False

    @property
    def further(self) -> tuple[str, ...]:
        """What a person says to Snakemake.

        Raises:
            ConfigError: SNAKEMAKE_ARGS is not quoted as a shell needs it.
        """
        return () if self.plain else (*_further_words(), *self.extra)

    def command(self, request_file: Path) -> list[str]:
        """The command line that runs it; the request is read from a file."""
        words = [sys.executable, "-m", "flows", str(self.layout.root), str(request_file), self.target]
        # Our own locks are held by stages and builds, and cannot go stale.
        words += [",".join(self.forced), "--cores", str(self.jobs), "--nolock", "--scheduler", "greedy", "--nocolor"]
        # The stages' records tell what is out of date; times of files that were copied do not.
        words += ["--logger", LOGGER, "--rerun-triggers", "input"]
        # A model's folder of builds may be called "default", which would be taken for a profile.
        words += ["--workflow-profile", "none"]
        # Whoever says something to Snakemake wants it to be heard.
        return [*words, *(self.further or [IF_NEEDED])]


def _further_words() -> list[str]:
    text = os.environ.get("SNAKEMAKE_ARGS", "")
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ConfigError(f"SNAKEMAKE_ARGS: {text!r}: {str(error).lower()}; quote it as a shell needs it") from error


def plan(order: Order) -> str:
    """What `python -m flows` says that it would run, and why; nothing is written below the folder of all builds.

    Raises:
        BuildError: the stages cannot be ordered.
    """
    with tempfile.TemporaryDirectory() as folder:
        request_file = Path(folder) / "request.json"
        write_request(request_file, order.layout.request)
        command = [*order.command(request_file), PLAN]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    if done.returncode != 0:
        raise BuildError(f"Snakemake could not order the stages: {cause_in(done.stdout + done.stderr)}")
    return done.stdout


def run(order: Order, locks: Sequence[int], show: Callable[[Event | None], None]) -> list[Event]:
    """Run the stages that need it, and return all they said.

    Args:
        locks: descriptors of the build's locks, which Snakemake holds as well.
        show: called with each event as it comes, and often with None while nothing happens.

    Raises:
        BuildError: a stage failed; the message is the stage's own.
    """
    layout = order.layout
    write_request(layout.request_file, layout.request)
    layout.events.unlink(missing_ok=True)
    layout.log.parent.mkdir(parents=True, exist_ok=True)
    with layout.log.open("w") as log, _snakemake(order, locks, log.fileno()) as process:
        events = _follow(process, Follower(layout.events), show)
    if process.returncode != 0:
        raise BuildError(_explain_failure(layout, events))
    return events


@contextmanager
def _snakemake(order: Order, locks: Sequence[int], log: int) -> Iterator[subprocess.Popen[bytes]]:
    """Snakemake in a process group of its own, which ends with this process however that ends."""
    process = subprocess.Popen(
        order.command(order.layout.request_file),
        cwd=order.layout.root,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=environment(),
        start_new_session=True,
        pass_fds=tuple(locks),
    )
    guard = _guard(process.pid)
    try:
        yield process
    finally:
        _end(process)
        guard.communicate(b"\n")


def _guard(group: int) -> subprocess.Popen[bytes]:
    """A shell that waits for a line from us; where the pipe breaks instead, it kills the group."""
    script = f"read -r _ || kill -KILL -{group}"
    return subprocess.Popen(["/bin/sh", "-c", script], stdin=subprocess.PIPE, start_new_session=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole group: politely, then for good."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if not _signal(process.pid, sign):
            break
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def _signal(group: int, sign: signal.Signals) -> bool:
    """Send a signal to a group; False where nobody is left in it."""
    try:
        os.killpg(group, sign)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _follow(process: subprocess.Popen[bytes], follower: Follower, show: Callable[[Event | None], None]) -> list[Event]:
    seen: list[Event] = []
    running = True
    while running:
        # Asked before reading, so that the last words are never missed.
        running = process.poll() is None
        fresh = follower.read()
        seen += fresh
        for event in fresh:
            show(event)
        show(None)
        if running:
            time.sleep(_POLL_SECONDS)
    return seen


def environment() -> Mapping[str, str]:
    """What a child that runs `flows` is given."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}


def _explain_failure(layout: Layout, events: Sequence[Event]) -> str:
    # Whatever the stages said then follows from it.
    if not layout.request_file.exists():
        return f"{layout.variant_dir}: was removed or moved while the build ran; build again"
    failed = [event for event in events if event.kind == "error"]
    if failed:
        return f"{failed[0].stage}: {failed[0].text}"
    if shutil.disk_usage(layout.root).free < 1 << 20:
        return f"no space left on the disk of {layout.root}; free some and build again"
    ended = {event.stage for event in events if event.kind in {"done", "error"}}
    cut = [e.stage for e in events if e.kind == "start" and e.stage not in ended]
    if cut:
        log = layout.stage_log(cut[0])
        return f"{cut[0]}: ended without a word (killed, or out of memory?); its log is {log}"
    return _no_stage_failed(layout)


def _no_stage_failed(layout: Layout) -> str:
    """What ended Snakemake, by its log, and where to read on."""
    cause = cause_in(layout.log.read_text(errors="replace"))
    known = f"; this build has {', '.join(layout.request.table)}" if cause.startswith("MissingRuleException") else ""
    return f"Snakemake could not run the stages: {cause}{known}; see {layout.log}"


def cause_in(log: str) -> str:
    """The error that Snakemake, its command line or Python ended with; words in file names or remarks are none.

    Each starts a line with the name of its kind and goes on until an empty one; what comes last ended it.
    """
    kind = r"^(?:\w+\.py: error|(?:\w+\.)*\w*(?:Error|Exception))(?:$|:| in | \()"
    blocks = [block for block in re.split(r"\n\s*\n", log) if re.search(kind, block, re.MULTILINE)]
    if not blocks:
        return "it gave no reason"
    lines = blocks[-1].splitlines()
    first = next(number for number, line in enumerate(lines) if re.search(kind, line))
    return " ".join(" ".join(lines[first:]).split())[:_LONGEST_CAUSE]


def _write_log(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
