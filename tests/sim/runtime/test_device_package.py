"""The device package of this machine, with ONNX Runtime itself and both runners."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tests.sim.runtime.small_models import INPUTS, save, save_mlp, save_rounded_bias, save_two
from toolchain.board import OrtBoard
from toolchain.catalog import load_board
from toolchain.device.checksums import write_manifest
from toolchain.results.device import Promise
from toolchain.results.model import read_file
from toolchain.results.options import RunOptions
from toolchain.results.selftest import RuntimeSelfTest
from toolchain.runtime.binaries import build_runner
from toolchain.runtime.device_package import DeviceContent, DeviceGraph, pack_device
from toolchain.runtime.rows import joined
from toolchain.runtime.session import open_session, run_session
from toolchain.runtime.timing import floor_model

VECTORS = 200


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_runner(os.uname().machine, tmp_path_factory.mktemp("binary") / "runner")


def _graph(path: Path, options: RunOptions = RunOptions()) -> DeviceGraph:  # noqa: B008 (it is frozen)
    floor = path.with_name(f"floor-{path.name}")
    onnx.save(floor_model(onnx.load(path)), floor)
    return DeviceGraph(path, Promise("exact"), "fp32", False, "small", "all equal", True, floor=floor, options=options)


def _pack(folder: Path, graphs: dict[str, DeviceGraph], x: Any, y: Any, binary: Path) -> Path:
    board = load_board("host")
    assert isinstance(board, OrtBoard)
    package = folder / "package"
    package.mkdir()
    binaries = {os.uname().machine: binary}
    content = DeviceContent("small", graphs, next(iter(graphs)), x, y, "values", "random", [], 0.0, binaries)
    pack_device(package, board, content)
    write_manifest(package, {"model": "small"})
    return package


def _start(package: Path, *words: str) -> dict[str, Any]:
    command = [sys.executable, "-B", package / "selftest.py", "--calls", "200", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    path = package / "work" / "selftest.json"
    found: dict[str, Any] = json.loads(path.read_text())
    # The host reads every key of it.
    assert read_file(path, RuntimeSelfTest, "make verify").passed == found["passed"]
    assert done.returncode == (0 if found["passed"] else 1), done.stderr
    return found


def test_both_runners_answer_as_the_reference_and_are_timed(tmp_path: Path, binary: Path) -> None:
    graphs = {
        "whole": _graph(save_mlp(tmp_path / "whole.onnx")),
        "float": _graph(save_mlp(tmp_path / "float.onnx", kind=TensorProto.FLOAT)),
    }
    x = np.random.default_rng(1).integers(0, 4, (VECTORS, INPUTS)).astype(np.uint8)
    y = run_session(open_session(onnx.load(graphs["whole"].path)), x)
    found = _start(_pack(tmp_path, graphs, x, y, binary))
    assert found["passed"]
    assert {(run["graph"], run["runner"]) for run in found["runs"]} == {
        (graph, runner) for graph in graphs for runner in ("python", "c")
    }
    for run in found["runs"]:
        assert run["verdict"]["equal"] == run["verdict"]["compared"] == VECTORS
        assert run["floor"]["p50_us"] > 0 and 0 < run["latency"]["min_us"] <= run["latency"]["p99_us"]


def test_several_inputs_and_outputs_are_all_compared(tmp_path: Path, binary: Path) -> None:
    graph, random = _graph(save_two(tmp_path / "two.onnx")), np.random.default_rng(0)
    a, b = random.normal(size=(50, 2, 3)).astype(np.float32), random.integers(-9, 9, (50, 4), np.int8)
    x = joined({"a": a, "b": b})
    y = run_session(open_session(onnx.load(graph.path)), x)
    for name, passed in (("whole", True), ("spoilt", False)):
        (tmp_path / name).mkdir()
        if not passed:
            # One integer of the second output, in one vector.
            y["sums"][17] += 1
        found = _start(_pack(tmp_path / name, {"two": graph}, x, y, binary), "--no-timing")
        assert [run["verdict"]["passed"] for run in found["runs"]] == [passed, passed]
        assert all(run["verdict"]["first"] == (None if passed else 17) for run in found["runs"])


def test_the_session_options_that_an_answer_needs_come_along(tmp_path: Path, binary: Path) -> None:
    path = save_rounded_bias(tmp_path / "bias.onnx")
    x, y = np.array([[1, 2]], np.float32), np.array([[5.5]], np.float32)
    careful = {
        "careful": _graph(path, RunOptions(disabled=("WeightBiasQuantization",))),
        "configured": _graph(path, RunOptions(entries=("session.disable_quant_qdq=1",))),
    }
    for name, graphs, passed in (("with", careful, True), ("without", {"careless": _graph(path)}, False)):
        (tmp_path / name).mkdir()
        found = _start(_pack(tmp_path / name, graphs, x, y, binary), "--no-timing")
        assert [run["verdict"]["passed"] for run in found["runs"]] == [passed] * 2 * len(graphs)


def test_nan_and_infinity_are_answers_like_any_other(tmp_path: Path, binary: Path) -> None:
    nodes = [helper.make_node("Log", ["input"], ["logits"])]
    path = save(tmp_path / "log.onnx", nodes, {}, TensorProto.FLOAT, ["rows", 2], ["rows", 2])
    x = np.array([[-1, 2], [0, 1], [3, -2]], np.float32)
    y = run_session(open_session(onnx.load(path)), x)
    found = _start(_pack(tmp_path, {"log": _graph(path)}, x, y, binary), "--no-timing")
    assert [run["verdict"]["equal"] for run in found["runs"]] == [3, 3] and found["passed"]


def test_what_was_promised_is_checked_and_said(tmp_path: Path, binary: Path) -> None:
    path = save_mlp(tmp_path / "m.onnx")
    x = np.random.default_rng(1).integers(0, 4, (20, INPUTS)).astype(np.uint8)
    y = run_session(open_session(onnx.load(path)), x)
    # The reference prefers another class on the first two vectors.
    y[:2, 0] = y.max() + 1
    ways = {"kept": Promise("labels", differing=2 / 20), "broken": Promise("labels", differing=1 / 20)}
    for name, promise in ways.items():
        (tmp_path / name).mkdir()
        graph = dataclasses.replace(_graph(path), promise=promise)
        package = _pack(tmp_path / name, {name: graph}, x, y, binary)
        found = _start(package, "--no-timing")
        assert found["passed"] == (name == "kept")
        assert all(run["verdict"]["labels_differing"] == 2 for run in found["runs"])
        assert found["runs"][0]["verdict"]["promised"] == {"kind": "labels", "differing": round(promise.differing * 20)}
