"""Opens what a person asked for: the frames to watch, and who judges them."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from toolchain.board import OpenBoard
from toolchain.can.live.alerts import Hysteresis
from toolchain.can.live.batch import Source
from toolchain.can.live.bus import BusSource
from toolchain.can.live.capture import CaptureSource
from toolchain.can.live.classify import BoardClassifier, BoardDriver, Classifier, packed_classifier, proved_classifier
from toolchain.can.live.detector import Detector, file_as_built
from toolchain.catalog import load_board
from toolchain.errors import BuildError, ConfigError
from toolchain.files import sha256
from toolchain.layout import Layout
from toolchain.results.detection import AnswerKind
from toolchain.results.packed import read_device, read_package

HOST = "host"


@dataclass(frozen=True)
class Watch:
    """What to watch, and how: a capture, or a channel; with a capture, `channel` is one of its buses.

    Attributes:
        pace: of a capture: 1 as recorded; None as fast as it goes.
        frames: to end after; None is no limit.
        log: file of JSON lines; None is `build/<model>/<board>/ids/alerts.jsonl`.
        port: serial port of a board; None finds it.
        quiet: seconds without a frame of an attack that end its alert.
        virtual: simulate the board's chip; `faults` of it, such as "bits=1e-4".

    Raises:
        ConfigError: values that do not go together.
    """

    capture: Path | None = None
    channel: str | None = None
    pace: float | None = None
    frames: int | None = None
    log: Path | None = None
    port: str | None = None
    quiet: float = Hysteresis.quiet
    virtual: bool = False
    faults: str = ""

    def __post_init__(self) -> None:
        if self.capture is None and self.channel is None:
            raise ConfigError("ids: give --capture FILE or --channel CHANNEL")
        if self.pace is not None and (self.capture is None or not 0 < self.pace < math.inf):
            raise ConfigError(f"--pace {self.pace:g}: is for a capture, and more than 0: 1 is as recorded")
        if not 0 < self.quiet < math.inf:
            raise ConfigError(f"--quiet {self.quiet:g}: should be seconds, more than 0")
        if self.faults and not self.virtual:
            raise ConfigError(f"--faults {self.faults}: are those of a virtual board; add --virtual")


@dataclass(frozen=True)
class Link:
    """A driver, how its board is reached, for people, and whether the board is "simulated"."""

    driver: BoardDriver
    name: str
    kind: AnswerKind = "measured"


OpenLink = Callable[[Layout, ExitStack], Link]
"""Opens the link to the board that holds a build; the stack closes it."""


def open_source(watch: Watch) -> Source:
    """The frames to watch.

    Raises:
        DataError: no such capture.
        ToolError: no such channel.
    """
    if watch.capture is not None:
        return CaptureSource(watch.capture, watch.pace, bus=watch.channel)
    return BusSource(str(watch.channel))


def must_be_reachable(board: str, watch: Watch) -> None:
    """Refuse a board that nothing on this machine can talk to.

    Raises:
        ConfigError: it is one, or there is no such board.
    """
    if board == HOST and watch.virtual:
        raise ConfigError("--virtual: simulates a board's chip; choose a board with a serial host link such as ulx3s")
    if board != HOST and not isinstance(load_board(board), OpenBoard):
        raise ConfigError(
            f"board {board}: its driver runs on the board itself; "
            "ids runs on host, or on a board with a serial host link such as ulx3s"
        )


def open_classifier(layout: Layout, detector: Detector, link: OpenLink, stack: ExitStack) -> Classifier:
    """Who judges: the host itself, or the board of the build.

    Raises:
        GateweaveError: the board does not answer, or the host's package was changed.
    """
    name = layout.request.board
    if name == HOST:
        return _host(layout, detector)
    opened = link(layout, stack)
    title, classes = f"{name}, {opened.name}", len(detector.classes)
    return BoardClassifier(title, opened.driver, detector.input_type, classes, opened.kind)


def _host(layout: Layout, detector: Detector) -> Classifier:
    """The package's graph where this very network was built for the host, else one that is made and proved now."""
    package = layout.stage("package")
    if not layout.token("package").exists():
        return proved_classifier(detector.network, file_as_built(layout, "export", "golden.npz"))
    device = read_device(package)
    graph = device.graphs[device.chosen]
    if sha256(package / graph.file) != graph.sha256:
        raise BuildError(f"{package / graph.file}: changed since it was packed; run `make build BOARD=host` again")
    return packed_classifier(package, device)


def serial_link(port: str | None) -> OpenLink:
    """A board at a serial port of this machine; None finds the port.

    A board that holds another network than the build's package is refused, and so is an altered package.
    """

    def open_link(layout: Layout, stack: ExitStack) -> Link:
        from toolchain.device.link.serial_port import find_port, open_serial

        manifest = read_package(layout.stage("package"))
        name = port or find_port()
        driver = open_serial(name, _open_board(layout).host_link.baud, manifest.packed["identity"])
        stack.callback(driver.close)
        return Link(driver, name)

    return open_link


def virtual_link(faults: str = "") -> OpenLink:
    """The board's chip, simulated behind a pseudo-terminal; `faults` such as "bits=1e-4": see docs/host-link.md."""

    def open_link(layout: Layout, stack: ExitStack) -> Link:
        from toolchain.device.link.patience import simulated
        from toolchain.device.link.serial_port import open_serial
        from toolchain.run.virtual import virtual_board_of

        manifest, board = read_package(layout.stage("package")), _open_board(layout)
        chip = stack.enter_context(virtual_board_of(layout, board, faults))
        driver = open_serial(chip.port, board.host_link.baud, manifest.packed["identity"], simulated())
        stack.callback(driver.close)
        return Link(driver, "virtual: its chip simulated", "simulated")

    return open_link


def _open_board(layout: Layout) -> OpenBoard:
    board = load_board(layout.request.board)
    assert isinstance(board, OpenBoard)
    return board
