"""The integer network equals the trained one on every vector; what cannot be streamlined says why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper

from tests.fast.toolchain.graph.conftest import Exported
from toolchain.errors import ModelError
from toolchain.graph.dense import DenseNetwork, dense_network
from toolchain.graph.file.store import load_graph, save_graph
from toolchain.graph.model_file import load_model, run_model
from toolchain.graph.streamline import smallest_type, streamline

ZOO = Path(__file__).resolve().parents[5] / "shared/data/onnx/qonnx-model-zoo"


def float_logits(network: DenseNetwork, integers: np.ndarray) -> np.ndarray:
    return (integers * network.logit_scale + network.logit_offset).astype(np.float32)


def test_pytorch_equals_qonnx(exported: Exported) -> None:
    assert np.array_equal(run_model(exported.model, exported.x)[""], exported.logits)


def test_integer_equals_pytorch(exported: Exported) -> None:
    network = streamline(exported.model)
    assert np.array_equal(float_logits(network, network.run(exported.x).logits), exported.logits)


def test_annotated_input_type_is_kept(exported: Exported) -> None:
    model = exported.model
    assert streamline(model).input_type == model.get_tensor_datatype(model.graph.input[0].name).name


def test_file_round_trip_and_same_bytes(exported: Exported, tmp_path: Path) -> None:
    network = streamline(exported.model)
    paths = [tmp_path / "a.onnx", tmp_path / "b.onnx"]
    for path in paths:
        save_graph(network.graph, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    again = dense_network(load_graph(paths[0]))
    for ours, theirs in zip(network.layers, again.layers, strict=True):
        assert np.array_equal(ours.weights, theirs.weights)
        assert np.array_equal(ours.thresholds, theirs.thresholds) or ours.thresholds is None
    assert (again.logit_scale, again.input_type) == (network.logit_scale, network.input_type)


def test_integer_file_runs_in_the_qonnx_executor(exported: Exported, tmp_path: Path) -> None:
    network = streamline(exported.model)
    save_graph(network.graph, tmp_path / "integer.onnx")
    logits = run_model(load_model(tmp_path / "integer.onnx"), exported.x)[""]
    assert np.array_equal(logits, network.run(exported.x).logits)


@pytest.mark.parametrize("name", ["TFC_1W1A", "TFC_1W2A", "TFC_2W2A", "kwsmlp_w3a3"])
def test_zoo_models_keep_every_label(name: str) -> None:
    path = ZOO / f"{name}.onnx"
    if not path.is_file():
        pytest.skip(f"{path} is absent: third-party test models are not part of the tree")
    model = load_model(path)
    shape = model.get_tensor_shape(model.graph.input[0].name)
    x = np.random.default_rng(5).uniform(0, 1, (64, *shape[1:])).astype(np.float32)
    quantiser = next(n for n in model.graph.node if "Quant" in n.op_type and n.input[0] not in _constants(model))
    values = run_model(model, x, (quantiser.output[0],), batch=64)
    unit = model.get_initializer(quantiser.input[1])
    network = streamline(model)
    integers = np.rint(values[quantiser.output[0]].reshape(64, -1) / unit).astype(np.int64)
    assert np.array_equal(network.run(integers).labels, values[""].argmax(axis=1))


def _constants(model: ModelWrapper) -> set[str]:
    return {i.name for i in model.graph.initializer}


@pytest.mark.parametrize(
    ("values", "name"), [([-1, 1], "BIPOLAR"), ([-1, 0, 1], "INT2"), ([-2, 1], "INT2"), ([2], "INT3"), ([-9], "INT5")]
)
def test_smallest_type(values: list[int], name: str) -> None:
    assert smallest_type(np.array(values)) == name


def _model(nodes: list, weights: np.ndarray) -> ModelWrapper:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, weights.shape[0]])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, weights.shape[1]])],
        [numpy_helper.from_array(weights.astype(np.float32), "w")],
    )
    return ModelWrapper(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))


def test_unquantised_input_is_refused() -> None:
    model = _model([helper.make_node("MatMul", ["x", "w"], ["y"], name="first")], np.eye(3))
    with pytest.raises(ModelError, match="input is not quantised"):
        streamline(model)


def test_unsupported_operator_is_named() -> None:
    nodes = [helper.make_node("Sin", ["x"], ["s"], name="odd"), helper.make_node("MatMul", ["s", "w"], ["y"])]
    with pytest.raises(ModelError, match=r"node odd: operator Sin"):
        streamline(_model(nodes, np.eye(3)))


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07\x12"])
def test_malformed_file_is_one_clear_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"broken\.onnx"):
        streamline(load_model(path))
