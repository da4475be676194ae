"""An integer file is read along its wires; one that was rewired or altered is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.graph.integer_file import load_network, save_network
from toolchain.graph.network import DenseLayer, IntegerNetwork

Change = Callable[[onnx.ModelProto], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    layers = [_layer(f"layer{i}", rng, "UINT2") for i in range(2)]
    last = DenseLayer("last", rng.integers(-1, 2, (4, 4)), "UINT2", "INT2", "INT32")
    save_network(IntegerNetwork((*layers, last), 0.5, 0.25), tmp_path / "integer.onnx")
    return tmp_path / "integer.onnx"


def _layer(name: str, rng: np.random.Generator, datatype: str) -> DenseLayer:
    thresholds = np.sort(rng.integers(-3, 4, (4, 3)), axis=1)
    return DenseLayer(name, rng.integers(-1, 2, (4, 4)), datatype, "INT2", "UINT2", thresholds)


def altered(path: Path, change: Change) -> Path:
    model = onnx.load(path)
    change(model)
    onnx.save(model, path)
    return path


def nodes(model: onnx.ModelProto, kind: str) -> list[onnx.NodeProto]:
    return [node for node in model.graph.node if node.op_type == kind]


def test_round_trip(path: Path) -> None:
    network = load_network(path)
    assert [layer.thresholds is None for layer in network.layers] == [False, False, True]
    assert (network.logit_scale, network.logit_offset) == (0.5, 0.25)


def swap_weights(model: onnx.ModelProto) -> None:
    """Wires, not the order of the file, say which weights are whose: this is a legal, different network."""
    first, second = nodes(model, "MatMul")[:2]
    first.input[1], second.input[1] = second.input[1], first.input[1]


def test_weights_are_found_by_wire(path: Path) -> None:
    before = load_network(path).layers
    after = load_network(altered(path, swap_weights)).layers
    assert np.array_equal(after[0].weights, before[1].weights)


def skip_a_layer(model: onnx.ModelProto) -> None:
    nodes(model, "MatMul")[1].input[0] = "input"


def label_of_the_middle(model: onnx.ModelProto) -> None:
    nodes(model, "ArgMax")[0].input[0] = "activations_1"


def last_index(model: onnx.ModelProto) -> None:
    nodes(model, "ArgMax")[0].attribute.append(helper.make_attribute("select_last_index", 1))


def half_weights(model: onnx.ModelProto) -> None:
    _set(model, "weights_1", lambda values: values + 0.5)


def wide_weights(model: onnx.ModelProto) -> None:
    _set(model, "weights_1", lambda values: values + 9)


def falling_thresholds(model: onnx.ModelProto) -> None:
    _set(model, "thresholds_0", lambda values: values[:, ::-1] - np.arange(3))


def half_a_step(model: onnx.ModelProto) -> None:
    for attribute in nodes(model, "MultiThreshold")[0].attribute:
        if attribute.name == "out_scale":
            attribute.f = 0.5


def narrow_output(model: onnx.ModelProto) -> None:
    for attribute in nodes(model, "MultiThreshold")[0].attribute:
        if attribute.name == "out_dtype":
            attribute.s = b"BINARY"


def no_scale(model: onnx.ModelProto) -> None:
    next(p for p in model.metadata_props if p.key.endswith("logit_scale")).value = "nan"


def _set(model: onnx.ModelProto, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    tensor = next(t for t in model.graph.initializer if t.name == name)
    tensor.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(tensor)).astype(np.float32), name))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (skip_a_layer, "another product follows"),
        (label_of_the_middle, "ArgMax.*takes"),
        (last_index, "select_last_index"),
        (half_weights, "matrix of integers"),
        (wide_weights, "not INT2"),
        (falling_thresholds, "ascending"),
        (half_a_step, "out_scale 0.5"),
        (narrow_output, "not BINARY"),
        (no_scale, "logit_scale nan"),
    ],
)
def test_altered_file_is_refused_by_name(path: Path, change: Change, words: str) -> None:
    with pytest.raises(ModelError, match=f"integer.onnx: .*{words}"):
        load_network(altered(path, change))
