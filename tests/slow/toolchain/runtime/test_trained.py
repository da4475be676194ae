"""A trained model's integers equal it on every vector; broken copies are caught, and the first layer is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper

from tests.fast.toolchain.graph.readers.qonnx.models import Model
from tests.fast.toolchain.graph.small_models import CHAIN, node, raw, tidied
from tests.slow.toolchain.graph.conftest import Exported
from tests.slow.toolchain.graph.conftest import exported as exported
from toolchain.errors import ModelError, VerificationError
from toolchain.graph.dense import DenseLayer, DenseNetwork, network_of
from toolchain.graph.file.store import load_graph, save_graph
from toolchain.graph.golden_vectors import Golden
from toolchain.graph.graph import Graph
from toolchain.graph.model_file import load_model, run_model
from toolchain.graph.ops import Threshold
from toolchain.runtime.trained import Trained, read_trained, verify_trained


def golden_of(exported: Exported) -> Golden:
    return Golden(exported.x, exported.logits, np.zeros(len(exported.x), np.uint8))


def chain(trained: Trained) -> DenseNetwork:
    assert trained.network is not None
    return trained.network


def test_integers_equal_the_trained_network(exported: Exported) -> None:
    trained = read_trained(exported.model)
    assert verify_trained(trained, golden_of(exported)).equal == len(exported.x)
    assert chain(trained).input_type == exported.model.get_tensor_datatype("global_in").name
    assert [node.name for node in trained.graph][:3] == ["input", "Gemm_0", "activation_0"]
    assert [output.name for output in trained.graph.outputs] == ["logits", "label"]


def test_file_round_trip_and_same_bytes(exported: Exported, tmp_path: Path) -> None:
    trained = read_trained(exported.model)
    paths = [tmp_path / "a.onnx", tmp_path / "b.onnx"]
    for path in paths:
        save_graph(trained.graph, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    again = trained.as_written(load_graph(paths[0]))
    assert again.network is not trained.network
    assert verify_trained(again, golden_of(exported)).equal == len(exported.x)


def test_integer_file_runs_in_the_qonnx_executor(exported: Exported, tmp_path: Path) -> None:
    trained = read_trained(exported.model)
    save_graph(trained.graph, tmp_path / "integer.onnx")
    logits = run_model(load_model(tmp_path / "integer.onnx"), exported.x)[""]
    assert np.array_equal(logits, chain(trained).run(exported.x).logits)


def broken(trained: Trained, index: int, **changes: object) -> Trained:
    network = chain(trained)
    layers = list(network.layers)
    layers[index] = replace(layers[index], **changes)  # type: ignore[arg-type]
    return trained.as_written(network_of(layers, network.logit_scale, network.logit_offset).graph)


def busiest_neuron(layer: DenseLayer, x: np.ndarray) -> int:
    assert layer.thresholds is not None
    return int(Threshold(layer.thresholds).run(x.astype(np.int64) @ layer.weights).std(axis=0).argmax())


def test_flipped_integer_weight_is_caught(exported: Exported) -> None:
    trained = read_trained(exported.model)
    layer = chain(trained).layers[0]
    weights, neuron = layer.weights.copy(), busiest_neuron(layer, exported.x)
    weights[np.abs(weights[:, neuron]).argmax(), neuron] *= -1
    with pytest.raises(VerificationError, match=r"streamline: .* layer Gemm_0, element"):
        verify_trained(broken(trained, 0, weights=weights), golden_of(exported))


def test_off_by_one_threshold_is_caught(exported: Exported) -> None:
    trained = read_trained(exported.model)
    thresholds = chain(trained).layers[1].thresholds
    assert thresholds is not None
    with pytest.raises(VerificationError, match=r"layer Gemm_1, element"):
        verify_trained(broken(trained, 1, thresholds=thresholds + 1), golden_of(exported))


def test_wrong_last_layer_is_caught(exported: Exported) -> None:
    trained = read_trained(exported.model)
    weights = chain(trained).layers[-1].weights.copy()
    weights[:, 2] += 1
    with pytest.raises(VerificationError, match=r"layer MatMul_0, element 2"):
        verify_trained(broken(trained, -1, weights=weights), golden_of(exported))


def test_swapped_inputs_are_caught(exported: Exported) -> None:
    trained = read_trained(exported.model)
    weights = chain(trained).layers[0].weights.copy()
    weights[[0, 1]] = weights[[1, 0]]
    with pytest.raises(VerificationError, match="streamline"):
        verify_trained(broken(trained, 0, weights=weights), golden_of(exported))


def test_altered_golden_logits_are_caught(exported: Exported) -> None:
    golden = golden_of(exported)
    logits = golden.logits.copy()
    logits[17, 0] += 0.125
    with pytest.raises(VerificationError, match="the first is input 17"):
        verify_trained(read_trained(exported.model), replace(golden, logits=logits))


def convolutional() -> tuple[ModelWrapper, Golden]:
    made = Model(3)
    x = made.input("x", (3, 6, 6), "INT4")
    first = made.quant(made.conv(x, 3, 5, (3, 3)), signed=False)
    flat = made.apply("Flatten", [made.quant(made.conv(first, 5, 2, (2, 2)), bits=3)])
    model = made.made(made.apply("MatMul", [flat, made.weights((18, 4))]))
    images = np.random.default_rng(1).integers(-8, 8, (40, 3, 6, 6)).astype(np.float32)
    return model, Golden(images.reshape(40, -1), run_model(model, images)[""], np.zeros(40, np.uint8))


def test_a_convolutional_network_is_compared_too() -> None:
    model, golden = convolutional()
    trained = read_trained(model)
    assert trained.network is None
    assert verify_trained(trained, replace(golden, x=golden.x.reshape(40, 3, 6, 6))).equal == 40


def test_the_first_layer_of_a_convolutional_network_is_named() -> None:
    model, golden = convolutional()
    trained, altered = read_trained(model), Graph()
    second = [node.name for node in trained.graph if isinstance(node.op, Threshold)][1]
    for node_ in trained.graph:
        op = Threshold(node_.op.table + 3) if isinstance(node_.op, Threshold) and node_.name == second else node_.op
        altered.add(node_.name, op, *node_.inputs)
    for output in trained.graph.outputs:
        altered.end(output.name, output.node, output.scale, output.offset)
    with pytest.raises(VerificationError, match=r"streamline: .* layer Conv_1, element"):
        verify_trained(trained.as_written(altered), replace(golden, x=golden.x.reshape(40, 3, 6, 6)))


def test_a_dense_network_of_images_takes_them_as_they_lie(tmp_path: Path) -> None:
    made = Model(4)
    x = made.input("x", (3, 4, 5), "UINT3")
    flat = made.apply("Flatten", [x])
    hidden = made.quant(made.apply("MatMul", [flat, made.weights((60, 7))]), signed=False)
    model = made.made(made.apply("MatMul", [hidden, made.weights((7, 4))]))
    images = np.random.default_rng(1).integers(0, 8, (50, 3, 4, 5)).astype(np.float32)
    golden = Golden(images.reshape(50, -1), run_model(model, images)[""], np.zeros(50, np.uint8))
    trained = read_trained(model)
    assert chain(trained).inputs == 60
    assert verify_trained(trained, golden).equal == 50


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
    with pytest.raises(ModelError, match=r"node first .*takes 'x', which is not quantised"):
        read_trained(model)


def test_a_first_quantiser_that_changes_the_integers_is_refused(tmp_path: Path) -> None:
    nodes = [node("Mul", ["x", "half"], "h"), *CHAIN]
    nodes[1] = node("MatMul", ["hq", "w"], "a")
    nodes.insert(1, node("Quant", ["h", "s", "z", "b"], "hq", domain="qonnx.custom_op.general", signed=0, narrow=0))
    nodes[1].attribute.append(helper.make_attribute("rounding_mode", "ROUND"))
    with pytest.raises(ModelError, match="input 'global_in': its quantiser changes the UINT4 that come in"):
        read_trained(tidied(raw(nodes, {"half": 0.5}), tmp_path))


def test_labels_are_refused_where_logits_are_expected(tmp_path: Path) -> None:
    nodes = [*CHAIN, node("ArgMax", ["l"], "y", axis=1, keepdims=0)]
    model = tidied(raw(nodes, shape=[1], kind=TensorProto.INT64), tmp_path)
    with pytest.raises(ModelError, match="end the network with its logits"):
        read_trained(model)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07\x12"])
def test_malformed_file_is_one_clear_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"broken\.onnx"):
        load_model(path)
