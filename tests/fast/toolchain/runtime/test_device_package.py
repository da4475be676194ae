from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tests.fast.toolchain.device.ort.packages import INPUTS, OUTPUTS, board, content, pack, save_model
from toolchain.device.checksums import verify_package
from toolchain.errors import ModelError
from toolchain.files import sha256
from toolchain.results.device import DeviceDescription, Promise
from toolchain.results.model import parse
from toolchain.results.schemas import schema_of
from toolchain.runtime.device_package import pack_device, signature
from toolchain.runtime.package_golden import choose_vectors, write_golden


def _device(package: Path) -> dict[str, Any]:
    device: dict[str, Any] = json.loads((package / "device.json").read_text())
    return device


def test_a_package_is_whole(tmp_path: Path) -> None:
    package = pack(tmp_path)
    packed = set(verify_package(package)["files"])
    assert {
        "run.sh",
        "selftest.py",
        "README.md",
        "device.json",
        "models/qcdq.onnx",
        "models/floor.onnx",
        "golden/inputs.bin",
        "golden/outputs.bin",
        "runner/main.c",
        "runner/runner.py",
        "runner/runner-aarch64",
        "runner/runner-x86_64",
        "lib/toolchain/errors.py",
        "lib/toolchain/device/ort/selftest.py",
    } <= packed
    assert not any(name.startswith(("wheels/", "lib/toolchain/device/ort/__pycache__")) for name in packed)
    assert "trtexec.sh" not in packed
    assert all(os.access(package / name, os.X_OK) for name in ("run.sh", "selftest.py", "runner/runner-aarch64"))


def test_lib_holds_nothing_but_what_the_device_needs(tmp_path: Path) -> None:
    names = {path.relative_to(tmp_path / "package/lib").as_posix() for path in (pack(tmp_path) / "lib").rglob("*.py")}
    assert {name for name in names if "/device/ort/" not in name} == {
        "toolchain/__init__.py",
        "toolchain/errors.py",
        "toolchain/device/__init__.py",
        "toolchain/device/intact.py",
    }


def test_device_json_says_what_the_device_must_be_and_what_each_graph_promises(tmp_path: Path) -> None:
    device = _device(pack(tmp_path))
    assert (device["machine"], device["python"], device["core"]) == ("aarch64", "3.11", 3)
    assert device["chosen"] == "qcdq"
    graph = device["graphs"]["fp16"]
    assert graph["promise"] == {"kind": "labels", "differing": 0.25, "tolerance": 0.0, "tie": 0.0}
    assert graph["sha256"] == sha256(tmp_path / "package" / graph["file"])
    assert graph["inputs"] == [{"name": "input", "shape": [1, 3], "type": "float"}] and graph["open"]
    assert [output["type"] for output in graph["outputs"]] == ["float"]
    assert device["golden"]["vectors"] == 4
    assert np.array_equal(np.fromfile(tmp_path / "package/golden/outputs.bin", "<f4").reshape(4, 2), OUTPUTS)


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        digests.append(verify_package(pack(tmp_path / name))["content_digest"])
    assert digests[0] == digests[1]


def test_a_jetson_gets_trtexec_with_the_graphs_that_its_gpu_takes(tmp_path: Path) -> None:
    script = (pack(tmp_path, "jetson-nano") / "trtexec.sh").read_text()
    assert "time_one fp16 --onnx=models/fp16.onnx --shapes=input:1x3 --fp16 --warmUp=500" in script
    assert "time_one fp32 --onnx=models/fp32.onnx --shapes=input:1x3 --warmUp=500" in script
    assert "time_one tensorrt" not in script and "no INT8" in script
    assert "qcdq" not in script


def test_packed_wheels_must_be_those_of_the_board(tmp_path: Path) -> None:
    other = tmp_path / "numpy-1.0-cp311-cp311-linux_aarch64.whl"
    other.write_bytes(b"")
    with pytest.raises(ModelError, match="not those that raspberrypi4 pins"):
        pack(tmp_path, wheels=[other])


def test_packed_wheels_are_named_with_their_hash(tmp_path: Path) -> None:
    wheels = [tmp_path / wheel.file for wheel in board("jetson-nano").runtime.wheels]
    for wheel in wheels:
        wheel.write_bytes(b"wheel")
    device = _device(pack(tmp_path, "jetson-nano", wheels=wheels))
    assert [(w["file"], w["packed"], w["sha256"]) for w in device["wheels"]] == [
        (wheel.name, True, sha256(wheel)) for wheel in wheels
    ]
    assert (tmp_path / "package/wheels" / wheels[0].name).read_bytes() == b"wheel"


