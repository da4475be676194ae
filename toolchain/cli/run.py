"""The command that sends a package's vectors through a board, real or virtual, and keeps what came out."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from rich.console import Console

from toolchain.board import AmdBoard, McuBoard, SerialBoard
from toolchain.catalog import load_board
from toolchain.cli.counting import counting
from toolchain.cli.flash import checked_package
from toolchain.console import out
from toolchain.device.checksums import MANIFEST
from toolchain.device.link.axi.sense import expected_of
from toolchain.device.link.golden import Golden, read_golden
from toolchain.device.link.patience import for_processor, simulated
from toolchain.device.link.remembering import memory_of
from toolchain.errors import BuildError, ConfigError
from toolchain.files import sha256
from toolchain.layout import Layout, build_root
from toolchain.microcontroller.cores import EMULATED_HZ
from toolchain.microcontroller.emulator import PATIENCE, emulated
from toolchain.places.remote import Remote
from toolchain.report.run_table import run_table
from toolchain.report.show import latest_layout, shown
from toolchain.results.manifest import Manifest
from toolchain.results.model import write_file
from toolchain.results.request import read_request
from toolchain.results.run import RunFigures, RunPackage, RunResult
from toolchain.results.split import HOST_PART
from toolchain.run.behind import HostPart
from toolchain.run.given import Given, golden_with, thresholds_given, width_given
from toolchain.run.remote_run import run_remotely
from toolchain.run.testset import must_be_equal, run_test_set, vector_kind
from toolchain.run.virtual import virtual_board_of
from toolchain.virtual_line import Virtual

VIRTUAL_VECTORS = 1000
"""Vectors that a virtual board gets unless more are asked for: it answers about a hundred a second."""


def run(
    board: str,
    model: str,
    package: Path | None = None,
    *,
    port: str | None = None,
    host: str | None = None,
    virtual: bool = False,
    faults: str = "",
    count: int | None = None,
    thresholds: Sequence[str] = (),
    memory: int | None = None,
    then: Path | None = None,
    width: int | None = None,
    as_json: bool = False,
    console: Console | None = None,
) -> RunResult:
    """Send the package's vectors through a board; print, keep and return accuracy, latency and every difference.

    Args:
        package: the package's folder; None takes the newest build.
        port: serial port of an open board; None takes the one that is connected.
        host: user@address of an AMD board.
        virtual: run the Verilated chip of the newest build behind a pseudo-terminal instead.
        faults: what goes wrong on a virtual board's line, such as "bits=1e-4,lost=1e-5".
        count: how many vectors; None sends all (a virtual board gets `VIRTUAL_VECTORS`).
        thresholds: of a network that decides, each as STAGE=LEAD; the others are as built.
        memory: earlier answers to keep; None: as many as the recipe says.
        then: the host's part of a split network, which goes on from the answers; None: the package's, if it has one.
        width: percent of the channels, of a network that runs at several; None: as built.
        console: where to print; the standard output where None.

    Raises:
        ConfigError: an option that does not suit the board, or a threshold or width that the network does not have.
        BuildError: nothing was built, or the package is damaged, of another board, or a hand-off.
        ToolError: the board cannot be reached or stopped answering.
        VerificationError: another model is loaded, or an answer differs; the result is kept all the same.
    """
    target = load_board(board)
    _must_suit(target, host, virtual, faults)
    folder, manifest = checked_package(board, model, package)
    widths = manifest.decision.widths if manifest.decision else ()
    given = {**thresholds_given(thresholds, manifest.settings), **width_given(width, widths, manifest.settings)}
    then = then or _packed_part(folder)
    places = memory_of(manifest.packed).uses.places if memory is None else memory
    if isinstance(target, SerialBoard):
        order = _Order(target, model, folder, manifest, count, given, places, then)
        result = _run_virtual(order, faults) if virtual else _run_serial(order, port)
    else:
        figures = run_remotely(Remote(str(host)), folder, manifest, given, places, then)
        result = _whole(board, model, folder, manifest, figures, **_told(given))
    _show(result, as_json, console or out())
    must_be_equal(result)
    return result


def _packed_part(folder: Path) -> Path | None:
    """The host's part of a split network, where the package holds one."""
    return path if (path := folder / HOST_PART).is_file() else None


def _show(result: RunResult, as_json: bool, console: Console) -> None:
    kept = _kept(result)
    if as_json:
        print(json.dumps(result.to_json(), indent=2))
        print(kept, file=sys.stderr)
    else:
        console.print(run_table(result))
        console.print(kept + ("; a simulated board: no time here is a board's" if result.virtual else ""))


def _must_suit(target: object, host: str | None, virtual: bool, faults: str) -> None:
    if not isinstance(target, SerialBoard | AmdBoard):
        raise ConfigError(f"{getattr(target, 'name', target)}: has no FPGA to run on; use `make measure`")
    if virtual and not isinstance(target, SerialBoard):
        raise ConfigError(f"{target.name}: VIRTUAL=1 is for boards with a serial port, such as ulx3s")
    if faults and not virtual:
        raise ConfigError("FAULTS are for virtual boards; add VIRTUAL=1")
    if faults and isinstance(target, McuBoard):
        raise ConfigError(f"{target.name}: FAULTS are for boards with an FPGA; an emulated processor has a clean line")
    if isinstance(target, AmdBoard) and host is None:
        raise ConfigError(f"{target.name}: say where it is: HOST=user@address")


