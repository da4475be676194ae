"""Boards with ONNX Runtime: from frames, or from somebody else's file, to a device package that has been run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.conftest import REPOSITORY
from tests.flows.conftest import TEST_WINDOWS, Tree
from toolchain.device.checksums import verify_package

HOST = ("--recipe", "tiny", "--board", "host")


@pytest.fixture(scope="module")
def host(real_tree: Tree) -> dict[str, Any]:
    real_tree.must("build", *HOST, within=600)
    return real_tree.shown("host")


def _manifest(tree: Tree, shown: dict[str, Any]) -> dict[str, Any]:
    return verify_package((tree.root / shown["files"]["manifest"]).parent)


def test_every_graph_answers_exactly_and_the_fastest_is_chosen(real_tree: Tree, host: dict[str, Any]) -> None:
    proved = _manifest(real_tree, host)["graphs"]["proved"]
    assert {"fp32", "qcdq", "fp16", "tensorrt", "compiled"} == set(proved)
    for proof in proved.values():
        assert proof["equal"] == proof["labels_equal"] == proof["compared"] == TEST_WINDOWS
    chosen = host["latency"]["chosen"]
    rows = [row for row in host["latency"]["rows"] if row["runner"] == "c"]
    assert chosen == min(rows, key=lambda row: row["p50_us"])["variant"]
    assert all(row["kind"] == "measured" and row["floor_us"] > 0 for row in rows)


def test_the_package_runs_on_this_computer(real_tree: Tree, host: dict[str, Any]) -> None:
    real_tree.must("verify", *HOST, within=600)
    verified = real_tree.shown("host")["stages"]["verify"]["verified"]
    assert verified["compared"] == verified["equal"] >= 6 * 2000
    assert "nothing to do" in real_tree.must("build", *HOST)


def test_the_package_and_both_runners_run_on_emulated_aarch64(real_tree: Tree) -> None:
    # The emulated system and the wheels are large, and the same for every tree.
    shared = REPOSITORY / "build" / "cache"
    shared.mkdir(parents=True, exist_ok=True)
    real_tree.build.mkdir(exist_ok=True)
    own = real_tree.build / "cache"
    if own.exists():
        shutil.rmtree(own)
    own.symlink_to(shared)
    real_tree.must("verify", "--recipe", "tiny", "--board", "raspberrypi4", within=900)
    verified = real_tree.shown("raspberrypi4")["stages"]["verify"]["verified"]
    assert verified["compared"] == verified["equal"] >= 20_000


def test_a_jetson_gets_engine_settings_and_its_graph(real_tree: Tree) -> None:
    real_tree.must("build", "--recipe", "tiny", "--board", "jetson-orin-nano", within=600)
    shown = real_tree.shown("jetson-orin-nano")
    manifest = _manifest(real_tree, shown)
    assert manifest["device"]["graphs"]["tensorrt"]["gpu"]
    assert "trtexec.sh" in manifest["files"]
    assert manifest["graphs"]["proved"]["tensorrt"]["exact"]


def _float_model(path: Path) -> Path:
    rng = np.random.default_rng(3)
    arrays = {"w0": rng.normal(size=(20, 16)), "w1": rng.normal(size=(16, 4))}
    nodes = [
        helper.make_node("MatMul", ["image", "w0"], ["h"]),
        helper.make_node("Relu", ["h"], ["a"]),
        helper.make_node("MatMul", ["a", "w1"], ["scores"]),
    ]
    sides = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, s]) for n, s in (("image", 20), ("scores", 4))]
    weights = [numpy_helper.from_array(array.astype(np.float32), name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "mine", sides[:1], sides[1:], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return path


def test_somebody_elses_model_is_quantised_proved_and_packed(real_tree: Tree, tmp_path: Path) -> None:
    model = _float_model(tmp_path / "mine.onnx")
    x = np.random.default_rng(4).normal(size=(500, 20)).astype(np.float32)
    np.savez(tmp_path / "some.npz", x=x)
    words = ("--board", "host", "--onnx", str(model), "--calibration", str(tmp_path / "some.npz"))
    real_tree.must("build", *words, within=600)
    shown = real_tree.shown("host", *words[2:])
    manifest = _manifest(real_tree, shown)
    assert manifest["model"] == "mine"
    assert {"fp32", "fp16", "int8", "tensorrt"} == set(manifest["graphs"]["proved"])
    fp32 = manifest["graphs"]["proved"]["fp32"]
    # Nobody says that the outputs are classes.
    assert (fp32["near"], fp32["labels_equal"]) == (500, None)


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "broken.onnx"), (b"\x08\x07garbage", "broken.onnx"), (b"PK\x03\x04", "broken.onnx")]
)
def test_a_broken_file_is_one_line(real_tree: Tree, tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    assert words in real_tree.fails("build", "--board", "host", "--onnx", str(path))
