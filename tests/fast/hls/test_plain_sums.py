"""Biases that move into thresholds: the same answers, sums that all begin alike, and what must stay as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hls.plain_sums import with_plain_sums
from hls.units.product import Product
from hls.units.thresholding import Thresholding
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input, Linear, Op, Threshold, Window
from toolchain.graph.ops.threshold import Uniform
from toolchain.graph.types import TensorType

_RANDOM = np.random.default_rng(11)
_X = TensorType((6, 6, 2), -128, 127)
_WINDOW = Window((3, 3), (1, 1), (1, 1), (1, 1), (1, 1), -128)
_SCALES = _RANDOM.integers(300, 900, 4)
_LEVELS = 60
_ZERO = 30


def _linear() -> Linear:
    return Linear(_RANDOM.integers(-40, 41, (18, 4)), _RANDOM.integers(-9000, 9000, 4), taps=9)


def _lines(turned: int = 0) -> Threshold:
    """Counts of ``(value * scale + turned half) >> 20``, each channel with its own scale, around `_ZERO`."""
    wanted = (np.arange(1, _LEVELS + 1)[None] - _ZERO << 20) - (1 << 19)
    table = -(-(wanted + (turned * (wanted <= 0))) // _SCALES[:, None])
    offset = np.full(4, (_ZERO << 20) + (1 << 19))
    uniform = None if turned else Uniform(_SCALES, offset, np.full(4, 20))
    return Threshold(table, 1, -128, uniform)


def _graph(linear: Linear, behind: Op) -> Graph:
    graph = Graph()
    graph.add("x", Input(_X))
    taken = graph.add("windows", _WINDOW, "x")
    graph.add("sums", linear, taken)
    graph.end("out", graph.add("codes", behind, "sums"))
    return graph


def _answers(graph: Graph) -> np.ndarray:
    x = np.random.default_rng(3).integers(-128, 128, (20, *_X.shape)).astype(np.int8)
    return run_one(graph, x, ["codes"])["codes"]


def test_answers_stay_and_all_sums_begin_alike() -> None:
    graph = _graph(_linear(), _lines())
    moved = with_plain_sums(graph)
    assert np.array_equal(_answers(moved), _answers(graph))
    assert [node.name for node in moved] == [node.name for node in graph]
    starts = [set(Product(_op(g), _WINDOW, _X).starts) for g in (graph, moved)]
    assert len(starts[0]) > 1 == len(starts[1])
    # One multiplication as before, and the interpreter's is checked again by the node itself.
    behind = moved["codes"].op
    assert isinstance(behind, Threshold) and behind.uniform is not None
    assert Thresholding(behind, moved.types["sums"]).lines is not None


def _op(graph: Graph) -> Linear:
    op = graph["sums"].op
    assert isinstance(op, Linear)
    return op


def test_moved_twice_is_moved_once() -> None:
    once = with_plain_sums(_graph(_linear(), _lines()))
    assert np.array_equal(_op(with_plain_sums(once)).bias, _op(once).bias)


@pytest.mark.parametrize(
    "case", ["halves away from zero", "one row for all", "two takers", "an output", "bipolar weights", "no line"]
)
def test_what_stays_as_it_is(case: str) -> None:
    linear, behind = _linear(), _lines()
    if case == "halves away from zero":
        behind = _lines(turned=1 << 18)
    if case == "one row for all":
        behind = Threshold(behind.table[:1])
    if case == "bipolar weights":
        linear = replace(linear, weights=np.where(linear.weights < 0, -1, 1))
    if case == "no line":
        behind = Threshold(np.sort(_RANDOM.integers(-40_000, 40_000, (4, 30)), axis=1))
    graph = _graph(linear, behind)
    if case == "two takers":
        graph.end("more", graph.add("further", Threshold(behind.table, 2), "sums"))
    if case == "an output":
        graph.end("sum", "sums")
    assert np.array_equal(_op(with_plain_sums(graph)).bias, linear.bias)
