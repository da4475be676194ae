"""`driver.py` and `self_test.py` of a package, whatever link its board is reached by."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from toolchain.device.link.asking import add_commands, ask, guarded, positive, report_findings, show_finding
from toolchain.device.link.axi.selftest import run_self_test


@dataclass(frozen=True)
class Link:
    """How the programs of one kind of package reach the board.

    Attributes:
        add_options: gives a parser the options of the link.
        open: the board, with those options.
        reached: what the self-test reports of how the board was reached.
        inferences: of the self-test's bench, unless others are asked for.
    """

    add_options: Callable[[argparse.ArgumentParser], None]
    open: Callable[[argparse.Namespace], AbstractContextManager[Any]]
    reached: Callable[[Any], Mapping[str, str]]
    inferences: int


def driver(link: Link, arguments: Sequence[str]) -> int:
    """Ask the board one thing; the exit status of the program."""
    parser = _parser(link, "driver.py", "Ask the board: identify, infer, bench, counters.")
    add_commands(parser)
    options = parser.parse_args(arguments)
    return guarded(lambda: _ask(link, options))


def self_test(link: Link, arguments: Sequence[str]) -> int:
    """Run the self-test; exit status 0 only if there is no difference."""
    parser = _parser(link, "self_test.py", "Check the board against the package's golden vectors.")
    parser.add_argument("--inferences", type=positive, default=link.inferences, help="of the bench (%(default)s)")
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


def _test(link: Link, options: argparse.Namespace) -> int:
    with link.open(options) as board:
        findings = []
        for finding in run_self_test(board, options.inferences):
            findings.append(finding)
            if not options.json:
                show_finding(finding)
        return report_findings(board, findings, link.reached(board), options.json)
