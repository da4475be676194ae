"""From frames to a bitstream with the real stages: a short training, all else as it is."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import TEST_WINDOWS, Tree

# The notebook on CAN data has its clock searched for.
_ULX3S = ("build", "--recipe", "tiny", "--clock", "50")
_OTHER = "colorlight-i5"
_OF_OTHER = ("build", "--recipe", "tiny", "--board", _OTHER, "--clock", "25")


@pytest.fixture(scope="module")
def ulx3s(real_tree: Tree) -> dict[str, Any]:
    real_tree.must(*_ULX3S, within=900)
    return real_tree.shown("ulx3s")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_build_ends_with_a_verified_bitstream(real_tree: Tree, ulx3s: dict[str, Any]) -> None:
    assert ulx3s["status"] == "bitstream"
    assert (real_tree.root / ulx3s["files"]["bitstream"]).stat().st_size > 100_000
    assert ulx3s["data"]["kind"] == ulx3s["accuracy"]["data"] == "synthetic"
    estimate, routed = ulx3s["estimate"], ulx3s["resources"]
    assert estimate["of"] == "chip"
    assert routed["lut"] / 2 < estimate["lut"] < 1.5 * routed["lut"]
    timing = ulx3s["timing"]
    assert timing["crystal_mhz"] == 25 and timing["clock_mhz"] >= 50
    assert timing["fmax_mhz"] >= 1.05 * timing["clock_mhz"]
    for stage in ("export", "streamline", "simulate"):
        verified = ulx3s["stages"][stage]["verified"]
        assert verified["compared"] == verified["equal"] >= TEST_WINDOWS
    for stage in ulx3s["stages"].values():
        for name, digest in stage["outputs"].items():
            assert _sha256(real_tree.root / name) == digest


def test_the_package_is_whole(real_tree: Tree, ulx3s: dict[str, Any]) -> None:
    folder = (real_tree.root / ulx3s["files"]["manifest"]).parent
    manifest = json.loads((folder / "manifest.json").read_text())
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert set(manifest["files"]) == found - {"manifest.json"}
    assert {"driver.py", "self_test.py", "protocol.py", "lib/toolchain/device/intact.py"} <= found
    assert all(_sha256(folder / name) == digest for name, digest in manifest["files"].items())
    described = json.loads((folder / "vectors.json").read_text())
    assert (folder / "answers.bin").stat().st_size == described["count"] == TEST_WINDOWS


def test_a_second_build_runs_nothing(real_tree: Tree, ulx3s: dict[str, Any]) -> None:
    assert "nothing to do" in real_tree.must(*_ULX3S)


@pytest.mark.skipif(not shutil.which("icebox_vlog"), reason="needs Debian's fpga-icestorm: make system-deps")
def test_a_bitstream_read_back_gives_the_same_answers(real_tree: Tree) -> None:
    real_tree.must("verify", "--recipe", "tiny", "--board", "icebreaker", "--clock", "12", within=900)
    verified = real_tree.shown("icebreaker")["stages"]["verify"]["verified"]
    assert verified["compared"] == verified["equal"] >= 64


def _core(tree: Tree) -> dict[str, bytes]:
    """All files of a tree but its builds and its boards."""
    rooms = [tree.root / name for name in ("toolchain", "flows", "hls", "models")]
    files = [path for room in rooms for path in room.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {str(path.relative_to(tree.root)): path.read_bytes() for path in files}


def test_a_board_of_another_ecp5_is_one_folder(real_tree: Tree, ulx3s: dict[str, Any]) -> None:
    before = _core(real_tree)
    shutil.copytree(Path(__file__).parent / "boards" / _OTHER, real_tree.root / "boards" / _OTHER)
    real_tree.must(*_OF_OTHER, within=900)
    shown = real_tree.shown(_OTHER)
    assert shown["status"] == "bitstream"
    assert shown["files"]["bitstream"].endswith(f"/{_OTHER}-cqmlp.bit")
    used = shown["resources"]
    assert used["used_percent"]["lut"] == round(100 * used["lut"] / 24288, 1)
    settings = (real_tree.root / Path(shown["files"]["bitstream"])).parents[1] / "implement" / "chip.config"
    assert ".device LFE5U-25F" in settings.read_text()[:2000]
    assert _core(real_tree) == before


def test_hardware_made_again_is_the_same_to_the_byte(real_tree: Tree) -> None:
    """That of the test before, whose clock is not searched for a second time."""
    (folder,) = (real_tree.build / "cqmlp" / _OTHER).glob("tiny-folded*")
    # The trial comes before a training, and none lies ahead the second time.
    for trial in ("check", "records/check.done"):
        path = folder / trial
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    before = real_tree.bytes_of_outputs()
    assert any(f"{folder.name}/bitstream/" in name for name in before)
    # All but the compiled simulators, which are found by the content of what they are made of.
    for path in folder.iterdir():
        if path.name != "work":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    real_tree.must(*_OF_OTHER, within=900)
    assert real_tree.bytes_of_outputs() == before
