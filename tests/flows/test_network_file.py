"""A network that nobody here trained, from its file to a bitstream with the real stages."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np

from tests.fast.toolchain.graph.readers.qonnx.models import Model
from tests.fast.toolchain.runtime.network_file.files import conv_qonnx, two_qdq
from tests.flows.conftest import Tree
from toolchain.runtime.network_file.opening import open_network


def test_a_convolution_ends_in_a_bitstream_that_answers_with_all_its_scores(real_tree: Tree, tmp_path: Path) -> None:
    """Two channels, first in the file and last on the chip; the Softmax behind the scores stays outside."""
    file, random = conv_qonnx(tmp_path / "conv.onnx"), np.random.default_rng(0)
    images = random.normal(0, 1, (200, 2, 6, 6)).astype(np.float32)
    np.savez(tmp_path / "test.npz", x=images, y=random.integers(0, 5, 200))
    chosen = ("--board", "ulx3s", "--network", str(file), "--test", str(tmp_path / "test.npz"), "--clock", "25")
    real_tree.must("build", *chosen, within=1500)
    (package,) = real_tree.build.glob("conv/ulx3s/*/package")
    manifest = json.loads((package / "manifest.json").read_text())
    assert manifest["status"] == "bitstream"
    checks = manifest["stages"]["integers"]["checks"]["file_integer"]
    assert (checks["compared"], checks["equal"], checks["vectors"]) == (200, 200, "test set")
    assert manifest["integers"]["framework"] == "the qonnx executor"
    assert 0 < manifest["integers"]["accuracy"] < 0.6
    assert "held against the qonnx executor on 200 vectors" in (package / "MODEL.md").read_text()
    counted = {n: (check["compared"], check["equal"]) for n, check in manifest["stages"]["simulate"]["checks"].items()}
    assert counted["test set"] == (200, 200)
    assert counted["chip"] == (64, 64)
    vectors = json.loads((package / "vectors.json").read_text())
    assert (vectors["elements"], vectors["answer"]["elements"]) == (2 * 6 * 6, 5)
    real_tree.must("run", *chosen[:4], "--virtual", "--count", "20", within=600)
    (run,) = real_tree.build.glob("conv/ulx3s/measurements/run-*.json")
    answers = json.loads(run.read_text())["answers"]
    assert (answers["compared"], answers["equal"]) == (20, 20)


def test_weights_that_find_no_block_ram_are_loaded_from_the_flash(real_tree: Tree, tmp_path: Path) -> None:
    """131,072 bits of weights where block RAMs hold 122,880: through the chip, the board and what was routed."""
    model = Model(7)
    x = model.quant(model.input("x", (256,)), 4, 0.125, signed=False)
    sums = model.apply("MatMul", [x, model.weights((256, 128), 4, 0.25)])
    hidden = model.quant(model.apply("Relu", [sums]), 4, 1.0, signed=False)
    file = tmp_path / "wide.onnx"
    model.made(str(model.apply("MatMul", [hidden, model.weights((128, 10), 4, 0.25)]))).save(str(file))
    chosen = ("--board", "icebreaker", "--network", str(file), "--clock", "12")
    real_tree.must("verify", *chosen, within=1500)
    (package,) = real_tree.build.glob("wide/icebreaker/*/package")
    manifest = json.loads((package / "manifest.json").read_text())
    flash, image = manifest["flash"], (package / manifest["roles"]["flash_image"]).read_bytes()
    weights = image[flash["offset"] :]
    assert (len(weights), f"{zlib.crc32(weights):08x}") == (flash["weights_bytes"], flash["weights_crc32"])
    assert image.startswith((package / manifest["roles"]["bitstream"]).read_bytes())
    (verified,) = real_tree.build.glob("wide/icebreaker/*/records/verify.json")
    told = json.loads(verified.read_text())
    assert told["facts"]["what"] == "post-route netlist"
    assert told["checks"]["chip"]["compared"] == told["checks"]["chip"]["equal"] == 64
    real_tree.must("run", *chosen[:4], "--virtual", "--count", "20", within=600)
    (run,) = real_tree.build.glob("wide/icebreaker/measurements/run-*.json")
    answers = json.loads(run.read_text())["answers"]
    assert (answers["compared"], answers["equal"]) == (20, 20)


def test_two_inputs_and_two_outputs_go_to_a_package(real_tree: Tree, tmp_path: Path) -> None:
    file, random = two_qdq(tmp_path / "two.onnx"), np.random.default_rng(0)
    given = {port.name: port.shape for port in open_network(file).source.inputs}
    np.savez(tmp_path / "x.npz", **{n: random.uniform(-1, 9, (60, *s)).astype(np.float32) for n, s in given.items()})
    real_tree.must("build", "--board", "host", "--network", str(file), "--test", str(tmp_path / "x.npz"), within=600)
    (package,) = real_tree.build.glob("two/host/*/package")
    card = (package / "MODEL.md").read_text()
    assert "`two.onnx` (QDQ, SHA-256 `" in card and "on 60 vectors (test set)" in card
    device = json.loads((package / "device.json").read_text())
    assert [side["type"] for side in device["golden"]["rows"]["outputs"]] == ["float", "uint8"]
    assert {name: graph["promise"]["kind"] for name, graph in device["graphs"].items() if name != "fp16"} == {
        "compiled": "exact",
        "fp32": "exact",
        "qcdq": "exact",
        "qdq": "exact",
    }
    real_tree.must("verify", "--board", "host", "--network", str(file), "--test", str(tmp_path / "x.npz"), within=600)
