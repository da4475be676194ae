"""The command that measures latency and energy of a package where it runs, and keeps the result."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from toolchain.board import AmdBoard, AnyBoard, McuBoard, OpenBoard, OrtBoard, SerialBoard
from toolchain.catalog import load_board
from toolchain.cli.flash import checked_package
from toolchain.cli.run import layout_of_package
from toolchain.console import out
from toolchain.device.agent.plan import Settings
from toolchain.device.link.axi.sense import expected_of
from toolchain.device.link.board import play
from toolchain.device.link.golden import read_golden
from toolchain.device.link.patience import for_processor, simulated
from toolchain.device.link.stages import stages_of
from toolchain.errors import ConfigError
from toolchain.layout import build_root
from toolchain.measure.measure import Job, expected_seconds, measure_at, measure_here
from toolchain.measure.meters import open_meter
from toolchain.measure.packages import provenance_of, ready_amd_package, ready_runtime_package
from toolchain.measure.proving import proven
from toolchain.measure.workloads import bench_workload
from toolchain.places.place import Here
from toolchain.places.remote import Remote
from toolchain.report.measurement_table import measurement_table
from toolchain.results.manifest import Manifest
from toolchain.results.measurement import Measurement
from toolchain.run.virtual import virtual_board_of

_PROVING_SECONDS = 60.0
"""How long a board answers golden vectors before it is measured; a virtual one answers a few."""


@dataclass(frozen=True)
class How:
    """How to measure.

    Attributes:
        host: user@address of a board that runs Linux; None: this computer.
        port: serial port of an open board; None takes the one that is connected.
        meter: a meter at this computer, such as "joulescope"; None: none.
        seconds: of each window; repeats: accepted ones wanted.
        sensor_root: a tree of plain files in the place of the machine's sensors: power and energy are then
            `simulated`; times are the machine's own.
        virtual: measure the Verilated chip of the newest build; it has no energy, and its times are `emulated`.
        sources: names of the machine's sensors whose sum is the figure; the agent chooses where there are none.
    """

    host: str | None
    port: str | None
    meter: str | None
    seconds: float
    repeats: int
    sensor_root: str | None
    virtual: bool = False
    sources: tuple[str, ...] = ()

    @property
    def settings(self) -> Settings:
        """For the agent."""
        return Settings(window_s=self.seconds, repeats=self.repeats)


def measure(board: str, model: str, package: Path | None, how: How, as_json: bool) -> None:
    """Measure a package on its board; print and keep the result.

    Args:
        package: the package's folder; None takes the newest build.

    Raises:
        ConfigError: an option that does not suit the board.
        BuildError: nothing was built, or the package is damaged, of another board, or a hand-off.
        ToolError: the board or a meter cannot be reached.
    """
    target = load_board(board)
    _must_suit(target, how)
    how = replace(how, sensor_root=_sensor_root(how))
    folder, manifest = checked_package(board, model, package)
    board_dir = build_root() / model / board
    if not as_json:
        out().print(f"measuring: {expected_seconds(how.settings) / 60:.0f} minutes or more ...")
    if isinstance(target, SerialBoard):
        result = _open(target, folder, manifest, how, board_dir)
    else:
        result = _linux(target, folder, how, board_dir)
    if as_json:
        print(json.dumps(result.to_json(), indent=2))
    else:
        out().print(measurement_table(result))


def _must_suit(target: AnyBoard, how: How) -> None:
    if how.virtual and isinstance(target, McuBoard):
        raise ConfigError(
            f"{target.name}: VIRTUAL=1: an emulated processor has no time of its own; `make build` counts instructions"
        )
    is_serial = isinstance(target, SerialBoard)
    if is_serial and (how.host or how.sensor_root):
        raise ConfigError(f"{target.name}: hangs on this computer; leave out HOST= and --sensor-root")
    if how.sources and is_serial:
        raise ConfigError(f"--source: {target.name} has no sensors of its own; leave it out")
    if how.meter and not is_serial:
        raise ConfigError(f"METER={how.meter}: {target.name} is measured by its own sensors; leave it out")
    if how.virtual and (how.meter or how.port or not isinstance(target, OpenBoard)):
        raise ConfigError(f"{target.name}: VIRTUAL=1 is for boards with a serial port, without METER and PORT")
    if not is_serial and target.name != "host" and how.host is None:
        raise ConfigError(f"{target.name}: say where it is: HOST=user@address")


def _sensor_root(how: How) -> str | None:
    """The tree's whole path: the agent runs in another folder."""
    if how.sensor_root is None:
        return None
    root = Path(how.sensor_root)
    if how.host:
        if not root.is_absolute():
            raise ConfigError(f"--sensor-root {root}: lies on {how.host}; give its whole path, from /")
        return str(root)
    if not (root.expanduser() / "sys").is_dir():
        raise ConfigError(f"--sensor-root {root}: should be a folder that holds sys/, as a file system does")
    return str(root.expanduser().resolve())


def _open(board: SerialBoard, folder: Path, manifest: Manifest, how: How, board_dir: Path) -> Measurement:
    # Ports are those of Linux; nothing else here is.
    from toolchain.device.link.serial_port import open_serial

    sources = open_meter(how.meter) if how.meter else []
    known = provenance_of(manifest)
    if how.virtual:
        known = known.model_copy(update={"virtual": True, "emulated": True})
    job = Job(board.name, manifest.model, ["bench"], settings=how.settings, provenance=known)
    expected = expected_of(manifest.packed)
    own = for_processor(expected.instructions, expected.clock_hz)
    patience = simulated(expected.latency) if how.virtual else own
    with (
        _port(board, manifest.model, folder, how) as port,
        open_serial(port, board.host_link.baud, manifest.packed["identity"], patience) as device,
    ):
        golden = read_golden(folder)
        found = proven(device, golden, 0.0 if how.virtual else _PROVING_SECONDS, stages_of(manifest.packed))
        play(device, golden, device.identify().bench_vectors)
        workload, job = bench_workload(device, how.seconds, expected), replace(job, proven=found)
        return measure_here(workload, sources, job, board_dir, lambda text: None)


@contextmanager
def _port(board: SerialBoard, model: str, folder: Path, how: How) -> Iterator[str]:
    """The serial port of the board, or of a virtual one for the time of a `with`."""
    from toolchain.device.link.serial_port import find_port

    if not how.virtual:
        yield how.port or find_port()
        return
    assert isinstance(board, OpenBoard)
    with virtual_board_of(layout_of_package(board.name, model, folder), board) as chip:
        yield chip.port


def _linux(board: AmdBoard | OrtBoard, folder: Path, how: How, board_dir: Path) -> Measurement:
    place = Remote(how.host) if how.host else Here(board_dir / "measuring")
    # Here the environment that runs this has ONNX Runtime; a board has its own.
    python = ("python3",) if how.host else (sys.executable,)
    if isinstance(board, AmdBoard):
        job = ready_amd_package(place, folder, how.settings)
    else:
        job = ready_runtime_package(place, folder, how.settings, python=python)
    known = replace(job, sensor_root=how.sensor_root, sources=how.sources, sensors=board.sensors)
    return measure_at(place, known, board_dir, python)
