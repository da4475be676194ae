"""The command lines of an AMD board's package on its board: `driver.py` and `self_test.py`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from toolchain.hostlink.asking import add_commands, ask, guarded, positive, report_findings, show_finding
from toolchain.hostlink.axi.opening import DEVICES, open_board
from toolchain.hostlink.axi.selftest import BENCH_INFERENCES, run_self_test


def driver(folder: Path, arguments: Sequence[str]) -> int:
    """Ask the board one thing; the exit status of the program."""
    parser = _parser("driver.py", "Ask the board: identify, infer, bench, counters.")
    add_commands(parser)
    options = parser.parse_args(arguments)
    return guarded(lambda: _ask(folder, options))


def self_test(folder: Path, arguments: Sequence[str]) -> int:
    """Run the self-test; exit status 0 only if there is no difference."""
    parser = _parser("self_test.py", "Check the board against the package's golden vectors.")
    parser.add_argument("--inferences", type=positive, default=BENCH_INFERENCES, help="of the bench (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    options = parser.parse_args(arguments)
    return guarded(lambda: _test(folder, options))


def _parser(program: str, text: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, description=text)
    parser.add_argument("--device", choices=DEVICES, default="auto", help="auto: pynq where installed, else linux")
    parser.add_argument("--no-load", action="store_true", help="the package's bitstream is loaded already")
    return parser


def _ask(folder: Path, options: argparse.Namespace) -> int:
    with open_board(folder, options.device, not options.no_load) as board:
        return ask(board, options)


def _test(folder: Path, options: argparse.Namespace) -> int:
    with open_board(folder, options.device, not options.no_load) as board:
        findings = []
        for finding in run_self_test(board, options.inferences):
            findings.append(finding)
            if not options.json:
                show_finding(finding)
        reached = {"device": board.device.name, "without_dma": board.without_dma}
        return report_findings(board, findings, reached, options.json)
