"""The graph refuses what does not fit, and its interpreter what its types do not hold."""

from __future__ import annotations

import numpy as np
import pytest

from toolchain.errors import ModelError
from toolchain.graph.execute import run, run_one
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Add, Input, Op, Reshape, Threshold, dense, window
from toolchain.graph.types import IntType, TensorType


def _graph() -> Graph:
    graph = Graph()
    graph.add("x", Input(TensorType((4, 4, 2), 0, 3)))
    return graph


@pytest.mark.parametrize(
    ("op", "inputs", "said"),
    [
        (dense(np.ones((5, 2), np.int64)), ("x",), "takes 5 channels; 2 come in"),
        (Add((1, 1)), ("x", "y"), "takes 'y', which no node before it makes"),
        (Add((1, 0)), ("x", "x"), "factors"),
        (window((5, 5)), ("x",), "does not fit"),
        (window((5,)), ("x",), "1 axes over 2"),
        (Reshape((5,)), ("x",), "cannot become"),
        (Threshold(np.zeros((3, 1), np.int64)), ("x",), "3 channels; 2 come in"),
        (Reshape((32,)), ("x", "x"), "2 inputs; 1"),
    ],
)
def test_a_node_that_does_not_fit_is_refused_by_name(op: Op, inputs: tuple[str, ...], said: str) -> None:
    with pytest.raises(ModelError, match=rf"node n \({type(op).__name__}\): .*{said}"):
        _graph().add("n", op, *inputs)


def test_names_are_taken_once() -> None:
    graph = _graph()
    with pytest.raises(ModelError, match="the name is taken"):
        graph.add("x", Reshape((32,)), "x")
    graph.end("y", "x")
    with pytest.raises(ModelError, match="output y: the name is taken"):
        graph.end("y", "x")


@pytest.mark.parametrize("value", [-1, 4, 0.5, np.nan])
def test_values_outside_the_input_type_are_refused_by_place(value: float) -> None:
    x = np.zeros((3, 4, 4, 2))
    x[2, 1, 3, 1] = value
    with pytest.raises(ModelError, match=r"vector 2, element 1, 3, 1 is .*; the network takes UINT2"):
        run(_graph(), {"x": x}, ["x"])


def test_zero_is_not_bipolar() -> None:
    graph = Graph()
    graph.add("x", Input(TensorType((2,), -1, 1, 2)))
    assert graph.types["x"].element == IntType(-1, 1, 2)
    with pytest.raises(ModelError, match="element 1 is 0; the network takes BIPOLAR"):
        run_one(graph, np.array([[1, 0]]), ["x"])


def test_chunks_are_one_answer() -> None:
    graph = _graph()
    graph.add("w", window((3, 3)), "x")
    graph.add("y", dense(np.arange(36).reshape(18, 2) - 18), "w")
    graph.end("y", "y")
    x = np.random.default_rng(0).integers(0, 4, (20_000, 4, 4, 2))
    whole = run(graph, {"x": x})["y"]
    assert np.array_equal(whole[12_345:12_349], run(graph, {"x": x[12_345:12_349]})["y"])
    assert run(graph, {"x": x[:0]})["y"].shape == (0, 2, 2, 2)


@pytest.mark.parametrize(
    ("kind", "name", "bits"),
    [
        (IntType(0, 1), "BINARY", 1),
        (IntType(-1, 1, 2), "BIPOLAR", 1),
        (IntType(-1, 1), "INT2", 2),
        (IntType(0, 255), "UINT8", 8),
        (IntType(-128, 127), "INT8", 8),
        (IntType(-129, 127), "INT9", 9),
        (IntType(0, 0), "BINARY", 1),
        (IntType(-5, -3), "INT4", 2),
    ],
)
def test_names_and_widths(kind: IntType, name: str, bits: int) -> None:
    assert (kind.datatype, kind.bits) == (name, bits)
    held = IntType.of(name)
    assert held.low <= kind.low and kind.high <= held.high
