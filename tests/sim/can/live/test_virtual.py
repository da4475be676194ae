"""A capture through the Verilated chip behind a pseudo-terminal: the same alerts as on the host."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hls.chip import generate_chip
from hls.generate import generate_core
from tests.doubles.packed import manifest
from tests.fast.hls.networks import folding
from tests.fast.toolchain.can.live.made import DOS, RPM, build, frames, network, write_hcrl
from toolchain.board import OpenBoard
from toolchain.can.live.opening import Watch
from toolchain.catalog import load_board
from toolchain.cli.build_options import BuildOptions
from toolchain.cli.ids import ids
from toolchain.device.checksums import write_manifest
from toolchain.errors import VerificationError
from toolchain.layout import Layout, Request, layout_of
from toolchain.results.core import ChipFile, write_chip

MODEL_HASH, BUILD_ID = bytes(range(8)), bytes(range(8, 16))
ULX3S = BuildOptions(board="ulx3s", recipe="default")


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A build as far as a virtual board needs it."""
    patch = pytest.MonkeyPatch()
    patch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path_factory.mktemp("build")))
    layout = layout_of(Request("ulx3s", "cqmlp"))
    patch.undo()
    build(layout)
    generate_all(layout.stage("generate"))
    package = layout.stage("package")
    package.mkdir(parents=True)
    write_manifest(package, manifest(identity={"model_hash": MODEL_HASH.hex(), "build_id": BUILD_ID.hex()}))
    return layout


@pytest.fixture(autouse=True)
def _there(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(layout.root))


def generate_all(out: Path) -> None:
    board = load_board("ulx3s")
    assert isinstance(board, OpenBoard)
    rtl = out / "rtl"
    rtl.mkdir(parents=True)
    core = generate_core(network(), folding(network(), [(2, 79), (3, 2)]), rtl)
    sources = generate_chip(
        core,
        rtl,
        clock_hz=round(board.clock.mhz * 1e6),
        baud=board.host_link.baud,
        model_hash=MODEL_HASH,
        build_id=BUILD_ID,
        bench=np.zeros((1, network().inputs), np.uint8),
    )
    hashes = {"model_hash": MODEL_HASH.hex(), "build_id": BUILD_ID.hex()}
    write_chip(out, ChipFile(sources=tuple(sources), models=(), clock_hz=round(board.clock.mhz * 1e6), **hashes))


def capture(folder: Path) -> Path:
    identifiers = [5, 6] * 20 + [DOS] * 30 + [7] * 20 + [RPM] * 8 + [9]
    flags = [int(identifier in (DOS, RPM)) for identifier in identifiers]
    return write_hcrl(folder / "dos.csv", frames(identifiers, flags))


@pytest.mark.parametrize("faults", ["", "bits=3e-5,lost=1e-5,seed=4"])
def test_alerts_are_those_of_the_host(tmp_path: Path, faults: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = capture(tmp_path)
    on_host = ids(BuildOptions(board="host", recipe="default"), Watch(path))
    on_board = ids(ULX3S, Watch(path, virtual=True, faults=faults))
    for key in ("frames", "judged", "alerts", "predicted", "accuracy"):
        assert getattr(on_board, key) == getattr(on_host, key)
    assert (on_host.kind, on_board.kind) == ("measured", "simulated")
    assert on_board.alerts == 2
    assert "ulx3s, virtual: its chip simulated" in capsys.readouterr().out


def test_a_board_with_another_network_is_refused(layout: Layout, tmp_path: Path) -> None:
    package, path = layout.stage("package"), layout.stage("package") / "manifest.json"
    before = path.read_bytes()
    path.unlink()
    write_manifest(package, manifest(identity={"model_hash": "ff" * 8, "build_id": BUILD_ID.hex()}))
    with pytest.raises(VerificationError, match="model_hash"):
        ids(ULX3S, Watch(capture(tmp_path), virtual=True))
    path.write_bytes(before)
    assert json.loads(before)["identity"]["model_hash"] == MODEL_HASH.hex()
