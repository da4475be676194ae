"""A file's integers are held against its own framework, and become graphs that answer the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.runtime.network_file.files import conv_qonnx, conv_tflite, dense_qonnx
from toolchain.errors import DataError, ModelError, VerificationError
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Linear
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.network_file.answer import integers_of, outputs_of
from toolchain.runtime.network_file.opening import Opened, format_of, open_network
from toolchain.runtime.network_file.proof import prove
from toolchain.runtime.network_file.whole import whole_makers
from toolchain.runtime.session import open_session, run_session

MAKERS = (dense_qonnx, conv_qonnx, conv_tflite)
Write = Callable[[Path], Path]


def _silent(text: str) -> None:
    """Progress that nobody reads."""


def _flipped(opened: Opened) -> Opened:
    """The same file, one weight of its integers turned round."""
    graph, flipped = Graph(), False
    for node in opened.source.graph:
        op = node.op
        if isinstance(op, Linear) and not flipped:
            weights = op.weights.copy()
            place = np.unravel_index(int(np.abs(weights).argmax()), weights.shape)
            weights[place] *= -1
            op, flipped = Linear(weights, op.bias, op.groups, op.taps), True
        graph.add(node.name, op, *node.inputs)
    for output in opened.source.graph.outputs:
        graph.end(output.name, output.node, output.scale, output.offset)
    return replace(opened, source=replace(opened.source, graph=graph))


@pytest.mark.parametrize("write", MAKERS)
def test_every_output_of_random_vectors_is_equal(write: Write, tmp_path: Path) -> None:
    opened = open_network(write(tmp_path / "net"))
    proved = prove(opened, None, _silent, 50)
    assert (proved.check.equal, proved.check.compared, proved.check.vectors) == (50, 50, "random")
    assert len(np.unique(proved.integers)) > 10
    assert proved.accuracy is None


@pytest.mark.parametrize("write", MAKERS)
def test_a_flipped_weight_is_caught(write: Write, tmp_path: Path) -> None:
    with pytest.raises((VerificationError, ModelError), match=r"vectors otherwise than"):
        prove(_flipped(open_network(write(tmp_path / "net"))), None, _silent, 50)


@pytest.mark.parametrize("write", MAKERS)
def test_graphs_for_onnx_runtime_take_and_give_what_the_file_does(write: Write, tmp_path: Path) -> None:
    opened = open_network(write(tmp_path / "net"))
    proved = prove(opened, None, _silent, 20)
    exact = outputs_of(opened.source, integers_of(opened.source, proved.vectors.x))[opened.source.outputs[0].name]
    for name, make in whole_makers(opened.source, GraphSettings()).items():
        if name == "fp16":
            continue
        answers = run_session(open_session(make()), proved.vectors.x)
        assert answers.dtype == exact.dtype
        assert (
            np.allclose(answers, exact, rtol=1e-6, atol=1e-7) if exact.dtype.kind == "f" else (answers == exact).all()
        )


def test_test_data_give_the_vectors_and_the_accuracy(tmp_path: Path) -> None:
    opened = open_network(dense_qonnx(tmp_path / "net"))
    x = np.random.default_rng(0).normal(0, 1, (30, 8)).astype(np.float32)
    labels = opened.reference(x).argmax(axis=1)
    labels[0] = (labels[0] + 1) % 4
    np.savez(tmp_path / "test.npz", x=x, y=labels)
    proved = prove(opened, tmp_path / "test.npz", _silent)
    assert (proved.check.compared, proved.check.vectors) == (30, "test set")
    assert proved.accuracy == pytest.approx(29 / 30)


def test_test_data_of_another_shape_are_refused(tmp_path: Path) -> None:
    opened = open_network(dense_qonnx(tmp_path / "net"))
    np.savez(tmp_path / "test.npz", x=np.zeros((30, 9), np.float32))
    with pytest.raises(DataError, match=r"x has shape \(30, 9\); the model takes \(N, 8\)"):
        prove(opened, tmp_path / "test.npz", _silent)


@pytest.mark.parametrize(("write", "name"), [(dense_qonnx, "QONNX"), (conv_tflite, "TFLite")])
def test_formats_are_told_by_what_is_inside(write: Write, name: str, tmp_path: Path) -> None:
    assert format_of(write(tmp_path / "net.bin")) == name
