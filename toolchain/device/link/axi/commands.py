"""The command lines of an AMD board's package on its board: `driver.py` and `self_test.py`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from toolchain.device.link import command_line
from toolchain.device.link.axi.opening import DEVICES, open_board
from toolchain.device.link.axi.selftest import BENCH_INFERENCES


def driver(folder: Path, arguments: Sequence[str]) -> int:
    """Ask the board one thing; the exit status of the program."""
    return command_line.driver(_link(folder), arguments)


def self_test(folder: Path, arguments: Sequence[str]) -> int:
    """Run the self-test; exit status 0 only if there is no difference."""
    return command_line.self_test(_link(folder), arguments)


def _link(folder: Path) -> command_line.Link:
    return command_line.Link(
        _add_options,
        lambda options: open_board(folder, options.device, not options.no_load),
        lambda board: {"device": board.device.name, "without_dma": board.without_dma},
        BENCH_INFERENCES,
    )


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", choices=DEVICES, default="auto", help="auto: pynq where installed, else linux")
    parser.add_argument("--no-load", action="store_true", help="the package's bitstream is loaded already")
