"""A small device package, of a graph that only looks like one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from toolchain.board import OrtBoard
from toolchain.catalog import load_board
from toolchain.device.checksums import write_manifest
from toolchain.results.device import Promise
from toolchain.runtime.device_package import DeviceContent, DeviceGraph, pack_device

INPUTS = np.arange(12, dtype=np.float32).reshape(4, 3)
OUTPUTS = INPUTS[:, :2]


def save_model(path: Path, rows: int | str = "rows") -> Path:
    """A graph from float (rows, 3) to float (rows, 2)."""
    weights = helper.make_tensor("w", TensorProto.FLOAT, [3, 2], [1, 0, 0, 1, 0, 0])
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["input", "w"], ["logits"])],
        "small",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [rows, 3])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [rows, 2])],
        [weights],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def save_floor(path: Path) -> Path:
    """An Identity model of the same input."""
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", 3]) for name in ("input", "output")]
    graph = helper.make_graph([helper.make_node("Identity", ["input"], ["output"])], "floor", sides[:1], sides[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def content(folder: Path) -> DeviceContent:
    """What a package is made of, with stand-ins for the compiled runners."""
    binaries = {machine: folder / machine for machine in ("aarch64", "x86_64")}
    for path in binaries.values():
        path.write_bytes(b"\x7fELF")
    model, floor = save_model(folder / "model.onnx"), save_floor(folder / "floor.onnx")
    graphs = {
        "qcdq": DeviceGraph(model, Promise("exact"), "int8", False, "for the CPU", "all equal", floor=floor),
        "tensorrt": DeviceGraph(model, Promise("exact"), "int8", True, "for TensorRT", "all equal", floor=floor),
        "fp32": DeviceGraph(model, Promise("exact"), "fp32", True, "in floats", "all equal", floor=floor),
        "fp16": DeviceGraph(model, Promise("labels", differing=0.25), "fp16", True, "in floats", "3 of 4", floor=floor),
    }
    return DeviceContent("small", graphs, "qcdq", INPUTS, OUTPUTS, "classes", "test set", ["a", "b"], 0.01, binaries)


def board(name: str = "raspberrypi4") -> OrtBoard:
    found = load_board(name)
    assert isinstance(found, OrtBoard)
    return found


def pack(folder: Path, name: str = "raspberrypi4", **changes: object) -> Path:
    """A package in `folder/package`."""
    package = folder / "package"
    package.mkdir()
    pack_device(package, board(name), dataclasses.replace(content(folder), **changes))  # type: ignore[arg-type]
    write_manifest(package, {"model": "small"})
    return package
