"""The driver of an open board's package: `driver.py` as a module and as a command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from toolchain.device.checksums import verify_package
from toolchain.device.link import command_line
from toolchain.device.link.answers import Inference, Values
from toolchain.device.link.axi.sense import expected_of
from toolchain.device.link.board import must_be
from toolchain.device.link.golden import Golden, read_golden
from toolchain.device.link.patience import Patience, for_processor, simulated
from toolchain.device.link.remembering import memory_of
from toolchain.device.link.serial_link import Port, SerialBoard
from toolchain.device.link.serial_port import SerialPort, find_port
from toolchain.device.link.settings import Setting
from toolchain.device.packed import PackedManifest
from toolchain.errors import BuildError

BENCH_INFERENCES = 100_000


class PackedBoard(SerialBoard):
    """A board behind a serial port, with the package it was built for.

    Attributes:
        manifest: the package's.
        golden: the package's vectors with the answers that every stage gave.
        memory: answers that are kept, as the recipe says.
        without_dma, way: see `asking.Asked`.
    """

    without_dma, way = "", "many on their way at a time"

    def __init__(
        self,
        port: Port,
        manifest: PackedManifest,
        golden: Golden,
        patience: Optional[Patience] = None,  # noqa: UP045
    ) -> None:
        super().__init__(port, patience)
        self.manifest, self.golden, self.memory = manifest, golden, memory_of(manifest)

    def infer(self, vector: bytes) -> Inference:
        """The answer to one packed vector; one that was kept took no cycles that could be told."""
        told: list[Inference] = []

        def ask(vectors: list[bytes]) -> list[Values]:
            told.extend(self.inferences(vectors))
            return [one.values for one in told]

        (values,) = self.memory.answers([vector], ask)
        self._plays(vector)
        return told[0] if told else Inference(values, None)

    def infer_many(self, vectors: Sequence[bytes]) -> list[Values]:
        """The answers to many packed vectors; those that were kept are not asked for again."""
        answers = self.memory.answers(vectors, super().infer_many)
        if vectors:
            self._plays(vectors[-1])
        return answers

    def set(self, setting: Setting, value: int) -> None:
        """See `SerialBoard.set`; no answer of before is kept."""
        super().set(setting, value)
        self.memory.forget()

    def _plays(self, vector: bytes) -> None:
        """A bench plays the last vector, also where its answer was kept and another went to the board last."""
        if self._last != vector:
            self.play(vector)


def open_packed(folder: Path, name: str = "", is_simulated: bool = False) -> PackedBoard:
    """The board at a port, if it is the one that a package was built for.

    Args:
        name: of the port; empty: the one USB serial adapter.
        is_simulated: wait as long as a simulated board takes.

    Raises:
        BuildError: the package is damaged, or is none of a board with a serial port.
        ConfigError: no port was named, and there is not exactly one adapter.
        ToolError: the port cannot be opened, or nothing answers there.
        VerificationError: another model or build answers.
    """
    manifest = verify_package(folder)
    golden, baud = read_golden(folder), _baud(folder, manifest)
    expected = expected_of(manifest)
    own = for_processor(expected.instructions, expected.clock_hz)
    patience = simulated(expected.latency) if is_simulated else own
    port = SerialPort(name or find_port(), baud, patience)
    try:
        board = PackedBoard(port, manifest, golden, patience)
        must_be(board.identify(), manifest["identity"], port.name)
    except BaseException:
        port.close()
        raise
    return board


def driver(folder: Path, arguments: Sequence[str]) -> int:
    """Ask the board one thing; the exit status of the program."""
    return command_line.driver(_link(folder), arguments)


def self_test(folder: Path, arguments: Sequence[str]) -> int:
    """Run the self-test; exit status 0 only if there is no difference."""
    return command_line.self_test(_link(folder), arguments)


def _link(folder: Path) -> command_line.Link:
    return command_line.Link(
        _add_options,
        lambda options: open_packed(folder, options.port, options.simulated),
        lambda board: {"device": board.port.name},
        BENCH_INFERENCES,
    )


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", default="", help="such as /dev/ttyUSB0; without it, the one USB serial adapter")
    parser.add_argument(
        "--simulated",
        action="store_true",
        help="wait as long as a simulated board takes; --vectors and --inferences make its self-test shorter",
    )


def _baud(folder: Path, manifest: PackedManifest) -> int:
    link = manifest.get("host_link")
    baud = link.get("baud") if isinstance(link, dict) else None
    if type(baud) is not int or baud < 1:
        raise BuildError(f"{folder}/manifest.json: host_link.baud: {baud}: should be bits per second; build it again")
    return baud