@dataclass(frozen=True)
class _Order:
    """What to send to which board with a serial port."""

    board: SerialBoard
    model: str
    folder: Path
    manifest: Manifest
    count: int | None
    given: Given
    memory: int
    then: Path | None

    def run(self, port: str, virtual: bool = False) -> RunFigures:
        # Ports are those of Linux; nothing else here is.
        from toolchain.device.link.serial_port import open_serial

        golden = read_golden(self.folder)
        truth = self._truth(golden)
        baud, identity = self.board.host_link.baud, self.manifest.packed["identity"]
        expected = expected_of(self.manifest.packed)
        own = for_processor(expected.instructions, expected.clock_hz)
        patience = simulated(expected.latency) if virtual else own
        if virtual and isinstance(self.board, McuBoard):
            expected, patience = expected._replace(clock_hz=EMULATED_HZ), PATIENCE
        with open_serial(port, baud, identity, patience) as device, counting("vectors") as tell:
            if self.given:
                golden = golden_with(self.folder, golden, self.given, self.count, device.link_identity.part_bytes)
            for setting, value in self.given.items():
                device.set(setting, value)
            return run_test_set(
                device,
                golden,
                count=self.count,
                truth=truth,
                virtual=virtual,
                kind=vector_kind(self.manifest),
                progress=tell,
                expected=expected,
                stages=self.manifest.decision.numbers if self.manifest.decision else (),
                memory=self.memory,
                then=HostPart(self.then, golden.layout.elements) if self.then else None,
            )

    def _truth(self, golden: Golden) -> Sequence[int] | None:
        """The true classes, which lie in the build and not in the package."""
        try:
            layout = layout_of_package(self.board.name, self.model, self.folder)
            with np.load(layout.golden) as stored:
                truth = [int(label) for label in stored["truth"]]
        except (OSError, KeyError, ValueError, BuildError):
            return None
        return truth if len(truth) == golden.count else None

    def whole(self, figures: RunFigures, link: Literal["serial", "virtual"], **more: Any) -> RunResult:
        """The figures as they are kept; `more` says what happened on a virtual board's line."""
        more |= _told(self.given)
        return _whole(self.board.name, self.model, self.folder, self.manifest, figures, link=link, **more)


def _told(given: Given) -> dict[str, Any]:
    """What a result says of settings that were given."""
    return {"settings": {setting.name: value for setting, value in given.items()}} if given else {}


def _run_serial(order: _Order, port: str | None) -> RunResult:
    from toolchain.device.link.serial_port import find_port

    return order.whole(order.run(port or find_port()), "serial")


def _run_virtual(order: _Order, faults: str) -> RunResult:
    layout = layout_of_package(order.board.name, order.model, order.folder)
    order = replace(order, count=order.count or VIRTUAL_VECTORS)
    chosen: AbstractContextManager[Virtual]
    if isinstance(order.board, McuBoard):
        chosen = emulated(order.folder / order.manifest.roles["emulated"], order.board)
    else:
        chosen = virtual_board_of(layout, order.board, faults)
    with chosen as chip:
        figures = order.run(chip.port, virtual=True)
    if isinstance(order.board, McuBoard):
        figures = _timeless(figures)
    return order.whole(figures, "virtual", faults=faults, line=chip.done)


def _timeless(figures: RunFigures) -> RunFigures:
    """Without what would follow from a clock: an emulated processor counts instructions, and has none."""
    latency, bench = figures.latency, figures.bench
    without = {"latency": latency.model_copy(update={"seconds": {**latency.seconds, "fabric": None, "link": None}})}
    rated = bench.model_copy(update={"inferences_per_second": None}) if bench else None
    return figures.model_copy(update={**without, "bench": rated})


def layout_of_package(board: str, model: str, folder: Path) -> Layout:
    """The build that a package comes from: the one that it lies in, else the newest.

    Raises:
        BuildError: there is none.
    """
    newest = latest_layout(board, model)
    home = folder.resolve().parent
    if home.parent == newest.board_dir and (home / "request.json").is_file():
        return Layout(read_request(home / "request.json"), newest.root)
    return newest


def _whole(board: str, model: str, folder: Path, manifest: Manifest, figures: RunFigures, **more: Any) -> RunResult:
    """A run with what it was taken from; `more`: by which link."""
    package = RunPackage(manifest_sha256=sha256(folder / MANIFEST), git=manifest.git)
    said = {name: getattr(figures, name) for name in figures.model_fields_set}
    return RunResult(
        what="run",
        board=board,
        model=model,
        at=time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
        package=package,
        data=manifest.accuracy.data if manifest.accuracy else None,
        **said,
        **more,
    )


def _kept(result: RunResult) -> str:
    """Keep the result; says where, or why nowhere: the answer is there all the same."""
    name = f"run-{result.at}{'-virtual' if result.virtual else ''}.json"
    path = build_root() / result.model / result.board / "measurements" / name
    try:
        write_file(path, result)
    except BuildError as error:
        return f"kept nowhere: {error}"
    return f"kept in {shown(path)}"
