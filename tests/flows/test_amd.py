"""AMD boards from frames to a hand-off, and to a bitstream where a double of Vivado is on the PATH."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.doubles import vivado_environment
from tests.fast.toolchain.runtime.network_file.files import conv_qonnx
from tests.flows.conftest import TEST_WINDOWS, Tree
from tests.sim.device.link.rtl_chip import RtlChip, device_of
from toolchain.device.checksums import verify_package
from toolchain.device.link.axi import selftest
from toolchain.device.link.axi.opening import open_board
from toolchain.device.link.golden import read_golden

DATAFLOW = ("build", "--recipe", "tiny", "--board", "zcu104", "--flow", "dataflow")
FINN = ("build", "--recipe", "tiny", "--board", "pynq-z2")


def _double(folder: Path, **how: str) -> dict[str, str]:
    """Vivado's double, with a stand-in for the HLS sources that FINN fetches."""
    library = folder / "deps" / "finn-hlslib"
    library.mkdir(parents=True)
    (library / "dma.h").touch()
    return {**vivado_environment(folder, environ={"PATH": os.environ["PATH"]}, **how), "FINN_DEPS": str(library.parent)}


def _package(tree: Tree, shown: dict[str, Any]) -> Path:
    return (tree.root / shown["files"]["manifest"]).parent


@pytest.fixture(scope="module")
def dataflow(real_tree: Tree) -> dict[str, Any]:
    real_tree.must(*DATAFLOW, within=900)
    return real_tree.shown("zcu104")


@pytest.fixture(scope="module")
def finn(real_tree: Tree) -> dict[str, Any]:
    real_tree.must(*FINN, within=900)
    return real_tree.shown("pynq-z2")


def test_our_own_rtl_ends_in_a_verified_hand_off(real_tree: Tree, dataflow: dict[str, Any]) -> None:
    assert dataflow["status"] == "handoff"
    manifest = verify_package(_package(real_tree, dataflow))
    checks = manifest["stages"]["simulate"]["checks"]
    assert checks["test set"]["equal"] == checks["test set"]["compared"] == TEST_WINDOWS
    assert {"back-pressure", "chip", "bursts", "bench", "identify", "counters"} <= set(checks)
    assert manifest["timing"]["kind"] == "requested"
    assert manifest["resources"]["kind"] == "synthesised"


def test_finn_ends_in_a_verified_hand_off(real_tree: Tree, finn: dict[str, Any]) -> None:
    assert finn["status"] == "handoff"
    manifest = verify_package(_package(real_tree, finn))
    checks = manifest["stages"]["simulate"]["checks"]
    for name in ("test set", "FINN's execution"):
        assert checks[name]["equal"] == checks[name]["compared"] == TEST_WINDOWS
    assert checks["back-pressure"]["compared"] >= 1000


def test_compare_puts_all_cores_side_by_side(real_tree: Tree, dataflow: dict[str, Any]) -> None:
    assert dataflow["not_run"] == ["baselines", "compare"]
    real_tree.must("compare", *DATAFLOW[1:], within=900)
    shown = real_tree.shown("zcu104")
    assert shown["not_run"] == []
    found = {(row["core"], row["kind"]) for row in shown["comparison"]}
    assert found == {(core, kind) for core in ("finn", "folded", "unrolled") for kind in ("estimated", "synthesised")}
    assert all(row["lut"] > 0 and row["note"] == "" for row in shown["comparison"])


def test_a_hand_off_is_not_flashed(real_tree: Tree, dataflow: dict[str, Any]) -> None:
    assert "is a hand-off" in real_tree.fails("flash", "--board", "zcu104")


def test_a_second_build_runs_nothing(real_tree: Tree, dataflow: dict[str, Any], finn: dict[str, Any]) -> None:
    for command in (DATAFLOW, FINN):
        assert "nothing to do" in real_tree.must(*command)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"play": "licence"}, "licence"),
        ({"play": "timing"}, "MHz needed"),
        ({"play": "unfit"}, "LUT"),
        ({"play": "crash"}, "Abnormal program termination"),
        ({"play": "killed"}, "killed"),
        ({"version": "2021.1"}, "2021.1"),
    ],
)
def test_each_fault_of_vivado_has_its_own_error_and_costs_nothing(
    real_tree: Tree, dataflow: dict[str, Any], tmp_path: Path, how: dict[str, str], words: str
) -> None:
    before = verify_package(_package(real_tree, dataflow))
    assert words in real_tree.fails(*DATAFLOW, within=300, **_double(tmp_path, **how))
    assert verify_package(_package(real_tree, dataflow)) == before


@pytest.mark.parametrize("command", [DATAFLOW, FINN])
def test_where_vivado_is_the_build_ends_in_a_bitstream(
    real_tree: Tree, dataflow: dict[str, Any], finn: dict[str, Any], tmp_path: Path, command: tuple[str, ...]
) -> None:
    real_tree.must(*command, within=600, **_double(tmp_path))
    shown = real_tree.shown(command[4])
    assert shown["status"] == "bitstream"
    manifest = verify_package(_package(real_tree, shown))
    assert manifest["resources"]["kind"] == manifest["timing"]["kind"] == "measured"
    assert manifest["tools"]["Vivado"] == "2024.1"
    assert [row["tool"] for row in manifest["comparison"] if row["kind"] == "measured"] == ["Vivado 2024.1"]
    assert (_package(real_tree, shown) / "self_test.py").exists()


def test_the_chip_of_a_convolution_s_hand_off_passes_the_self_test_of_its_finished_package(
    real_tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vivado's double reads the Verilog that the package holds, and Verilator runs it in the place of its bitstream."""
    np.savez(tmp_path / "test.npz", x=np.random.default_rng(0).normal(0, 1, (300, 2, 6, 6)).astype(np.float32))
    given = ("--network", str(conv_qonnx(tmp_path / "conv.onnx")), "--test", str(tmp_path / "test.npz"))
    real_tree.must("build", "--board", "zcu104", "--flow", "dataflow", *given, within=900)
    (built,) = real_tree.build.glob("conv/zcu104/*/package")
    there = tmp_path / "conv-zcu104"
    shutil.copytree(built, there)
    finish = [sys.executable, "-I", "-S", str(there / "finish.py")]
    done = subprocess.run(finish, env=_double(tmp_path), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    rtl, finished = there / "project" / "rtl", tmp_path / "conv-zcu104-bitstream"
    golden = read_golden(finished)
    size = golden.described["vector_bytes"]
    chip = RtlChip(sorted(rtl.glob("*.v")), tmp_path / "model", vector_bytes=size, data_bits=64)
    # However long a simulator on a busy machine takes, its seconds say nothing of a clock.
    monkeypatch.setattr(selftest, "_CLOCK_SECONDS", math.inf)
    findings = list(selftest.run_self_test(open_board(finished, device_of(chip)), inferences=200))
    chip.close()
    assert [difference for finding in findings for difference in finding.differences] == []
    assert findings[2].counts.compared == golden.count == 300
    assert (golden.layout.classes, golden.layout.elements) == (0, 5)


def test_a_rate_that_no_folding_reaches_names_the_best(real_tree: Tree) -> None:
    said = real_tree.fails("build", "--recipe", "tiny", "--board", "zcu104", "--fps", "1e9", within=900)
    assert "the best that fits is " in said
    assert "lower FPS" in said
