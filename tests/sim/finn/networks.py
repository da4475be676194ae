"""Small networks for FINN: trained-looking ones as our models are exported, and integer ones written by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from torch import nn

from models.cqmlp.model import build, merge
from models.cqmlp.settings import NetworkSettings
from toolchain.graph.export import export_network
from toolchain.training.inputs import Signature
from toolchain.training.loop import set_up

ZCU104, PYNQ = "xczu7ev-ffvc1156-2-e", "xc7z020clg400-1"
RESOURCES = {"lut": 50_000, "ff": 100_000, "bram": 200, "dsp": 200}


def write_exported(path: Path, inputs: int, hidden: tuple[int, ...], classes: int, input_type: str) -> Path:
    """A network of our own with random weights, its normalisation merged; sums often lie half-way between levels."""
    settings = NetworkSettings(hidden=hidden)
    set_up(3)
    network = build(settings, Signature((inputs,), input_type, classes))
    for norm in (module for module in network if isinstance(module, nn.BatchNorm1d)):
        nn.init.normal_(norm.weight, 0.0, 1.5)
        nn.init.normal_(norm.bias)
        norm.momentum = 1.0
    network.train()
    with torch.no_grad():
        network(torch.from_numpy(vectors(inputs, input_type)).float())
    network.eval()
    export_network(merge(network, settings), inputs, input_type, path)
    return path


def vectors(inputs: int, input_type: str, count: int = 1500) -> NDArray[np.uint8]:
    """Random input vectors, shape (count, inputs)."""
    greatest = {"BINARY": 1, "UINT8": 255}[input_type]
    return np.random.default_rng(7).integers(0, greatest + 1, (count, inputs)).astype(np.uint8)


def write_two_layers(path: Path, tail: tuple[str, ...], bits: int) -> Path:
    """Six UINT4 inputs, four neurons with the operators `tail` and a quantiser of `bits`, three outputs."""
    generator = np.random.default_rng(1)
    constants = {
        "w": generator.integers(-1, 2, (6, 4)),
        "v": generator.integers(-1, 2, (4, 3)),
        "unit": 0.5,
        "zero": 0.0,
        "bits": bits,
        "Mul": generator.uniform(0.5, 2, 4),
        "high": 3.0,
    }
    parameters: dict[str, list[str]] = {"Mul": ["Mul"], "Relu": [], "Clip": ["zero", "high"]}
    nodes, current = [helper.make_node("MatMul", ["x", "w"], ["sum"], name="first")], "sum"
    for operator in tail:
        nodes.append(helper.make_node(operator, [current, *parameters[operator]], [f"{current}_{operator}"]))
        current += f"_{operator}"
    domain, inputs = "qonnx.custom_op.general", [current, "unit", "zero", "bits"]
    nodes.append(helper.make_node("Quant", inputs, ["q"], domain=domain, signed=0, narrow=0, rounding_mode="ROUND"))
    nodes.append(helper.make_node("MatMul", ["q", "v"], ["y"], name="last"))
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])],
        [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("qonnx.custom_op.general", 2)]
    model = ModelWrapper(helper.make_model(graph, opset_imports=opsets, ir_version=8))
    model.set_tensor_datatype("x", DataType["UINT4"])
    model.save(str(path))
    return path


def write_product(path: Path, weights: NDArray[np.int64], input_type: str = "UINT4") -> Path:
    """One product of integer inputs with integer weights of shape (inputs, outputs)."""
    inputs, outputs = weights.shape
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], name="product")],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, inputs])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, outputs])],
        [numpy_helper.from_array(weights.astype(np.float32), "w")],
    )
    model = ModelWrapper(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
    model.set_tensor_datatype("x", DataType[input_type])
    model.set_tensor_datatype("w", DataType["INT32"])
    model.save(str(path))
    return path
