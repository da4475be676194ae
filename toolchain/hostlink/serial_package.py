"""The driver of an open board's package: `driver.py` as a module and as a command line."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from toolchain.errors import BuildError
from toolchain.hostlink.asking import add_commands, ask, guarded, positive, report_findings, show_finding
from toolchain.hostlink.axi.golden import Golden, read_golden
from toolchain.hostlink.axi.selftest import run_self_test
from toolchain.hostlink.serial_link import SIMULATED, Patience, Port, SerialBoard, must_be
from toolchain.hostlink.serial_port import SerialPort, find_port
from toolchain.package.sealed import verify_package

BENCH_INFERENCES = 100_000


class PackedBoard(SerialBoard):
    """A board behind a serial port, with the package it was built for.

    Attributes:
        manifest: the package's.
        golden: the package's vectors with the classes that every stage gave.
        without_dma, way: see `asking.Asked`.
    """

    without_dma, way = "", "many on their way at a time"

    def __init__(
        self,
        port: Port,
        manifest: Mapping[str, Any],
        golden: Golden,
        patience: Optional[Patience] = None,  # noqa: UP045
    ) -> None:
        super().__init__(port, patience)
        self.manifest, self.golden = manifest, golden


def open_packed(folder: Path, name: str = "", simulated: bool = False) -> PackedBoard:
    """The board at a port, if it is the one that a package was built for.

    Args:
        name: of the port; empty: the one USB serial adapter.
        simulated: wait as long as a simulated board takes.

    Raises:
        BuildError: the package is damaged, or is none of a board with a serial port.
        ConfigError: no port was named, and there is not exactly one adapter.
        ToolError: the port cannot be opened, or nothing answers there.
        VerificationError: another model or build answers.
    """
    manifest = verify_package(folder)
    golden, baud = read_golden(folder), _baud(folder, manifest)
    port = SerialPort(name or find_port(), baud)
    try:
        board = PackedBoard(port, manifest, golden, SIMULATED if simulated else None)
        must_be(board.identify(), manifest["identity"], port.name)
    except BaseException:
        port.close()
        raise
    return board


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
    parser.add_argument("--port", default="", help="such as /dev/ttyUSB0; without it, the one USB serial adapter")
    parser.add_argument("--simulated", action="store_true", help="wait as long as a simulated board takes")
    return parser


def _ask(folder: Path, options: argparse.Namespace) -> int:
    with open_packed(folder, options.port, options.simulated) as board:
        return ask(board, options)


def _test(folder: Path, options: argparse.Namespace) -> int:
    with open_packed(folder, options.port, options.simulated) as board:
        findings = []
        for finding in run_self_test(board, options.inferences):
            findings.append(finding)
            if not options.json:
                show_finding(finding)
        return report_findings(board, findings, {"device": board.port.name}, options.json)


def _baud(folder: Path, manifest: Mapping[str, Any]) -> int:
    link = manifest.get("host_link")
    baud = link.get("baud") if isinstance(link, dict) else None
    if type(baud) is not int or baud < 1:
        raise BuildError(f"{folder}/manifest.json: host_link.baud: {baud}: should be bits per second; build it again")
    return baud
