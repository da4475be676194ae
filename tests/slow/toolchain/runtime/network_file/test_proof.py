"""A file's integers are held against its own framework, and become graphs that answer the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.runtime.network_file.files import (
    conv_qonnx,
    conv_tflite,
    dense_qonnx,
    two_qdq,
    two_qonnx,
    two_tflite,
)
from toolchain.catalog import load_board
from toolchain.errors import DataError, ModelError, VerificationError
from toolchain.graph.dense import dense_network
from toolchain.graph.graph import Graph
from toolchain.graph.labelled import with_label
from toolchain.graph.ops import Linear
from toolchain.results.options import RunOptions
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.compare import compare
from toolchain.runtime.network_file.answer import integers_of, outputs_of
from toolchain.runtime.network_file.checking import check_file
from toolchain.runtime.network_file.opening import Opened, format_of, open_network
from toolchain.runtime.network_file.proof import prove
from toolchain.runtime.network_file.whole import whole_makers, with_outputs
from toolchain.runtime.rows import sides
from toolchain.runtime.session import open_session, run_session

SEVERAL = (two_qonnx, two_qdq, two_tflite)
MAKERS = (dense_qonnx, conv_qonnx, conv_tflite, *SEVERAL)
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
    assert all(len(np.unique(integers)) > 10 for integers in proved.integers.values())
    assert len(sides(proved.outputs)) == len(opened.source.outputs)
    assert proved.accuracy is None


@pytest.mark.parametrize("write", MAKERS)
def test_a_flipped_weight_is_caught(write: Write, tmp_path: Path) -> None:
    with pytest.raises((VerificationError, ModelError), match=r"vectors otherwise than"):
        prove(_flipped(open_network(write(tmp_path / "net"))), None, _silent, 50)


@pytest.mark.parametrize("write", MAKERS)
def test_graphs_for_onnx_runtime_take_and_give_what_the_file_does(write: Write, tmp_path: Path) -> None:
    opened = open_network(write(tmp_path / "net"))
    proved = prove(opened, None, _silent, 20)
    exact = outputs_of(opened.source, integers_of(opened.source, proved.vectors.x))
    for name, make in whole_makers(opened.source, GraphSettings()).items():
        if name == "fp16":
            continue
        answers = run_session(open_session(make()), proved.vectors.x)
        assert answers.dtype == exact.dtype
        found = compare(answers, exact, RunOptions(), tolerance=1e-6)
        assert found.near == found.compared == 20, name


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


@pytest.mark.parametrize("write", SEVERAL)
def test_several_are_refused_by_name_for_fpgas_and_taken_by_onnx_runtime(write: Write, tmp_path: Path) -> None:
    checked = check_file(write(tmp_path / "net"), [load_board("ulx3s"), load_board("host")])
    fpga, host = checked.boards
    assert (fpga.takes, host.takes) == (False, True)
    assert fpga.why.startswith("the network has 2 inputs (")
    with pytest.raises(ModelError, match=r"the network has 2 outputs \("):
        with_label(open_network(tmp_path / "net").source.graph)


def test_two_inputs_of_one_class_are_refused_by_name_for_fpgas(tmp_path: Path) -> None:
    opened = open_network(two_qonnx(tmp_path / "net"))
    graph = with_label(with_outputs(opened.source.graph, opened.source.graph.outputs[1:]))
    with pytest.raises(ModelError, match=r"2 inputs \(.*\); one is expected"):
        dense_network(graph)


def test_the_output_that_differs_is_named(tmp_path: Path) -> None:
    opened = open_network(two_qdq(tmp_path / "net"))
    second = opened.source.outputs[1].name
    with pytest.raises(
        VerificationError, match=rf"the first: vector 0, output {second}\[\d\]: \d+ expected, \d+ found"
    ):
        prove(_moved(opened, 1), None, _silent, 50)


def _moved(opened: Opened, which: int) -> Opened:
    """The same file, one output of its integers off by a step."""
    ends = opened.source.graph.outputs
    whole = with_outputs(
        opened.source.graph,
        [replace(end, offset=end.offset + end.scale) if place == which else end for place, end in enumerate(ends)],
    )
    return replace(opened, source=replace(opened.source, graph=whole))
