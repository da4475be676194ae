"""`driver.py` and `self_test.py` of a package, whatever link its board is reached by."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from toolchain.device.link.answers import Values
from toolchain.device.link.asking import (
    add_commands,
    add_memory,
    add_set,
    ask,
    guarded,
    positive,
    report_findings,
    set_given,
    show_finding,
)
from toolchain.device.link.axi.selftest import bench_of, run_self_test
from toolchain.device.link.golden import Golden
from toolchain.errors import BuildError

_SILENCE_SECONDS = 5.0


@dataclass(frozen=True)
class Link:
    """How the programs of one kind of package reach the board.

    Attributes:
        add_options: gives a parser the options of the link.
        open: the board, with those options.
        reached: what the self-test reports of how the board was reached.
        inferences: most of the self-test's bench, unless a number is asked for.
    """

    add_options: Callable[[argparse.ArgumentParser], None]
    open: Callable[[argparse.Namespace], AbstractContextManager[Any]]
    reached: Callable[[Any], Mapping[str, str]]
    inferences: int


def driver(link: Link, arguments: Sequence[str]) -> int:
    """Ask the board one thing; the exit status of the program."""
    parser = _parser(link, "driver.py", "Ask the board: identify, infer, bench, counters, settings.")
    add_commands(parser)
    options = parser.parse_args(arguments)
    return guarded(lambda: _ask(link, options))


def self_test(link: Link, arguments: Sequence[str]) -> int:
    """Run the self-test; exit status 0 only if there is no difference."""
    parser = _parser(link, "self_test.py", "Check the board against the package's golden vectors.")
    many = f"of the bench ({link.inferences}, fewer where the network is slow)"
    parser.add_argument("--inferences", type=positive, help=many)
    parser.add_argument("--vectors", type=positive, metavar="N", help="send N of the golden vectors; all without it")
    add_set(parser)
    parser.add_argument(
        "--answers", type=Path, metavar="FILE", help="the right answers with --set, in place of golden's"
    )
    add_memory(parser, "keep N answers while the vectors are sent; else the board answers each")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write the answers to the vectors there")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    options = parser.parse_args(arguments)
    return guarded(lambda: _test(link, options))


def _parser(link: Link, program: str, text: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, description=text)
    link.add_options(parser)
    return parser


def _ask(link: Link, options: argparse.Namespace) -> int:
    with link.open(options) as board:
        return ask(board, options)


class _Progress:
    """Says on standard error how far a long test is, every few seconds."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._said >= _SILENCE_SECONDS:
            self._said = time.monotonic()
            print(f"      {done:,} of {total:,} vectors ...", file=sys.stderr, flush=True)


def _test(link: Link, options: argparse.Namespace) -> int:
    with link.open(options) as board:
        set_given(board, options)
        if options.answers:
            board.golden = board.golden.with_answers(*_read_answers(options.answers, board.golden))
        findings = []
        tell = _Progress() if not options.json else lambda done, total: None
        inferences = options.inferences or bench_of(board.manifest, link.inferences)
        asked = {"vectors": options.vectors, "memory": options.memory or 0, "keep": _keeper(options.keep, board)}
        for finding in run_self_test(board, inferences, tell=tell, **asked):
            findings.append(finding)
            if not options.json:
                show_finding(finding)
        return report_findings(board, findings, link.reached(board), options.json)


def _keeper(path: Optional[Path], board: Any) -> Callable[[Sequence[Values]], None]:  # noqa: UP045 (Python 3.8)
    """What writes answers to a file, as the package has its own; nothing without one."""

    def keep(answers: Sequence[Values]) -> None:
        if path is None:
            return
        try:
            path.write_bytes(b"".join(map(board.golden.layout.encode, answers)))
        except OSError as error:
            raise BuildError(f"{path}: cannot be written ({error})") from error

    return keep


def _read_answers(path: Path, golden: Golden) -> tuple[bytes, bytes]:
    """Answers to all golden vectors, and behind them that to what a bench of the streamed form plays."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BuildError(f"{path}: cannot be read ({error})") from error
    size = golden.count * golden.layout.size
    if len(data) != size + (golden.layout.size if golden.played else 0):
        raise BuildError(f"{path}: {len(data):,} bytes; the answers to {golden.count:,} vectors are expected")
    return data[:size], data[size:]
