"""The file of a network that decides, read again and run by qonnx."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from qonnx.core.modelwrapper import ModelWrapper

from tests.fast.toolchain.graph.staged_graphs import decides, staged, vectors
from toolchain.graph.execute import run_one
from toolchain.graph.file.store import load_graph, model_of, save_graph
from toolchain.graph.model_file import run_model


def test_the_file_holds_the_network_and_qonnx_runs_it(tmp_path: Path) -> None:
    graph = staged(3)
    x = vectors(graph, 20)
    made = decides(graph, x)
    save_graph(made, tmp_path / "net.onnx")
    again = load_graph(tmp_path / "net.onnx")

    answers = run_model(ModelWrapper(model_of(made)), x.reshape(len(x), -1).astype(np.float32), batch=1)[""]

    assert [(n.name, n.inputs) for n in again] == [(n.name, n.inputs) for n in made]
    assert answers.astype(int).tolist() == run_one(made, x)[made.outputs[0].node].tolist()
