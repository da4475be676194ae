"""The file holds the graph: it comes back, qonnx's executor answers alike, and what has been altered is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

from tests.fast.toolchain.graph.some_graphs import every_kind, inputs, line
from toolchain.errors import ModelError
from toolchain.graph.execute import run_one
from toolchain.graph.file.store import KEY, load_graph, model_of, save_graph
from toolchain.graph.graph import Graph

Alter = Callable[[onnx.ModelProto], None]


@pytest.mark.parametrize("make", [every_kind, line])
def test_the_same_graph_comes_back(make: Callable[[], Graph], tmp_path: Path) -> None:
    graph = make()
    save_graph(graph, tmp_path / "a.onnx")
    again = load_graph(tmp_path / "a.onnx")
    save_graph(again, tmp_path / "b.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    assert again.outputs == graph.outputs
    assert dict(again.types) == dict(graph.types)
    x = inputs(graph, 50)
    for name, values in run_one(graph, x, graph.types).items():
        assert np.array_equal(run_one(again, x, [name])[name], values)


@pytest.mark.parametrize("make", [every_kind, line])
def test_qonnx_executes_the_file_with_the_same_answer_at_every_node(make: Callable[[], Graph]) -> None:
    graph = make()
    wrapper = ModelWrapper(model_of(graph)).transform(InferShapes())
    for x in inputs(graph, 3):
        said = execute_onnx(wrapper, {graph.sole_input: x[None].astype(np.float32)}, return_full_exec_context=True)
        for name, values in run_one(graph, x[None], graph.types).items():
            assert np.array_equal(said[name], values), name


def _rewire(model: onnx.ModelProto) -> None:
    next(n for n in model.graph.node if n.name == "pool/window").input[0] = "depthwise/window"


def _swap(model: onnx.ModelProto) -> None:
    nodes = list(model.graph.node)
    nodes[-1], nodes[-2] = nodes[-2], nodes[-1]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _constant(model: onnx.ModelProto, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    tensor = next(t for t in model.graph.initializer if t.name == name)
    tensor.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(tensor).copy()), name))


def _metadata(model: onnx.ModelProto, change: Callable[[dict], object]) -> None:
    said = json.loads(next(p.value for p in model.metadata_props if p.key == KEY))
    change(said)
    del model.metadata_props[:]
    helper.set_model_props(model, {KEY: json.dumps(said)})


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (_rewire, "node pool/window: differs"),
        (_swap, "node .*: differs"),
        (lambda m: m.graph.node.pop(), "entries of node"),
        (lambda m: _constant(m, "conv.weights", lambda w: w + 0.5), "constant conv.weights holds fractions"),
        (lambda m: _constant(m, "conv.weights", lambda w: w * np.nan), "constant conv.weights holds no integers"),
        (lambda m: _constant(m, "conv.weights", lambda w: w[:, :-1]), r"node conv.*weights of shape"),
        (lambda m: _constant(m, "act.uniform.shift", lambda w: w[:2]), "node act .*one rising line"),
        (
            lambda m: _constant(m, "act.uniform.offset", lambda w: w + 2**40),
            "node act .*other codes than its thresholds",
        ),
        (lambda m: m.graph.ClearField("initializer"), "constant conv.weights is missing"),
        (lambda m: _metadata(m, lambda s: s["nodes"][2].update(kind="Lienar")), "unknown node kind 'Lienar'"),
        (lambda m: _metadata(m, lambda s: s["nodes"][2]["inputs"].append("act")), "takes 'act', which no node before"),
        (lambda m: _metadata(m, lambda s: s["nodes"][1]["settings"].pop("fill")), "node conv/window: Window: settings"),
        (lambda m: _metadata(m, lambda s: s["nodes"][1]["settings"].update(fill="0")), "node conv/window: fill: '0'"),
        (lambda m: _metadata(m, lambda s: s["nodes"][1]["settings"].update(kernel=[10**9, 10**9])), "too large"),
        (lambda m: _metadata(m, lambda s: s["nodes"][1]["settings"].update(fill=-2)), "node conv/window: differs"),
        (lambda m: _metadata(m, lambda s: s.update(version=2)), "version"),
        (lambda m: _metadata(m, lambda s: s["outputs"][0].update(node="nobody")), "no node 'nobody'"),
        (lambda m: m.ClearField("metadata_props"), "no integer graph of this version"),
        (lambda m: m.graph.input.pop(), "entries of input"),
    ],
)
def test_an_altered_file_is_refused(alter: Alter, said: str, tmp_path: Path) -> None:
    model = model_of(every_kind())
    alter(model)
    path = tmp_path / "integer.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=said) as caught:
        load_graph(path)
    assert str(path) in str(caught.value)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "integer.onnx"
    path.write_bytes(model_of(line()).SerializeToString()[:-20])
    with pytest.raises(ModelError, match=r"not a usable ONNX model|altered|differs|missing|no integer graph"):
        load_graph(path)
