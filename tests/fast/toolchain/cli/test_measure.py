from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.packed import manifest
from toolchain.cli import measure as command
from toolchain.cli.flash import checked_package, flash
from toolchain.cli.measure import How
from toolchain.device.checksums import write_manifest
from toolchain.errors import ConfigError
from toolchain.layout import Request
from toolchain.measure.measure import Job
from toolchain.results.measurement import Measurement, Provenance
from toolchain.results.request import write_newest

PLAIN = How(None, None, None, 10.0, 5, None)


@pytest.mark.parametrize(
    ("board", "how", "words"),
    [
        ("ulx3s", How("me@there", None, None, 10.0, 5, None), "ulx3s: hangs on this computer; leave out HOST="),
        ("zcu104", PLAIN, "zcu104: say where it is: HOST=user@address"),
        ("raspberrypi4", PLAIN, "raspberrypi4: say where it is: HOST=user@address"),
        ("host", How(None, None, None, 10.0, 5, None, True), "host: VIRTUAL=1 is for boards with a serial port"),
        (
            "host",
            How(None, None, None, 10.0, 5, "/nowhere"),
            "--sensor-root /nowhere: should be a folder that holds",
        ),
        ("zcu104", How("a@b", None, None, 10.0, 5, "tree"), "--sensor-root tree: lies on a@b; give its whole path"),
        ("ulx3s", How(None, None, None, 10.0, 5, None, False, ("x",)), "--source: ulx3s has no sensors of its own"),
        ("host", How(None, None, "joulescope", 10.0, 5, None), "METER=joulescope: host is measured by its own"),
    ],
)
def test_options_that_do_not_suit_the_board(board: str, how: How, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        command.measure(board, "cqmlp", None, how, False)


def test_this_computer_is_measured_by_its_own_sensors(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: dict[str, Any] = {}

    def measure_at(place: Any, job: Job, board_dir: Path, python: Any) -> Measurement:
        asked.update(place=place.address, job=job, board_dir=board_dir, python=python)
        return Measurement(status="unavailable", reasons=(), provenance=Provenance(), latency=None, energy=None)

    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path))
    monkeypatch.setattr(command, "checked_package", lambda *_: (tmp_path, {}))
    ready = "ready_runtime_package"
    monkeypatch.setattr(command, ready, lambda p, f, s, python: Job("host", "cqmlp", ["x"], settings=s))
    monkeypatch.setattr(command, "measure_at", measure_at)
    (tmp_path / "tree" / "sys").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    command.measure("host", "cqmlp", None, How(None, None, None, 20.0, 7, "tree"), True)
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["status"], told["energy"]) == (2, "unavailable", None)
    assert asked["place"] == "local"
    assert asked["python"] == (sys.executable,)
    assert asked["board_dir"] == tmp_path / "cqmlp" / "host"
    assert (asked["job"].settings.window_s, asked["job"].settings.repeats) == (20.0, 7)
    assert asked["job"].sensor_root == str(tmp_path / "tree")


def test_a_package_for_onnx_runtime_needs_no_bitstream_and_is_not_flashed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_manifest(tmp_path, manifest(board="host", status="runnable"))
    assert checked_package("host", "cqmlp", tmp_path)[1].status == "runnable"
    with pytest.raises(ConfigError, match=r"host: has no FPGA to flash; copy its package there and run `\./run\.sh`"):
        flash("host", "cqmlp", tmp_path, False)


def test_a_package_of_a_file_is_found_by_the_files_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path))
    request = Request("host", "net", flow="ort", file="/x/net.onnx")
    package = tmp_path / "net/host" / request.variant / "package"
    package.mkdir(parents=True)
    write_manifest(package, manifest(board="host", model="net", status="runnable"))
    write_newest(tmp_path / "net/host/latest.json", request)
    assert checked_package("host", "net", None)[0] == package
    with pytest.raises(ConfigError, match="nett"):
        checked_package("host", "nett", None)
