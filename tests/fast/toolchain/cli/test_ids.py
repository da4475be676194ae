"""The command as a person starts it, on builds that never ran."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import can
import numpy as np
import onnx
import pytest

from tests.doubles.packed import device
from tests.fast.toolchain.can.live.made import DOS, RPM, build, frames, network, write_hcrl
from tests.fast.toolchain.can.live.test_live import Board
from toolchain.can.live.opening import Link, Watch
from toolchain.cli.build_options import BuildOptions
from toolchain.cli.ids import ids
from toolchain.errors import BuildError, ConfigError, DataError, GateweaveError
from toolchain.files import sha256, write_json
from toolchain.layout import Layout, Request, layout_of
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.derive.graphs import made

HOST, ULX3S = BuildOptions(board="host", recipe="default"), BuildOptions(board="ulx3s", recipe="default")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    # Without a compiler, which takes a while: who judges with one is told by the slow tests.
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path / "build"))
    layout = layout_of(Request("host", "cqmlp", flow="ort"))
    build(layout)
    return layout


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    table = frames([5, 6] * 10 + [DOS] * 30 + [7] * 2000, [0] * 20 + [1] * 30 + [0] * 2000)
    return write_hcrl(tmp_path / "dos.csv", table)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_capture_on_the_host(host: Layout, capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = ids(BuildOptions(board="host"), Watch(capture))
    assert (summary.alerts, summary.accuracy.right) == (1, 1.0)
    said = capsys.readouterr().out
    assert "trained on synthetic data" in said
    assert "graph fp32 (exact on 50 vectors), 1 thread" in said
    assert "alert 1  dos begins" in said
    assert "100.000 % right" in said
    written = lines(host.board_dir / "ids" / "alerts.jsonl")
    assert [line["event"] for line in written] == ["start", "opened", "closed", "summary"]
    assert written[2]["frames"] == 30
    assert written[2]["identifiers"] == {"000": 30}


def test_a_graph_that_is_not_exact_is_not_used(
    tmp_path: Path, capture: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path / "build"))
    build(layout_of(Request("host", "cqmlp", flow="ort")), wrong=0.5)
    assert ids(HOST, Watch(capture)).alerts == 1
    assert "the integer network in NumPy (exact)" in capsys.readouterr().out


def pack_host(host: Layout) -> Path:
    package = host.stage("package")
    (package / "models").mkdir(parents=True)
    path = package / "models" / "fp32.onnx"
    onnx.save(made(network().scores, "fp32", GraphSettings()).model, path)
    write_json(package / "device.json", device(sha256=sha256(path)))
    write_json(host.token("package"), {})
    return path


def test_the_host_takes_the_packages_graph(host: Layout, capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack_host(host)
    summary = ids(HOST, Watch(capture))
    assert (summary.alerts, summary.accuracy.right) == (1, 1.0)
    assert "graph fp32 (exact)" in capsys.readouterr().out


def test_a_graph_altered_by_a_byte_is_refused(host: Layout, capture: Path) -> None:
    path = pack_host(host)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(BuildError, match=r"fp32\.onnx"):
        ids(HOST, Watch(capture))


def test_a_board_through_any_link_is_closed_at_the_end(
    host: Layout, capture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed: list[str] = []

    def link(layout: Layout, stack: ExitStack) -> Link:
        stack.callback(closed.append, layout.request.board)
        return Link(Board(), "virtual", "simulated")

    summary = ids(ULX3S, Watch(capture, log=capture.with_suffix(".log")), link)
    assert (summary.accuracy.right, summary.kind) == (1.0, "simulated")
    assert closed == ["ulx3s"]
    assert "a simulated board: no figure of a real one" in capsys.readouterr().out
    assert lines(capture.with_suffix(".log"))[0]["classifier"] == "ulx3s, virtual"


def test_ctrl_c_ends_a_live_bus_with_a_summary(host: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    def play() -> None:
        # The bus is open by then, however slow the machine.
        while signal.getsignal(signal.SIGINT) is before:
            time.sleep(0.01)
        for identifier in [5, 6] * 5 + [RPM] * 20:
            bus.send(can.Message(arbitration_id=identifier, data=b"\1", is_extended_id=False))
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with can.Bus(interface="virtual", channel="ids-command") as bus:
        player = threading.Thread(target=play, daemon=True)
        player.start()
        summary = ids(HOST, Watch(channel="virtual:ids-command"))
        player.join()
    assert signal.getsignal(signal.SIGINT) is before
    assert (summary.frames, summary.judged, summary.alerts) == (30, 29, 1)
    said = capsys.readouterr().out
    assert "rpm on virtual:ids-command ended: 20 frames" in said
    assert "accuracy: not known" in said


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"capture": Path("a"), "pace": float("inf")},
        {"channel": "can0", "pace": 1.0},
        {"capture": Path("a"), "pace": 0.0},
        {"capture": Path("a"), "quiet": 0.0},
        {"capture": Path("a"), "faults": "bits=1e-4"},
    ],
)
def test_options_that_do_not_go_together(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"--capture|--pace|--quiet|--virtual"):
        Watch(**options)


@pytest.mark.parametrize(("board", "mend"), [("zcu104", "runs on the board itself"), ("raspberrypi4", "host")])
def test_boards_that_need_their_own_processor_are_refused(host: Layout, capture: Path, board: str, mend: str) -> None:
    with pytest.raises(ConfigError, match=mend):
        ids(BuildOptions(board=board, recipe="default"), Watch(capture))


def test_the_host_has_no_chip_to_simulate(host: Layout, capture: Path) -> None:
    with pytest.raises(ConfigError, match="--virtual"):
        ids(HOST, Watch(capture, virtual=True))


def test_a_network_that_is_not_built_says_what_to_run(
    capture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path / "empty"))
    for options in (BuildOptions(board="host"), ULX3S, BuildOptions(board="ulx3s")):
        with pytest.raises(BuildError, match="make build"):
            ids(options, Watch(capture))


def test_a_network_changed_since_it_was_built_is_refused(host: Layout, capture: Path) -> None:
    path = host.stage("streamline") / "integer.onnx"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(BuildError, match=r"integer\.onnx"):
        ids(HOST, Watch(capture))


def test_a_model_that_takes_no_can_frames_is_refused(host: Layout, capture: Path) -> None:
    raw = json.loads(host.record("data").read_text())
    write_json(host.record("data"), {**raw, "facts": {**raw["facts"], "encoding": None}})
    with pytest.raises(ConfigError, match="no windows of CAN frames"):
        ids(HOST, Watch(capture))


def test_an_onnx_file_is_refused(host: Layout, capture: Path, tmp_path: Path) -> None:
    (tmp_path / "some.onnx").write_bytes(b"x")
    with pytest.raises(ConfigError, match="NETWORK: nothing tells"):
        ids(BuildOptions(board="host", onnx=str(tmp_path / "some.onnx")), Watch(capture))


def test_a_damaged_capture_ends_with_a_summary_of_what_came_before(host: Layout, capture: Path) -> None:
    (capture.parent / "two").mkdir()
    (capture.parent / "two" / "a_dos.csv").write_text(capture.read_text())
    (capture.parent / "two" / "b_dos.csv").write_text(capture.read_text() + "rubbish\n")
    with pytest.raises(DataError, match=r"b_dos\.csv:2051"):
        ids(HOST, Watch(capture.parent / "two"))
    *_, last = lines(host.board_dir / "ids" / "alerts.jsonl")
    assert (last["event"], last["frames"], last["alerts"]) == ("summary", 2050, 1)


def test_a_capture_that_the_network_was_trained_on_is_told(
    tmp_path: Path, capture: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path / "build"))
    build(layout_of(Request("host", "cqmlp", flow="ort")), trained_on=sha256(capture))
    ids(HOST, Watch(capture))
    assert "trained on parts of this capture" in capsys.readouterr().out


def test_a_full_disk_does_not_stop_it(host: Layout, capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ids(HOST, Watch(capture, log=Path("/dev/full"))).alerts == 1
    assert "could not be written" in capsys.readouterr().out


def test_a_limit_of_frames(host: Layout, capture: Path) -> None:
    assert ids(HOST, replace(Watch(capture), frames=40)).frames == 40


def test_no_other_errors_escape(host: Layout) -> None:
    for watch in (Watch(Path("absent.csv")), Watch(channel="gateweave-none")):
        with pytest.raises(GateweaveError):
            ids(HOST, watch)
    assert np.array_equal(network().run(np.zeros((1, network().inputs))).labels, [1])
