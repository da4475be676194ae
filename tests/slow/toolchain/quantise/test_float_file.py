"""Float ONNX files become PyTorch networks that answer as ONNX Runtime does, or are refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from tests.slow.toolchain.quantise.networks import CLASSES, NETWORKS, data, made, read
from toolchain.errors import ModelError
from toolchain.quantise.float_file import must_answer_alike, read_float


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_answers_as_it_did_before_it_was_a_file(name: str, tmp_path: Path) -> None:
    network, path = read(name, tmp_path)
    assert network.shape == NETWORKS[name][0]
    assert network.outputs == CLASSES
    must_answer_alike(network, path)
    if not network.left_out:
        x = torch.from_numpy(data(network.shape))
        torch.testing.assert_close(network.module(x), made(name)(x), rtol=1e-4, atol=1e-5)


def test_a_softmax_at_the_end_is_left_out(tmp_path: Path) -> None:
    assert read("softmax", tmp_path)[0].left_out == ("Softmax",)


def _file(path: Path, *nodes: onnx.NodeProto, shape: tuple[int, ...] = (1, 4)) -> Path:
    weights = np.eye(4, dtype=np.float32)
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [
            helper.make_tensor("w", TensorProto.FLOAT, weights.shape, weights.ravel()),
            helper.make_tensor("b", TensorProto.FLOAT, (4,), [1.0, 2.0, 3.0, 4.0]),
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_scaling_before_and_a_bias_behind_a_product_are_kept(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Div", ["x", "b"], ["s"]),
        helper.make_node("MatMul", ["s", "w"], ["m"]),
        helper.make_node("Add", ["m", "b"], ["y"]),
    ]
    path = _file(tmp_path / "a.onnx", *nodes)
    network = read_float(path)
    must_answer_alike(network, path)
    assert network.module(torch.tensor([[1.0, 2.0, 3.0, 4.0]])).tolist() == [[2.0, 3.0, 4.0, 5.0]]


def test_every_unknown_node_is_named(tmp_path: Path) -> None:
    nodes = [helper.make_node("Tanh", ["x"], ["t"]), helper.make_node("Erf", ["t"], ["y"])]
    with pytest.raises(ModelError, match=r"a\.onnx: not taken: Tanh_0 \(Tanh\), Erf_0 \(Erf\); known are Add"):
        read_float(_file(tmp_path / "a.onnx", *nodes))


def test_what_a_known_node_cannot_be_is_said_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"node Clip_0 \(Clip\): from -1.0 to 1.0; a clip from 0 is taken"):
        nodes = [
            helper.make_node("Constant", [], ["low"], value_float=-1.0),
            helper.make_node("Constant", [], ["high"], value_float=1.0),
            helper.make_node("Clip", ["x", "low", "high"], ["c"]),
            helper.make_node("MatMul", ["c", "w"], ["y"]),
        ]
        read_float(_file(tmp_path / "a.onnx", *nodes))


def test_sizes_that_are_open_beside_the_batch_are_refused(tmp_path: Path) -> None:
    path = _file(tmp_path / "a.onnx", helper.make_node("Relu", ["x"], ["y"]))
    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "width"
    onnx.save(model, path)
    with pytest.raises(ModelError, match=r"input x has shape \[1, 'width'\]; all sizes behind the batch must be fixed"):
        read_float(path)


def test_a_quantised_file_needs_no_quantising(tmp_path: Path) -> None:
    quant = helper.make_node(
        "Quant",
        ["x", "one", "none", "bits"],
        ["y"],
        domain="qonnx.custom_op.general",
        signed=1,
        narrow=0,
        rounding_mode="ROUND",
    )
    constants = [
        helper.make_tensor(name, TensorProto.FLOAT, (), [value])
        for name, value in (("one", 1), ("none", 0), ("bits", 4))
    ]
    path = _file(tmp_path / "a.onnx", quant)
    model = onnx.load(path)
    model.graph.initializer.extend(constants)
    model.opset_import.append(helper.make_opsetid("qonnx.custom_op.general", 1))
    onnx.save(model, path)
    with pytest.raises(ModelError, match="quantised already: NETWORK= takes it as it is"):
        read_float(path)
