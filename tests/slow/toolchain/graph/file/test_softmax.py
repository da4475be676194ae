"""The file's own operators compute the same softmax, in qonnx's executor too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

from toolchain.graph.execute import run_one
from toolchain.graph.file.store import load_graph, model_of, save_graph
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input, Softmax
from toolchain.graph.types import TensorType


def _graph(shape: tuple[int, ...], scale: float) -> Graph:
    graph = Graph()
    graph.add("x", Input(TensorType(shape, -128, 127)))
    graph.end("y", graph.add("soft", Softmax(scale), "x"), 1 / 256, 0.5)
    return graph


@pytest.mark.parametrize(("shape", "scale"), [((10,), 0.004), ((10,), 2.5), ((3, 2, 4), 0.13)])
def test_it_comes_back_and_qonnx_gives_the_same(shape: tuple[int, ...], scale: float, tmp_path: Path) -> None:
    graph = _graph(shape, scale)
    save_graph(graph, tmp_path / "a.onnx")
    again = load_graph(tmp_path / "a.onnx")
    wrapper = ModelWrapper(model_of(graph)).transform(InferShapes())
    x = np.random.default_rng(0).integers(-128, 128, (3, *shape))
    x[0], x[1] = 127, -128
    wanted = run_one(graph, x)["soft"]
    assert np.array_equal(run_one(again, x)["soft"], wanted)
    for row, codes in zip(x, wanted, strict=True):
        assert np.array_equal(execute_onnx(wrapper, {"x": row[None].astype(np.float32)})["soft"][0], codes)