def test_a_runner_for_the_board_is_needed(tmp_path: Path) -> None:
    binaries = {"x86_64": content(tmp_path).binaries["x86_64"]}
    with pytest.raises(ModelError, match="not for aarch64"):
        pack(tmp_path, binaries=binaries)


def test_the_chosen_graph_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="fp64: was chosen"):
        pack_device(tmp_path, board(), content(tmp_path).__class__(**{**vars(content(tmp_path)), "chosen": "fp64"}))


def test_the_readme_tells_the_truth_about_wheels_and_the_board(tmp_path: Path) -> None:
    text = " ".join((pack(tmp_path) / "README.md").read_text().split())
    assert "**not** in the package" in text and "./run.sh" in text
    assert "**Nothing here has been run on a Raspberry Pi 4 by the build.**" in text
    assert "at most 25.00% of the labels differ" in text


def test_the_readme_says_what_was_compared_and_what_the_outputs_are(tmp_path: Path) -> None:
    graph = replace(
        content(tmp_path).graphs["fp16"],
        promise=Promise("values", tolerance=0.003),
        proved="7 of 1,000 (every output within 1e-05, random vectors)",
        within_budget=False,
    )
    package = pack(tmp_path, graphs={"fp16": graph}, chosen="fp16", meaning="values", vector_kind="random", classes=[])
    text = " ".join((package / "README.md").read_text().split())
    assert "The outputs are values: each of them counts. The golden vectors are random." in text
    assert (
        "| 7 of 1,000 (every output within 1e-05, random vectors) | none of the vectors are off by more than 0.003"
        in text
    )
    assert "**beyond the budget of 1.0%, and so never chosen**" in text


def test_a_fixed_batch_shows_in_the_signature(tmp_path: Path) -> None:
    found = signature(save_model(tmp_path / "m.onnx", rows=1))
    assert (found.inputs[0].shape, found.open, found.batch) == ((1, 3), False, 1)
    assert signature(save_model(tmp_path / "m.onnx")).batch is None


def test_a_graph_that_promises_nothing_is_never_chosen(tmp_path: Path) -> None:
    graphs = {"int8": replace(content(tmp_path).graphs["fp16"], promise=Promise("none"))}
    with pytest.raises(ModelError, match="int8: was chosen, but promises nothing"):
        pack(tmp_path, graphs=graphs, chosen="int8")


def _added(path: Path, *rows: int) -> Path:
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [n, 2]) for name, n in zip("ab", rows, strict=True)]
    sink = helper.make_tensor_value_info("c", TensorProto.FLOAT, [max(rows), 2])
    graph = helper.make_graph([helper.make_node("Add", ["a", "b"], ["c"])], "two", sides, [sink])
    onnx.save(helper.make_model(graph), path)
    return path


def test_a_graph_of_two_inputs_names_both_in_their_order(tmp_path: Path) -> None:
    found = signature(_added(tmp_path / "two.onnx", 1, 1))
    assert [(given.name, given.shape) for given in found.inputs] == [("a", (1, 2)), ("b", (1, 2))]
    with pytest.raises(ModelError, match="inputs of batches of 1, 3; one size is needed"):
        signature(_added(tmp_path / "odd.onnx", 1, 3))


def test_vectors_are_spread_over_the_test_set() -> None:
    assert choose_vectors(10, 4).tolist() == [0, 2, 5, 7]
    assert choose_vectors(3, 4).tolist() == [0, 1, 2]


def test_golden_vectors_of_a_type_no_device_reads_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="float16"):
        write_golden(tmp_path, INPUTS.astype(np.float16), OUTPUTS)
    with pytest.raises(ModelError, match="4 inputs, 3 outputs"):
        write_golden(tmp_path, INPUTS, OUTPUTS[:3])


@pytest.mark.parametrize("name", ["raspberrypi4", "jetson-nano"])
def test_device_json_keeps_its_schema(name: str, tmp_path: Path) -> None:
    device = _device(pack(tmp_path, name))
    jsonschema.validate(device, schema_of(DeviceDescription))
    assert parse(device, DeviceDescription, "device.json", "make build").to_json() == device
